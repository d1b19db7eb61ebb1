import { Worker } from 'node:worker_threads';

/** Files of workers, by their place in this folder. They stay files of their own when the rest becomes one. */
type WorkerFile = 'recover/lane.js' | 'lane.cjs';

export function startWorker(file: WorkerFile, workerData: unknown): Worker {
  return new Worker(new URL(`./${file}`, import.meta.url), { workerData });
}
