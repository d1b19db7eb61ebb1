import { afterAll, describe, expect, test } from 'vitest';
import { lineOf } from './calls.ts';
import { comparedOf, expectedOf } from './expected.ts';
import { RealBash } from './real-bash.ts';
import { GROUPS, runsOf, type ShellRun } from './runs.ts';

const bash = RealBash.open();
const reason = typeof bash === 'string' ? bash : null;

/** More calls than this take many seconds: `npm run shell:record` compares them. */
const MANY_CALLS = 200;

afterAll(() => {
  if (typeof bash !== 'string') bash.close();
});

const linesOf = (run: ShellRun): readonly string[] => {
  if (typeof bash === 'string') throw new Error(bash);
  return comparedOf(run, bash.run(run).map(lineOf));
};

describe.skipIf(reason !== null)(`the real bash${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  describe.each(GROUPS)('makes the expected calls: %s', (group) => {
    test.each(runsOf(group).filter((run) => expectedOf(run).length < MANY_CALLS))('$title', (run) => {
      expect(linesOf(run)).toEqual(expectedOf(run));
    });
  });
});
