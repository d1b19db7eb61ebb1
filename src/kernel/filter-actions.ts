import { Errno, KernelError } from '../errors.ts';
import { AttrReader } from '../netlink/index.ts';
import type { ActionChains, Bound, Estimation } from '../sched/action/index.ts';
import type { ActionPayloads } from '../sched/classifier/index.ts';
import { le32 } from '../u32.ts';
import type { FilterBlock } from './proto.ts';
import type { Call } from './reply.ts';
import type { State } from './state.ts';
import { LEFTOVER } from './validate.ts';

/** What a filter asks to be done, and where it stands. */
export interface ActionsRequest extends ActionPayloads {
  /** Payload of TCA_RATE; null: absent. */
  readonly rate: Uint8Array | null;
  readonly block: FilterBlock;
  /** At ingress, clsact, or on a shared block. */
  readonly ingress: boolean;
  readonly call: Call;
}

/** net/sched/cls_api.c: tcf_exts_validate_ex(). To be let go with state.actions.release(). */
export function bindActions(state: State, { act, police, rate, block, ingress, call }: ActionsRequest): Bound {
  if (act !== undefined && police === undefined) noteLeftover(act, call);
  const estimation = rate === null ? null : estimationOf(rate);
  const bound = state.actions.bind(
    { ...(act === undefined ? {} : { act }), ...(police === undefined ? {} : { police }) },
    { chains: chainsOf(block), clsact: ingress, estimation },
  );
  if (rate === null || estimation !== null || bound.instances.length === 0) return bound;
  state.actions.release(bound);
  throw new KernelError(Errno.EINVAL);
}

/** net/core/gen_estimator.c: gen_new_estimator() — null: refused. */
export function estimationOf(rate: Uint8Array): Estimation | null {
  const [first, ewmaLog] = rate;
  if (first === undefined || ewmaLog === undefined) return null;
  const interval = (first << 24) >> 24;
  if (interval < -2 || interval > 3 || ewmaLog === 0 || ewmaLog >= 31) return null;
  return { interval, ewmaLog };
}

/** tcf_chain_get_by_act(), tcf_chain_put_by_act() */
function chainsOf(block: FilterBlock): ActionChains {
  return {
    hold(index) {
      const chain = block.obtain(index);
      chain.actionRefs++;
      return () => {
        chain.actionRefs--;
        block.release(chain);
      };
    },
  };
}

/** nla_parse_nested() of a list of actions, and of each: bytes that are no attribute are told of, and passed over. */
export function noteLeftover(list: Uint8Array, call: Call): void {
  const reader = new AttrReader(list);
  while (reader.next()) {
    const action = new AttrReader(list, reader.at, reader.end);
    while (action.next());
    if (action.rest > 0) call.warning = LEFTOVER;
  }
  if (reader.rest > 0) call.warning = LEFTOVER;
}

/** A little-endian word of an attribute, 0 where it is too short. */
export function wordOf(value: Uint8Array | undefined): number {
  return value === undefined || value.length < 4 ? 0 : le32(value, 0) >>> 0;
}
