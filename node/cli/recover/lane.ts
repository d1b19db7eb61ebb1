import { parentPort, workerData } from 'node:worker_threads';
import { type Sample, searchSeeds } from '../../../src/study/index.ts';

/** What a lane is started with. */
export interface LaneData {
  readonly samples: readonly Sample[];
  readonly divisor: number;
}

/** What it is asked, and what it answers. */
export interface Slice {
  readonly first: number;
  readonly count: number;
}

export interface Searched extends Slice {
  readonly found: readonly number[];
  readonly left: readonly number[];
}

const { samples, divisor } = workerData as LaneData;
parentPort?.on('message', ({ first, count }: Slice) => {
  const left: number[] = [];
  const found = searchSeeds(samples, divisor, first, count, left);
  parentPort?.postMessage({ first, count, found, left } satisfies Searched);
});
