import { findClassifier, type Host, type KernelClassifier } from '../sched/classifier/index.ts';
import type { Qdisc } from './device.ts';
import type { FilterBlock } from './proto.ts';
import type { State } from './state.ts';

export type { KernelProto } from './proto.ts';

/** net/sched/cls_api.c: tcf_proto_create() — null: no such classifier. `q` null: a shared block. */
export function createClassifier(
  kind: string,
  pref: number,
  state: State,
  q: Qdisc | null,
  block: FilterBlock,
): KernelClassifier | null {
  return findClassifier(kind)?.create(hostOf(pref, state, q, block)) ?? null;
}

/** What a classifier of this block is given. */
function hostOf(pref: number, state: State, q: Qdisc | null, block: FilterBlock): Host {
  const { env, world, userNamespace } = state;
  return {
    env,
    world,
    userNamespace,
    sharedBlock: block.shared,
    qdisc: q?.handle ?? 0,
    pref,
    common: state.commonOf(q === null || block.shared ? block : q),
    bindClass(classid) {
      const cl = block.shared ? null : (q?.classes.get(classid) ?? null);
      if (cl !== null) cl.filters++;
      return () => {
        if (cl !== null) cl.filters--;
      };
    },
    ifindex: (name) => [...state.devices.values()].find((device) => device.name === name)?.ifindex ?? 0,
    release: (actions) => state.actions.release(actions),
    get nextStream() {
      return state.nextStream;
    },
    hashrnd: (filter) => state.hashrnd(filter),
    filterMade: () => state.filterMade(),
  };
}
