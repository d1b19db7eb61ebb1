import type { Era } from '../../era.ts';
import { ETH_P, type FlowKeys, isVlan, type Packet } from '../../packet/index.ts';
import { be16, swab16, word } from '../../u32.ts';

/** include/uapi/linux/pkt_cls.h: FLOW_KEY_* — bit numbers of TCA_FLOW_KEYS, and the order in which keys are read. */
export const Key = {
  SRC: 0,
  DST: 1,
  PROTO: 2,
  PROTO_SRC: 3,
  PROTO_DST: 4,
  IIF: 5,
  PRIORITY: 6,
  MARK: 7,
  NFCT: 8,
  NFCT_SRC: 9,
  NFCT_DST: 10,
  NFCT_PROTO_SRC: 11,
  NFCT_PROTO_DST: 12,
  RTCLASSID: 13,
  SKUID: 14,
  SKGID: 15,
  VLAN_TAG: 16,
  RXHASH: 17,
} as const;
export type Key = (typeof Key)[keyof typeof Key];

/** `name` is tc's word; `dissect`: the headers must be walked before the key can be read (FLOW_KEYS_NEEDED). */
export const KEYS: Readonly<Record<Key, { readonly name: string; readonly dissect: boolean }>> = {
  [Key.SRC]: { name: 'src', dissect: true },
  [Key.DST]: { name: 'dst', dissect: true },
  [Key.PROTO]: { name: 'proto', dissect: true },
  [Key.PROTO_SRC]: { name: 'proto-src', dissect: true },
  [Key.PROTO_DST]: { name: 'proto-dst', dissect: true },
  [Key.IIF]: { name: 'iif', dissect: false },
  [Key.PRIORITY]: { name: 'priority', dissect: false },
  [Key.MARK]: { name: 'mark', dissect: false },
  [Key.NFCT]: { name: 'nfct', dissect: false },
  [Key.NFCT_SRC]: { name: 'nfct-src', dissect: true },
  [Key.NFCT_DST]: { name: 'nfct-dst', dissect: true },
  [Key.NFCT_PROTO_SRC]: { name: 'nfct-proto-src', dissect: true },
  [Key.NFCT_PROTO_DST]: { name: 'nfct-proto-dst', dissect: true },
  [Key.RTCLASSID]: { name: 'rt-classid', dissect: false },
  [Key.SKUID]: { name: 'sk-uid', dissect: false },
  [Key.SKGID]: { name: 'sk-gid', dissect: false },
  [Key.VLAN_TAG]: { name: 'vlan-tag', dissect: false },
  [Key.RXHASH]: { name: 'rxhash', dissect: false },
};

/** Every key, lowest number first. */
export const ALL_KEYS: readonly Key[] = Object.values(Key);

/** The keys of a mask, lowest bit first: the order in which the kernel reads and hashes them. */
export function keysOf(mask: number): Key[] {
  return ALL_KEYS.filter((key) => (mask & (1 << key)) !== 0);
}

/** net/sched/cls_flow.c: FLOW_KEYS_NEEDED */
export const NEEDS_DISSECT = ALL_KEYS.reduce<number>((mask, key) => (KEYS[key].dissect ? mask | (1 << key) : mask), 0);

const SOURCES = (1 << Key.SRC) | (1 << Key.NFCT_SRC);
const DESTINATIONS = (1 << Key.DST) | (1 << Key.NFCT_DST);
const TUPLE_ADDRESSES = (1 << Key.NFCT_SRC) | (1 << Key.NFCT_DST);

/**
 * Whom a filter with these keys puts in a class: the packet's source, or its destination where the filter looks at
 * destinations only; the connection's, if there is one, where the filter looks there.
 */
export function hostRule(mask: number): { readonly isDestination: boolean; readonly isTuple: boolean } {
  const isDestination = (mask & DESTINATIONS) !== 0 && (mask & SOURCES) === 0;
  return { isDestination, isTuple: (mask & TUPLE_ADDRESSES) !== 0 };
}

/**
 * net/sched/cls_flow.c: flow_key_get() and the flow_get_*() it calls. An int32.
 * `keys` must be dissected if the key needs it, and `p.hash` computed for rxhash.
 */
