import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';

/** Files of workers, by their place in this folder. They stay files of their own when the rest becomes one. */
type WorkerFile = 'recover/lane.js' | 'lane.cjs';

/**
 * Takes back what start.cts, optimiseLater(), told V8: a worker refuses what Node's own modules were compiled to where a flag
 * is not as it was then, and takes 12 ms longer to start (66 for 54).
 */
function optimiseAsUsual(): void {
  if (process.versions.v8.startsWith('11.')) setFlagsFromString('--interrupt-budget=67584');
}

/** null: the system has no processes or memory for another thread. */
export function startWorker(file: WorkerFile, workerData: unknown): Worker | null {
  optimiseAsUsual();
  try {
    return new Worker(new URL(`./${file}`, import.meta.url), { workerData });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_INIT_FAILED') return null;
    throw error;
  }
}
