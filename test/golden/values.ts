import type { Env } from '../../src/env.ts';
import { FlowKeys, IPPROTO, isVlan, type Packet } from '../../src/packet/index.ts';
import { ALL_KEYS, KEYS, Key, keySource, NEEDS_DISSECT, readKey } from '../../src/sched/flow/index.ts';

/** The 18 values of a record, by tc's key names, and which of them came from a pointer. */
export interface Values {
  readonly values: Readonly<Record<string, number>>;
  readonly pointer: readonly string[];
}

const flow = new FlowKeys();
const hashFlow = new FlowKeys();

/** Reads the 18 keys of `p` and says what differs from `expected`; `skip` tells which keys cannot be judged. */
export function compareValues(p: Packet, expected: Values, env: Env, skip: (key: Key) => boolean): string[] {
  env.era.dissect(p, flow);
  if (p.hash === 0) p.hash = env.era.rxhash(p, hashFlow, env.rxhashKey);
  const differences: string[] = [];
  for (const key of ALL_KEYS) {
    const { name } = KEYS[key];
    if (skip(key)) continue;
    const ours = readKey(key, p, flow, env.era) >>> 0;
    const theirs = expected.values[name];
    if (ours !== theirs) differences.push(`${name} ${ours}, kernel ${theirs}`);
    const fromPointer = keySource(key, p, flow, env.era).endsWith('pointer');
    if (fromPointer !== expected.pointer.includes(name)) {
      differences.push(`${name} ${fromPointer ? '' : 'not '}from a pointer, kernel otherwise`);
    }
  }
  return differences;
}

/** Bits of the keys that need bytes which a record without a frame lacks: `front` says that those before the network header do. */
export function keysBeyond(p: Packet, env: Env, front: boolean): number {
  let beyond = front && !p.vlanOffload ? 1 << Key.VLAN_TAG : 0;
  if (front && isVlan(p.protocol)) beyond |= NEEDS_DISSECT;
  env.era.dissect(p, flow);
  if (!flow.short) return beyond;
  const onlyPorts = flow.ipProto === IPPROTO.TCP || flow.ipProto === IPPROTO.UDP;
  return beyond | (onlyPorts ? PORTS : NEEDS_DISSECT);
}

const PORTS = (1 << Key.PROTO_SRC) | (1 << Key.PROTO_DST) | (1 << Key.NFCT_PROTO_SRC) | (1 << Key.NFCT_PROTO_DST);
