import { parentPort, workerData } from 'node:worker_threads';
import { type Sample, searchSeeds } from '../../../src/study/index.ts';

/** What a lane is started with. */
export interface LaneData {
  readonly samples: readonly Sample[];
  readonly divisor: number;
  /** Seeds of one slice that are kept; more are only counted. */
  readonly most: number;
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

const { samples, divisor, most } = workerData as LaneData;
parentPort?.on('message', ({ first, count }: Slice) => {
  const left: number[] = [];
  const found = searchSeeds(samples, divisor, first, count, left, most);
  parentPort?.postMessage({ first, count, found, left } satisfies Searched);
});
