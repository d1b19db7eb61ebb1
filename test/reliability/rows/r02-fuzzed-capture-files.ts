import { tryCutCaptures } from '../../fuzz/loops.ts';
import { onAllProcessors, spaced } from '../parallel.ts';
import type { Counts, Found, Row } from '../row.ts';

const FILES: Counts = { ci: 5000, night: 200_000, release: 1_000_000 };
/** Small files, each cut at every byte. */
const CUT: Counts = { ci: 20, night: 200, release: 200 };
const SLOWEST = 1000;
/** Of the whole process: Node with its threads and compiler takes a part of it, the readers the rest. */
const MEMORY = 512;

export const R2: Row = {
  id: 'R2',
  test: 'small capture files with bits flipped, lengths replaced, cut at every byte; read whole and in pieces',
  bar: 'what 30 minutes on two cores give, at least 10^6 files: each gives a result or an error with its offset, none takes a second or 512 MiB',
  inCi: true,
  async run(trial): Promise<Found> {
    const watch = { slowest: 0 };
    const cutFailures: string[] = [];
    const cuts = tryCutCaptures(trial.seed, CUT[trial.scale], cutFailures, watch);
    const { tried, failures, memory, slowest } = await onAllProcessors('captures', trial, FILES);
    const worst = Math.max(slowest, watch.slowest);
    const slow = worst > SLOWEST ? [`a file took ${worst.toFixed(0)} ms`] : [];
    const large = memory > MEMORY ? [`${memory} MiB of memory`] : [];
    const all = [...cutFailures, ...failures, ...slow, ...large];
    const figure = `${spaced(tried)} broken files and ${CUT[trial.scale]} cut at every byte (${spaced(cuts)}), ${all.length} failures; slowest ${worst.toFixed(1)} ms, at most ${memory} MiB`;
    return { figure, failures: all };
  },
};
