import type { ChainCase } from '../chains.ts';
import type { SentFrame } from '../classify.ts';
import { shorterSessions } from './control.ts';
import { simplerFrames } from './shrink.ts';

/** Asks kernel and us about setups: of each how many of its frames it takes until they differ; null: they do not. */
export type AskChains = (cases: readonly ChainCase[]) => Promise<readonly (number | null)[]>;

const MAX_TURNS = 40;
/** A setup costs a tenth of a second: so many in one turn. */
const MOST_CASES = 32;

/** The simplest setup found that still differs. What makes it cheap to ask about is tried first. */
export async function shrinkChain(start: ChainCase, ask: AskChains): Promise<ChainCase> {
  const ways = [fewerFrames, fewerFilters, simplerFilters, shorterFrame];
  let best = start;
  for (let turn = 0, way = 0; turn < MAX_TURNS && way < ways.length; turn++) {
    const found = await simplest(evenly(ways[way]?.(best) ?? [], MOST_CASES), ask);
    if (found !== null && cost(found) < cost(best)) best = found;
    else way++;
  }
  return best;
}

async function simplest(cases: readonly ChainCase[], ask: AskChains): Promise<ChainCase | null> {
  if (cases.length === 0) return null;
  const differing = (await ask(cases)).flatMap((taken, i) => {
    const each = cases[i];
    return taken === null || each === undefined ? [] : [{ ...each, frames: each.frames.slice(0, taken) }];
  });
  return differing.sort((a, b) => cost(a) - cost(b))[0] ?? null;
}

/** How much there is to look at. */
export function cost({ filters, frames }: ChainCase): number {
  const words = filters.join(' ').split(/[ ,]/).length;
  const bytes = frames.reduce((sum, frame) => sum + 2 * frame.bytes.length + nonzero(frame), 0);
  return 20 * words + 200 * frames.length + bytes;
}

function nonzero({ bytes, mark, priority, owner }: SentFrame): number {
  return [...bytes, mark, priority, owner].filter((value) => value !== 0).length;
}

function fewerFrames(best: ChainCase): ChainCase[] {
  return runsLess(best.frames).map((frames) => ({ ...best, frames }));
}

/** Without half of the filters, a quarter …, one. */
export function fewerFilters(best: ChainCase): ChainCase[] {
  return shorterSessions(best.filters).map((filters) => ({ ...best, filters }));
}

export function simplerFilters(best: ChainCase): ChainCase[] {
  const { filters } = best;
  return filters.flatMap((filter, i) =>
    simplerLines(filter).map((line) => ({ ...best, filters: filters.with(i, line) })),
  );
}

/** The last frame is the one that differs; the others are there for what they have counted. */
function shorterFrame(best: ChainCase): ChainCase[] {
  const last = best.frames.at(-1);
  if (last === undefined) return [];
  return simplerFrames(last).map((frame) => ({ ...best, frames: best.frames.with(-1, frame) }));
}

/** Without its first half, its first quarter …, the last alone. */
function runsLess<T>(list: readonly T[]): (readonly T[])[] {
  const sizes = [list.length - 1, list.length >> 1, list.length >> 2, list.length >> 3, 1];
  return [...new Set(sizes)].filter((size) => size > 0 && size < list.length).map((size) => list.slice(size));
}

/** An action, an ematch or every word but the key less, or another protocol's packets too. */
export function simplerLines(line: string): string[] {
  const [filter = '', ...actions] = line.split(/ (?=action )/);
  const plain = filter.replace(/ (?:flow|basic|fw|matchall).*/, ' flow map key mark');
  const lines = [
    ...actions.map((_, i) => [filter, ...actions.toSpliced(i, 1)]),
    [filter.replace(/ match '[^']*'/, ''), ...actions],
    [filter.replace(/ protocol \S+/, ' protocol all'), ...actions],
    [plain, ...actions],
  ];
  return lines.map((parts) => parts.join(' ')).filter((simpler) => simpler.length < line.length);
}

function evenly<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  return Array.from({ length: most }, (_, i) => list[Math.floor((i * list.length) / most)] as T);
}
