import { describe, expect, test } from 'vitest';
import { envOf } from '../../../test/frames.ts';
import { createPacket } from '../../env.ts';
import { Verdict } from '../../verdict.ts';
import { execActions, type Runnable } from './exec.ts';

const p = createPacket(envOf());
const RESULT = { classid: 0, handle: 0 };

/** Actions that say these verdicts, and how often each was asked. */
function run(...verdicts: readonly number[]): { verdict: number; calls: number[] } {
  const calls = verdicts.map(() => 0);
  const actions: Runnable[] = verdicts.map((verdict, i) => ({
    skipped: false,
    run() {
      calls[i] = (calls[i] ?? 0) + 1;
      return verdict;
    },
  }));
  return { verdict: execActions(actions, p, RESULT), calls };
}

/** net/sched/act_api.c: tcf_action_exec(); the first nine are recorded in a real kernel. */
describe('a list of actions', () => {
  const { OK, SHOT, PIPE, UNSPEC, JUMP, GOTO_CHAIN, REPEAT, STOLEN } = Verdict;
  test.each<[string, number[], number]>([
    ['pipe alone is the answer', [PIPE], PIPE],
    ['pipe asks the next', [PIPE, UNSPEC], UNSPEC],
    ['ok ends it', [OK, SHOT], OK],
    ['jump to the end of the list answers jump', [JUMP | 1], JUMP | 1],
    ['jump beyond the list answers ok', [JUMP | 2], OK],
    ['jump counts from the beginning of the list', [JUMP | 2, SHOT, OK], OK],
    ['jump over all that follow', [JUMP | 3, SHOT, SHOT], JUMP | 3],
    ['jump 0 answers ok', [JUMP, SHOT], OK],
    ['jump to the last', [JUMP | 2, SHOT, PIPE], PIPE],
    ['goto chain is handed on', [PIPE, GOTO_CHAIN | 7, SHOT], GOTO_CHAIN | 7],
    ['stolen ends it', [STOLEN, SHOT], STOLEN],
    ['nothing is ok', [], OK],
  ])('%s', (_, verdicts, verdict) => {
    expect(run(...verdicts).verdict).toBe(verdict);
    expect(run(REPEAT).calls).toEqual([32]);
  });

  test('repeat gives up after 32 calls and answers ok', () => {
    expect(run(PIPE, REPEAT, SHOT)).toEqual({ verdict: OK, calls: [1, 32, 0] });
  });

  test('jumping in a circle ends with the 32nd jump', () => {
    expect(run(PIPE, PIPE, JUMP | 1)).toEqual({ verdict: OK, calls: [1, 32, 32] });
  });

  test('actions left to hardware are passed over; if all are, the answer is ok', () => {
    const skipped = { skipped: true, run: () => SHOT };
    expect(execActions([skipped, { skipped: false, run: () => PIPE }], p, RESULT)).toBe(PIPE);
    expect(execActions([skipped], p, RESULT)).toBe(OK);
  });
});
