import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Share, Tried } from './loops.ts';
import type { Counts, Trial } from './row.ts';

const MIB = 1 << 20;

/** What all threads tried together. */
export interface Sum extends Tried {
  /** Of the whole process, in MiB, while they ran. */
  readonly memory: number;
}

/**
 * Runs a loop on every processor: as often as the scale has it, or until `--minutes` are over, which at release scale
 * are 30 if `minutes` says so. Each thread has a seed of its own, so the same is tried where there are as many.
 */
export async function onAllProcessors(loop: Share['loop'], trial: Trial, counts: Counts): Promise<Sum> {
  const threads = availableParallelism();
  const seconds = 60 * (trial.minutes ?? 0);
  const count = trial.minutes === null ? Math.ceil(counts[trial.scale] / threads) : null;
  const shares = Array.from(
    { length: threads },
    (_, i): Share => ({
      ...{ loop, count, seconds },
      seed: trial.seed * threads + i,
    }),
  );
  let memory = 0;
  const watch = setInterval(() => {
    memory = Math.max(memory, process.memoryUsage.rss() / MIB);
  }, 200);
  try {
    const all = await Promise.all(shares.map(inThread));
    return {
      tried: all.reduce((sum, { tried }) => sum + tried, 0),
      failures: all.flatMap(({ failures }) => failures),
      slowest: Math.max(...all.map(({ slowest }) => slowest)),
      memory: Math.round(memory),
    };
  } finally {
    clearInterval(watch);
  }
}

function inThread(share: Share): Promise<Tried> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('thread.js', import.meta.url), { workerData: share });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`a thread ended with ${code}`)));
  });
}

/** 2 000 000. */
export function spaced(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ' ');
}
