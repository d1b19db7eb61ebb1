import type { Env } from '../../env.ts';
import { Errno, KernelError } from '../../errors.ts';
import { AttrReader, AttrWriter } from '../../netlink/index.ts';
import { le32 } from '../../u32.ts';
import { type ActionChains, type Bound, dumpActions, type Estimation } from '../action/index.ts';
import { compileMatch, dumpMatch } from '../ematch/index.ts';
import type { Match, Scope, World } from '../notation.ts';
import type { FilterBlock } from './device.ts';
import type { Call } from './reply.ts';
import type { State } from './state.ts';
import { LEFTOVER } from './validate.ts';

/** A filter's ematch tree, built. */
export interface BuiltMatch {
  readonly match: Match;
  /** The payload of the attribute; null: a dump is silent about it. */
  readonly payload: Uint8Array | null;
  readonly scope: Scope;
}

/** net/sched/ematch.c: tcf_em_tree_validate(); without the attribute everything matches. */
export function buildMatch(ematches: Uint8Array | undefined, world: World, env: Env): BuiltMatch {
  if (ematches === undefined) return { match: () => true, payload: null, scope: 'packet' };
  return { ...compileMatch(ematches, world, env), payload: dumpMatch(ematches) };
}

/** What a filter asks to be done, and where it stands. */
export interface ActionsRequest {
  readonly act: Uint8Array | undefined;
  readonly police: Uint8Array | undefined;
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

/** The payload of TCA_FLOW_ACT or TCA_FLOW_POLICE as it is dumped now: tcf_exts_dump(). */
export function boundPayload(bound: Bound): { act?: Uint8Array; police?: Uint8Array } {
  const [first] = bound.instances;
  if (first === undefined) return {};
  const w = new AttrWriter();
  if (bound.police) first.dumpOptions(w);
  else dumpActions(bound.instances, w);
  return bound.police ? { police: w.done() } : { act: w.done() };
}

/** A little-endian word of an attribute, 0 where it is too short. */
export function wordOf(value: Uint8Array | undefined): number {
  return value === undefined || value.length < 4 ? 0 : le32(value, 0) >>> 0;
}
