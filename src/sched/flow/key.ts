import type { Era } from '../../era.ts';
import { ETH_P, type FlowKeys, Input, isVlan, type Packet } from '../../packet/index.ts';
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

type End = 'src' | 'dst';

/**
 * Where a key's value comes from: flow_get_*() of net/sched/cls_flow.c as data. readKey(), keySource(), the rules of
 * exactness and the compiled engine all go by it.
 */
export type KeyValue =
  /** From the headers; where they have none, the fold of the socket's or the route's pointer. */
  | { readonly of: 'address' | 'port'; readonly end: End }
  | { readonly of: 'protocol' }
  /** Of the packet's connection; where it has none, the headers'. */
  | { readonly of: 'tuple address' | 'tuple port'; readonly end: End }
  /** What no header holds: a field of the packet, and the bit of Input that says whether it was told. */
  | {
      readonly of: 'metadata';
      readonly field: 'iif' | 'priority' | 'mark' | 'rtClassid' | 'skUid' | 'skGid';
      readonly given: number;
    }
  | { readonly of: 'conntrack pointer' | 'vlan tag' | 'flow hash' };

/** `name` is tc's word. */
export const KEYS: Readonly<Record<Key, { readonly name: string; readonly value: KeyValue }>> = {
  [Key.SRC]: { name: 'src', value: { of: 'address', end: 'src' } },
  [Key.DST]: { name: 'dst', value: { of: 'address', end: 'dst' } },
  [Key.PROTO]: { name: 'proto', value: { of: 'protocol' } },
  [Key.PROTO_SRC]: { name: 'proto-src', value: { of: 'port', end: 'src' } },
  [Key.PROTO_DST]: { name: 'proto-dst', value: { of: 'port', end: 'dst' } },
  [Key.IIF]: { name: 'iif', value: { of: 'metadata', field: 'iif', given: Input.IIF } },
  [Key.PRIORITY]: { name: 'priority', value: { of: 'metadata', field: 'priority', given: Input.PRIORITY } },
  [Key.MARK]: { name: 'mark', value: { of: 'metadata', field: 'mark', given: Input.MARK } },
  [Key.NFCT]: { name: 'nfct', value: { of: 'conntrack pointer' } },
  [Key.NFCT_SRC]: { name: 'nfct-src', value: { of: 'tuple address', end: 'src' } },
  [Key.NFCT_DST]: { name: 'nfct-dst', value: { of: 'tuple address', end: 'dst' } },
  [Key.NFCT_PROTO_SRC]: { name: 'nfct-proto-src', value: { of: 'tuple port', end: 'src' } },
  [Key.NFCT_PROTO_DST]: { name: 'nfct-proto-dst', value: { of: 'tuple port', end: 'dst' } },
  [Key.RTCLASSID]: { name: 'rt-classid', value: { of: 'metadata', field: 'rtClassid', given: Input.RT_CLASSID } },
  [Key.SKUID]: { name: 'sk-uid', value: { of: 'metadata', field: 'skUid', given: Input.SK_UID } },
  [Key.SKGID]: { name: 'sk-gid', value: { of: 'metadata', field: 'skGid', given: Input.SK_GID } },
  [Key.VLAN_TAG]: { name: 'vlan-tag', value: { of: 'vlan tag' } },
  [Key.RXHASH]: { name: 'rxhash', value: { of: 'flow hash' } },
};

/** Every key, lowest number first. */
export const ALL_KEYS: readonly Key[] = Object.values(Key);

/** The keys of a mask, lowest bit first: the order in which the kernel reads and hashes them. */
export function keysOf(mask: number): Key[] {
  return ALL_KEYS.filter((key) => (mask & (1 << key)) !== 0);
}

interface ValueRules {
  /** The headers must be walked before the key can be read. */
  readonly dissect: boolean;
  /** The bits that a value can have. */
  readonly mask: number;
}

const RULES: Readonly<Record<KeyValue['of'], ValueRules>> = {
  address: { dissect: true, mask: 0xffffffff },
  port: { dissect: true, mask: 0xffff },
  protocol: { dissect: true, mask: 0xff },
  'tuple address': { dissect: true, mask: 0xffffffff },
  'tuple port': { dissect: true, mask: 0xffff },
  metadata: { dissect: false, mask: 0xffffffff },
  'conntrack pointer': { dissect: false, mask: 0xffffffff },
  'vlan tag': { dissect: false, mask: 0xfff },
  'flow hash': { dissect: false, mask: 0xffffffff },
};

/** The bits that a key's values can have; a pointer that it falls back on has more. */
export const keyMask = (key: Key): number => RULES[KEYS[key].value.of].mask;

/** The bits of all keys whose value is one of these. */
function keysWith(test: (value: KeyValue) => boolean): number {
  return ALL_KEYS.reduce<number>((mask, key) => (test(KEYS[key].value) ? mask | (1 << key) : mask), 0);
}

