import { availableParallelism } from 'node:os';
import { ALL_ERRNOS } from '../../errno/codes.ts';
import { COMMANDS } from '../../errno/commands.ts';
import { type Ended, faultOfEnd, type Job, jobsFor, runJobs, soundRuns } from '../../errno/trial.ts';
import { Random } from '../../fuzz/random.ts';
import type { Counts, Found, Row, Trial } from '../row.ts';

/** Faults of each command. */
const SAMPLES: Counts = { ci: 7, night: 150, release: Number.POSITIVE_INFINITY };
const SAID = 2000;
const SHOWN = 20;

export const R17: Row = {
  id: 'R17',
  test: 'every error of the system at every call that every command makes of it, once and from then on',
  bar: 'all: the right exit code, a line that names the file, no stack, whole files',
  // test/cli/errno.test.ts tries the smallest scale there.
  inCi: false,
  run: tryErrors,
};

async function tryErrors({ scale, seed, say }: Trial): Promise<Found> {
  const processes = availableParallelism();
  const sound = await soundRuns(processes);
  const random = new Random(seed);
  const jobs = [...sound.values()].flatMap((run) => some(random, jobsFor(run, ALL_ERRNOS), SAMPLES[scale]));
  const failures: string[] = [];
  let [reached, wrongs] = [0, 0];
  let done = 0;
  await runJobs(jobs, processes, (ended) => {
    if (isReached(ended)) reached++;
    const wrong = judged(ended, sound);
    if (wrong !== null && wrongs++ < SHOWN) failures.push(wrong);
    if (++done % SAID === 0) say(`${done} of ${jobs.length}`);
  });
  const calls = [...sound.values()].reduce((sum, run) => sum + run.calls.length, 0);
  const figure = `${reached} faults of ${jobs.length} that ${COMMANDS.length} commands met: ${ALL_ERRNOS.length} errors at ${calls} calls; ${wrongs} ended otherwise than they should`;
  return { figure, failures };
}

function some(random: Random, all: readonly Job[], most: number): readonly Job[] {
  return most >= all.length ? all : Array.from({ length: most }, () => random.pick(all));
}

/** Threads make fewer calls than are tried. */
const isReached = ({ calls, job }: Ended): boolean => calls.length > 0 || job.isThread;

function judged(ended: Ended, sound: ReadonlyMap<string, Ended>): string | null {
  const run = sound.get(ended.job.name);
  return run === undefined ? `${ended.job.name} did not end where nothing was refused` : faultOfEnd(ended, run);
}
