import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../kernel/root.ts';
import { comparedOf, expectedOf, keyOf } from './expected.ts';
import { FOLDER, GROUPS, runsOf, type ShellRun } from './runs.ts';
import { type Imitated, imitate } from './simulate.ts';

/** Of the hundred snippets, so many may hold what is not simulated. */
const MOST_UNCHECKED = 3;

describe('the simulated shell makes the calls of bash, or says what it did not run', () => {
  const started = new Map<string, Promise<Imitated>>();

  /** Each run is made once. */
  const of = (run: ShellRun): Promise<Imitated> => {
    const made = started.get(keyOf(run)) ?? imitate(run);
    started.set(keyOf(run), made);
    return made;
  };

  describe.each(GROUPS)('%s', (group) => {
    test.each(runsOf(group))('$title', async (run) => {
      const { calls, unchecked } = await of(run);
      const made = comparedOf(run, calls);
      // What was not run is missing; nothing else may be made up.
      expect(made).toEqual(unchecked.length === 0 ? expectedOf(run) : common(made, expectedOf(run)));
    });
  });

  test('nearly all of the hundred snippets are run, and all scripts', async () => {
    const uncheckedOf = async (run: ShellRun) => (await of(run)).unchecked.map((why) => `${run.title}: ${why}`);
    const snippets = await Promise.all(runsOf('snippets').map(uncheckedOf));
    const others = await Promise.all([...runsOf('scripts'), ...runsOf('public')].map(uncheckedOf));
    expect(snippets).toHaveLength(100);
    expect(snippets.filter((whys) => whys.length > 0).length, snippets.flat().join('\n')).toBeLessThanOrEqual(
      MOST_UNCHECKED,
    );
    expect(others.flat()).toEqual([]);
    expect(new Set(runsOf('scripts').map(({ name }) => name)).size).toBe(10);
    expect(runsOf('public')).toHaveLength(9);
  });
});

/** Of the calls that were made, those that are expected in this order. */
function common(made: readonly string[], expected: readonly string[]): string[] {
  let at = 0;
  return made.filter((call) => {
    const found = expected.indexOf(call, at);
    if (found >= 0) at = found + 1;
    return found >= 0;
  });
}

/** Where Node refuses to start a process. */
const alone = (...command: readonly string[]) => {
  const allowed = ['--experimental-permission', '--allow-fs-read=*', '--no-warnings'];
  return spawnSync(process.execPath, [...allowed, ...command], { encoding: 'utf8' });
};

describe('no process is started', () => {
  test('where Node may start none, a process is refused', () => {
    const { status, stderr } = alone('-e', 'require("child_process").spawnSync("true")');
    expect(status).toBe(1);
    expect(stderr).toContain('ERR_ACCESS_DENIED');
  });

  // Pipes, awk, sort, grep, xargs, trap, a batch; and bash called by name.
  test.each(['generated-batch.sh apply 3 2', 'generated-batch.sh print 1 1'])('%s is simulated there', (title) => {
    const run = runsOf('scripts').find((one) => one.title === title) as ShellRun;
    const { stdout, stderr } = alone(join(ROOT, 'dist/test/shell/alone.js'), keyOf(run));
    expect(stderr).toBe('');
    expect(stdout.trimEnd().split('\n')).toEqual(expectedOf(run));
  });

  test('the command checks a script with variables there', () => {
    const script = join(FOLDER, 'snippets/014-rate-share.sh');
    const { status, stdout, stderr } = alone(join(ROOT, 'dist/node/cli/start.cjs'), 'check', script);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    // One class, and one for each turn of the loop.
    expect(stdout).toContain('014-rate-share.sh: nothing found in 4 tc commands');
  });
});