/** net/sched/cls_flow.c: FLOW_KEYS_NEEDED */
export const NEEDS_DISSECT = keysWith(({ of }) => RULES[of].dissect);

/** The keys whose values stand in the packet's own headers. */
export const HEADER_KEYS = keysWith(({ of }) => of === 'address' || of === 'port' || of === 'protocol');

const isAddress = (value: KeyValue, end: End): boolean =>
  (value.of === 'address' || value.of === 'tuple address') && value.end === end;
const SOURCES = keysWith((value) => isAddress(value, 'src'));
const DESTINATIONS = keysWith((value) => isAddress(value, 'dst'));
/** The keys that are addresses. */
export const ADDRESS_KEYS = SOURCES | DESTINATIONS;
const TUPLE_ADDRESSES = keysWith(({ of }) => of === 'tuple address');
/** The keys that read the ports of the headers, or may. */
export const PORT_KEYS = keysWith(({ of }) => of === 'port' || of === 'tuple port');
/** The keys that a connection's tuple answers, if there is one. */
export const TUPLE_KEYS = keysWith(({ of }) => of === 'tuple address' || of === 'tuple port');

/**
 * Whom a filter with these keys puts in a class: the packet's source, or its destination where the filter looks at
 * destinations only; the connection's, if there is one, where the filter looks there.
 */
export function hostRule(mask: number): { readonly isDestination: boolean; readonly isTuple: boolean } {
  const isDestination = (mask & DESTINATIONS) !== 0 && (mask & SOURCES) === 0;
  return { isDestination, isTuple: (mask & TUPLE_ADDRESSES) !== 0 };
}

type Read = (p: Packet, keys: FlowKeys, era: Era) => number;

const ADDRESS: Readonly<Record<End, Read>> = {
  src: (p, keys) => (keys.src !== 0 ? keys.src : p.sk),
  dst: (p, keys, era) => (keys.dst !== 0 ? keys.dst : dstFallback(p, era)),
};
const PORT: Readonly<Record<End, Read>> = {
  src: (p, keys) => (keys.ports !== 0 ? keys.ports >>> 16 : p.sk),
  dst: (p, keys, era) => (keys.ports !== 0 ? keys.ports & 0xffff : dstFallback(p, era)),
};

/** net/sched/cls_flow.c: flow_get_*(). One function for each value: a choice by its name for every packet is slow. */
function reader(value: KeyValue): Read {
  switch (value.of) {
    case 'address':
      return ADDRESS[value.end];
    case 'port':
      return PORT[value.end];
    case 'protocol':
      return (_, keys) => keys.ipProto;
    case 'tuple address': {
      const { end } = value;
      const otherwise = ADDRESS[end];
      return (p, keys, era) => (hasTupleAddress(p, era) ? tupleAddress(p.ct[end], p, era) : otherwise(p, keys, era));
    }
    case 'tuple port': {
      const otherwise = PORT[value.end];
      const all = value.end === 'src' ? 'srcAll' : 'dstAll';
      return (p, keys, era) => (p.ct === null ? otherwise(p, keys, era) : p.ct[all]);
    }
    case 'metadata': {
      const { field } = value;
      return (p) => p[field];
    }
    case 'conntrack pointer':
      return (p) => p.nfct;
    case 'vlan tag':
      return vlanTag;
    case 'flow hash':
      return (p) => p.hash;
  }
}

const READERS: readonly Read[] = ALL_KEYS.map((key) => reader(KEYS[key].value));

/**
 * net/sched/cls_flow.c: flow_key_get(). An int32.
 * `keys` must be dissected if the key needs it, and `p.hash` computed for rxhash.
 */
export function readKey(key: Key, p: Packet, keys: FlowKeys, era: Era): number {
  return READERS[key]?.(p, keys, era) ?? 0;
}

/** Where readKey() took a value from: what explain says and what its exactness follows from. */
export type KeySource = 'headers' | 'metadata' | 'conntrack' | 'socket pointer' | 'route pointer' | 'conntrack pointer';

/** The same decisions as readKey(), told instead of taken. */
export function keySource(key: Key, p: Packet, keys: FlowKeys, era: Era): KeySource {
  const { value } = KEYS[key];
  const unless = (there: number, end: End): KeySource =>
    there !== 0 ? 'headers' : end === 'src' ? 'socket pointer' : 'route pointer';
  switch (value.of) {
    case 'tuple address':
      if (hasTupleAddress(p, era)) return 'conntrack';
      return unless(keys[value.end], value.end);
    case 'address':
      return unless(keys[value.end], value.end);
    case 'tuple port':
      if (p.ct !== null) return 'conntrack';
      return unless(keys.ports, value.end);
    case 'port':
      return unless(keys.ports, value.end);
    case 'protocol':
    case 'vlan tag':
      return 'headers';
    case 'conntrack pointer':
      return 'conntrack pointer';
    case 'metadata':
    case 'flow hash':
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
