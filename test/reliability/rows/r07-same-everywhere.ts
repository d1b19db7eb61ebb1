import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../../fuzz/random.ts';
import { trySame } from '../../same/everywhere.ts';
import { captures, damaged } from '../../same/sources.ts';
import type { Found, Row, Trial } from '../row.ts';

/** Of a hundred files CI takes so many. */
const CI_SHARE = 5;
const DAMAGED = 1000;

export const R7: Row = {
  id: 'R7',
  test: 'the same capture as a file, through a pipe, gzip and zstd, with 1 to 16 threads, in each Node and in Chromium',
  bar: 'equal JSON but for engine and file names: all captures and 1 000 damaged files, Node 20, 22, 24 and Chromium',
  inCi: true,
  run,
};

async function run(trial: Trial): Promise<Found> {
  const folder = mkdtempSync(join(tmpdir(), 'cls-flow-same-'));
  try {
    const sound = await captures();
    const files = [...sound, ...(await damaged(DAMAGED, trial.seed, sound))];
    return await trySame(trial.scale === 'ci' ? share(files, trial.seed) : files, trial, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** By seed; the first of them always. */
function share<T>(files: readonly T[], seed: number): T[] {
  const random = new Random(seed);
  return files.filter((_, i) => random.below(100) < CI_SHARE || i === 0);
}
