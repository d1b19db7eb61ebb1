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

test('no process is started: a script is checked where Node may start none', () => {
  const command = join(ROOT, 'dist/node/cli/start.cjs');
  const script = join(FOLDER, 'snippets/014-rate-share.sh');
  const allowed = ['--experimental-permission', '--allow-fs-read=*', '--no-warnings'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...allowed, command, 'check', script], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).not.toContain('variables');
});