export function readKey(key: Key, p: Packet, keys: FlowKeys, era: Era): number {
  switch (key) {
    case Key.SRC:
      return keys.src !== 0 ? keys.src : p.sk;
    case Key.DST:
      return keys.dst !== 0 ? keys.dst : dstFallback(p, era);
    case Key.PROTO:
      return keys.ipProto;
    case Key.PROTO_SRC:
      return keys.ports !== 0 ? keys.ports >>> 16 : p.sk;
    case Key.PROTO_DST:
      return keys.ports !== 0 ? keys.ports & 0xffff : dstFallback(p, era);
    case Key.IIF:
      return p.iif;
    case Key.PRIORITY:
      return p.priority;
    case Key.MARK:
      return p.mark;
    case Key.NFCT:
      return p.nfct;
    case Key.NFCT_SRC:
      return hasTupleAddress(p, era) ? tupleAddress(p.ct.src, p, era) : readKey(Key.SRC, p, keys, era);
    case Key.NFCT_DST:
      return hasTupleAddress(p, era) ? tupleAddress(p.ct.dst, p, era) : readKey(Key.DST, p, keys, era);
    case Key.NFCT_PROTO_SRC:
      return p.ct !== null ? p.ct.srcAll : readKey(Key.PROTO_SRC, p, keys, era);
    case Key.NFCT_PROTO_DST:
      return p.ct !== null ? p.ct.dstAll : readKey(Key.PROTO_DST, p, keys, era);
    case Key.RTCLASSID:
      return p.rtClassid;
    case Key.SKUID:
      return p.skUid;
    case Key.SKGID:
      return p.skGid;
    case Key.VLAN_TAG:
      return vlanTag(p);
    case Key.RXHASH:
      return p.hash;
    default:
      return absurd(key);
  }
}

/** Where readKey() took a value from: what explain says and what its exactness follows from. */
export type KeySource = 'headers' | 'metadata' | 'conntrack' | 'socket pointer' | 'route pointer' | 'conntrack pointer';

/** The same decisions as readKey(), told instead of taken. */
export function keySource(key: Key, p: Packet, keys: FlowKeys, era: Era): KeySource {
  switch (key) {
    case Key.SRC:
      return keys.src !== 0 ? 'headers' : 'socket pointer';
    case Key.DST:
      return keys.dst !== 0 ? 'headers' : 'route pointer';
    case Key.PROTO_SRC:
      return keys.ports !== 0 ? 'headers' : 'socket pointer';
    case Key.PROTO_DST:
      return keys.ports !== 0 ? 'headers' : 'route pointer';
    case Key.PROTO:
    case Key.VLAN_TAG:
      return 'headers';
    case Key.NFCT:
      return 'conntrack pointer';
    case Key.NFCT_SRC:
      return hasTupleAddress(p, era) ? 'conntrack' : keySource(Key.SRC, p, keys, era);
    case Key.NFCT_DST:
      return hasTupleAddress(p, era) ? 'conntrack' : keySource(Key.DST, p, keys, era);
    case Key.NFCT_PROTO_SRC:
      return p.ct !== null ? 'conntrack' : keySource(Key.PROTO_SRC, p, keys, era);
    case Key.NFCT_PROTO_DST:
      return p.ct !== null ? 'conntrack' : keySource(Key.PROTO_DST, p, keys, era);
    default:
      return 'metadata';
  }
}

/** addr_fold(skb_dst(skb)) ^ the EtherType as a little-endian machine reads it. */
function dstFallback(p: Packet, era: Era): number {
  return p.dst ^ swab16(era.etherType(p));
}

/** net/sched/cls_flow.c: CTTUPLE() in flow_get_nfct_src(): only IPv4 and IPv6 packets look at the tuple's addresses. */
function hasTupleAddress(p: Packet, era: Era): p is Packet & { ct: NonNullable<Packet['ct']> } {
  if (p.ct === null) return false;
  const type = era.etherType(p);
  return type === ETH_P.IPV4 || type === ETH_P.IPV6;
}

/** IPv6 takes the last word only; it is not folded (quirk 9). */
function tupleAddress(words: Int32Array, p: Packet, era: Era): number {
  return word(words, era.etherType(p) === ETH_P.IPV4 ? 0 : 3);
}

/**
 * net/sched/cls_flow.c: flow_get_vlan_tag(), with skb_vlan_tag_get() below it.
 * A device without tag offload has the bytes at data + 12 read, whatever they are (quirk 2).
 */
function vlanTag(p: Packet): number {
  if (p.vlanOffload) return p.vlanTci >= 0 ? p.vlanTci & 0xfff : 0;
  return inbandTag(p);
}

/** include/linux/if_vlan.h: __vlan_get_tag() */
function inbandTag(p: Packet): number {
  if (p.at + 16 > p.end || !isVlan(be16(p.data, p.at + 12))) return 0;
  return be16(p.data, p.at + 14) & 0xfff;
}

function absurd(key: never): never {
  throw new TypeError(`no such key: ${key}`);
}
