import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { type Example, MOST_SEEDS, type Searched as Recovered } from '../../../src/api/index.ts';
import { FailedError } from '../errors.ts';
import { startWorker } from '../workers.ts';
import type { LaneData, Searched, Slice } from './lane.ts';

/** About 0.1 s of one lane: often enough for progress, seldom enough to cost nothing. */
const SLICE = 2 ** 24;

/** Tries `count` seeds from `first` on, on every processor; `onProgress` gets how many are done. */
export async function searchOnLanes(
  { samples, divisor }: Example,
  { first, count }: Slice,
  onProgress: (done: number) => void,
): Promise<Recovered> {
  const slices: Slice[] = [];
  for (let at = 0; at < count; at += SLICE) slices.push({ first: first + at, count: Math.min(SLICE, count - at) });
  const workerData: LaneData = { samples, divisor, most: MOST_SEEDS };
  const lanes = Array.from({ length: Math.min(availableParallelism(), slices.length) }, () =>
    startWorker('recover/lane.js', workerData),
  ).filter((lane) => lane !== null);
  if (lanes.length === 0) throw new FailedError('no thread can be started: too many processes, or no memory left');
  const seeds = new FirstSeeds();
  const left = samples.map(() => 0);
  let done = 0;
  const take = (searched: Searched): void => {
    seeds.add(searched);
    for (const [i, fitting] of searched.left.entries()) left[i] = (left[i] ?? 0) + fitting;
    done += searched.count;
    onProgress(done);
  };
  try {
    await Promise.all(lanes.map((lane) => work(lane, slices, take)));
  } finally {
    await Promise.all(lanes.map((lane) => lane.terminate()));
  }
  return { seeds: seeds.all(), left };
}

/** The first seeds of slices that come in any order. */
class FirstSeeds {
  private slices: Searched[] = [];
  private count = 0;

  add(searched: Searched): void {
    this.slices.push(searched);
    this.count += searched.found.length;
    if (this.count > 2 * MOST_SEEDS) this.drop();
  }

  all(): number[] {
    this.drop();
    return this.slices.flatMap(({ found }) => found).slice(0, MOST_SEEDS);
  }

  /** Leaves out the slices behind those that have enough. */
  private drop(): void {
    this.slices.sort((a, b) => a.first - b.first);
    let kept = 0;
    for (this.count = 0; kept < this.slices.length && this.count < MOST_SEEDS; kept++) {
      this.count += this.slices[kept]?.found.length ?? 0;
    }
    this.slices.length = kept;
  }
}

/** Gives a lane slices until there are none. */
function work(lane: Worker, slices: Slice[], take: (searched: Searched) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = (): void => {
      const slice = slices.shift();
      if (slice === undefined) resolve();
      else lane.postMessage(slice);
    };
    lane.on('error', reject);
    lane.on('message', (searched: Searched) => {
      take(searched);
      next();
    });
    next();
  });
}
