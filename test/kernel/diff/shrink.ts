import type { SentFrame, TriedFilter } from '../classify.ts';

/** One (packet, filter) on which the kernel and we do not agree. */
export interface Case {
  readonly frame: SentFrame;
  readonly filter: TriedFilter;
}

/** Asks kernel and us about every filter and every frame: the numbers of the pairs that still differ. */
export type Ask = (
  filters: readonly TriedFilter[],
  frames: readonly SentFrame[],
) => Promise<readonly { readonly frame: number; readonly filter: number }[]>;

const MAX_TURNS = 16;
const SHORTEST = 14;
/** An EtherType stands here; the addresses before it are of no interest. */
const TYPE_AT = 12;

/**
 * The simplest case found that still differs. Each turn asks about all simpler filters and frames at once (a question
 * to the kernel costs seconds, a pair in it a microsecond) and goes on from the simplest that differs.
 */
export async function shrink(start: Case, ask: Ask): Promise<Case> {
  let best = start;
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const filters = [best.filter, ...simplerFilters(best.filter)];
    const frames = [best.frame, ...simplerFrames(best.frame)];
    const differing = await ask(filters, frames);
    const cases = differing.flatMap(({ frame, filter }) => {
      const found = { frame: frames[frame], filter: filters[filter] };
      return found.frame && found.filter ? [{ frame: found.frame, filter: found.filter }] : [];
    });
    const simplest = cases.sort((a, b) => cost(a) - cost(b))[0];
    if (simplest === undefined || cost(simplest) >= cost(best)) return best;
    best = simplest;
  }
  return best;
}

/** How much there is to look at: words of the filter, bytes of the frame, and those of them that are not zero. */
export function cost({ frame, filter }: Case): number {
  const { bytes, mark, priority, owner } = frame;
  const words = wordsOf(filter.options).join(' ').split(/[ ,]/).length + (filter.protocol === 'all' ? 0 : 1);
  const bits = bytes.reduce((sum, byte) => sum + (byte === 0 ? 0 : 1), 0);
  return 20 * words + 2 * bytes.length + bits + [mark, priority, owner].filter((value) => value !== 0).length;
}

/** One option less, one key less, a single key by itself, every protocol. */
export function simplerFilters(filter: TriedFilter): TriedFilter[] {
  const [mode = '', , list = '', ...rest] = wordsOf(filter.options);
  const keys = [...new Set(list.split(','))];
  const options = pairs(rest);
  const of = (someKeys: readonly string[], someOptions: readonly string[]): TriedFilter => ({
    protocol: filter.protocol,
    options: [`${mode} keys ${someKeys.join(',')}`, ...someOptions].join(' '),
  });
  return [
    ...(filter.protocol === 'all' ? [] : [{ ...filter, protocol: 'all' }]),
    ...keys.map((key) => ({ protocol: filter.protocol, options: `map key ${key}` })),
    of(keys, []),
    ...options.map((_, i) => of(keys, options.toSpliced(i, 1))),
    ...(keys.length > 1 ? keys.map((_, i) => of(keys.toSpliced(i, 1), options)) : []),
  ].filter((simpler) => simpler.options !== filter.options || simpler.protocol !== filter.protocol);
}

/** As tc's batch splits them: what is quoted is one word. */
function wordsOf(options: string): string[] {
  return options.match(/'[^']*'|\S+/g) ?? [];
}

function pairs(words: readonly string[]): string[] {
  return Array.from({ length: Math.ceil(words.length / 2) }, (_, i) => words.slice(2 * i, 2 * i + 2).join(' '));
}

/** Cut shorter, a piece taken out, a piece made zero, nothing set on the socket. */
export function simplerFrames(frame: SentFrame): SentFrame[] {
  const { bytes } = frame;
  const lengths = [bytes.length >> 1, (bytes.length * 3) >> 2, ...[16, 8, 4, 2, 1].map((less) => bytes.length - less)];
  const cuts = [...new Set(lengths)].filter((length) => length >= SHORTEST).map((length) => bytes.subarray(0, length));
  const pieces = [64, 16, 8, 4, 2].flatMap((size) => piecesOf(bytes, size));
  const without = pieces
    .filter(({ at, size }) => at >= TYPE_AT && bytes.length - size >= SHORTEST)
    .map(({ at, size }) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]));
  const zeroed = [...pieces, ...piecesOf(bytes, 1)]
    .filter(({ at, size }) => bytes.subarray(at, at + size).some((byte) => byte !== 0))
    .map(({ at, size }) => Buffer.from(bytes).fill(0, at, at + size));
  return [
    ...[...cuts, ...without, ...zeroed].map((changed) => ({ ...frame, bytes: changed })),
    ...(['mark', 'priority', 'owner'] as const)
      .filter((name) => frame[name] !== 0)
      .map((name) => ({ ...frame, [name]: 0 })),
  ];
}

function piecesOf(bytes: Uint8Array, size: number): { at: number; size: number }[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, i) => ({ at: i * size, size: Math.min(size, bytes.length - i * size) }));
}
