import { jhash2 } from '../../../src/hash/index.ts';
import { NO_COMPILER, withModel } from '../model/model.ts';
import type { Counts, Found, Row, Trial } from '../row.ts';

const INPUTS: Counts = { ci: 1_000_000, night: 100_000_000, release: 1_000_000_000 };
/** Words of an input: 0 to 18. */
const LENGTHS = 19;

/** Marsaglia, Xorshift RNGs (2003), as in model.c: a state of 0 would stay 0. */
const stateOf = (seed: number): number => seed | 1;

/** One checksum for each length, over `count` inputs whose lengths take turns. */
function sumsOf(seed: number, count: number): number[] {
  const sums = new Int32Array(LENGTHS);
  const words = new Int32Array(LENGTHS);
  let state = stateOf(seed) | 0;
  let length = 0;
  for (let i = 0; i < count; i++) {
    for (let at = 0; at <= length; at++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[at] = state;
    }
    sums[length] = Math.imul(sums[length] ?? 0, 31) + jhash2(words, length, state);
    length = length === LENGTHS - 1 ? 0 : length + 1;
  }
  return Array.from(sums, (sum) => sum >>> 0);
}

async function run({ scale, seed }: Trial): Promise<Found> {
  const count = INPUTS[scale];
  const failures = await withModel(async (model) => {
    const theirs = model.start(['hash', String(stateOf(seed) >>> 0), String(count)]);
    const ours = sumsOf(seed, count);
    const expected = (await theirs).trim().split('\n').map(Number);
    return ours.flatMap((sum, length) =>
      sum === expected[length] ? [] : [`hashes of ${length} words: checksum ${sum}, in C ${expected[length]}`],
    );
  });
  if (failures === null) return { figure: '', failures: [], skipped: NO_COMPILER };
  return { figure: `${count} inputs of 0 to 18 words, ${failures.length} lengths with another checksum`, failures };
}

export const R11: Row = {
  id: 'R11',
  test: 'jhash2 against lookup3.c compiled from C, all lengths of 0 to 18 words',
  bar: '10^9 random inputs, equal checksums',
  inCi: true,
  run,
};
