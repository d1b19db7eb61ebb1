import type { Packet } from '../../packet/index.ts';
import { Verdict } from '../../verdict.ts';
import type { Result } from '../notation.ts';

/** One action where it stands in a list. */
export interface Runnable {
  /** TCA_ACT_FLAGS_SKIP_SW: left to hardware. */
  readonly skipped: boolean;
  run(p: Packet, result: Result): Verdict;
}

/** TCA_ACT_MAX_PRIO: actions in a list, jumps in one pass over it, and calls of one that says repeat. */
const MAX = 32;
const ARGUMENT = 0x0fffffff;

/**
 * net/sched/act_api.c: tcf_action_exec() — runs the list until one says something else than pipe; `jump N` begins
 * anew and leaves out the first N. GOTO_CHAIN with its number is for the chain's walk. No actions: OK.
 */
export function execActions(actions: readonly Runnable[], p: Packet, result: Result): Verdict {
  let verdict: Verdict = Verdict.OK;
  let skip = 0;
  let jumps = MAX;
  for (let i = 0; i < actions.length; i++) {
    const action = actions[i];
    if (skip > 0) {
      skip--;
      continue;
    }
    if (action === undefined || action.skipped) continue;
    verdict = repeat(action, p, result);
    if ((verdict & ~ARGUMENT) === Verdict.JUMP) {
      skip = verdict & ARGUMENT;
      if (skip === 0 || skip > actions.length || --jumps <= 0) return Verdict.OK;
      i = -1;
      continue;
    }
    if (verdict !== Verdict.PIPE) return verdict;
  }
  return verdict;
}

/** An action that says repeat is asked again, 32 times at most. */
function repeat(action: Runnable, p: Packet, result: Result): Verdict {
  for (let calls = 0; calls < MAX; calls++) {
    const verdict = action.run(p, result);
    if (verdict !== Verdict.REPEAT) return verdict;
  }
  return Verdict.OK;
}
