import { describe, expect, it } from 'vitest';
import { ALL_ERRNOS, ERRNOS } from '../errno/codes.ts';
import { COMMANDS } from '../errno/commands.ts';
import { faultOfEnd, jobsFor, runJobs, soundRuns } from '../errno/trial.ts';
import { Random } from '../fuzz/random.ts';
import { faulty } from './refusing.ts';

/**
 * Each error of the system at each call that each command makes: a sample by seed. `npm run reliability -- --scale
 * release --only R17` tries all.
 */
const SAMPLE = 7;
const SEED = 17;
const PROCESSES = 2;
const PATIENCE_MS = 300_000;

describe('an error of the system', () => {
  it(
    'is a line and an exit code in each command, and leaves whole files',
    async () => {
      const sound = await soundRuns(PROCESSES);
      const random = new Random(SEED);
      const jobs = COMMANDS.flatMap(({ name }) => {
        const run = sound.get(name);
        if (run === undefined) throw new Error(`${name} did not end`);
        const all = jobsFor(run, ALL_ERRNOS);
        return Array.from({ length: SAMPLE }, () => random.pick(all));
      });
      const failures: string[] = [];
      await runJobs(jobs, PROCESSES, (ended) => {
        const run = sound.get(ended.job.name);
        const wrong = run === undefined ? null : faultOfEnd(ended, run);
        if (wrong !== null) failures.push(wrong);
      });
      expect(failures).toEqual([]);
    },
    PATIENCE_MS,
  );

  it('at a file of the program itself is a line too', () => {
    const fault = { call: -1, code: '', stays: false };
    const { calls } = faulty(['--version'], fault, undefined, true);
    expect(calls.length).toBeGreaterThan(1);
    for (const [call, name] of calls.entries()) {
      const ended = faulty(['--version'], { ...fault, call, code: ERRNOS[call] ?? 'EIO' }, undefined, true);
      expect(ended.stderr, name).toMatch(/^(cls-flow: .*\n)?$/);
      expect([0, 1], name).toContain(ended.status);
    }
  });
});
