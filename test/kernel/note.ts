import type { Btf } from './btf.ts';
import { packetSize } from './watch.ts';

/** What is watched: packets handed to a device, lists of filters, filters, qdiscs. The kernel's functions of each. */
export const WHATS = ['xmit', 'xmit end', 'list', 'list end', 'filter', 'enqueue', 'enqueue end'] as const;
export type What = (typeof WHATS)[number];
/** Where things lie in a note. Of a list, a filter and a qdisc the same places hold what each has. */
export const Note = {
  frame: 0,
  what: 4,
  mark: 8,
  priority: 12,
  /** What the function gave back. */
  gave: 16,
  classid: 20,
  /** A list's parent, a qdisc's handle. */
  handle: 24,
  /** A qdisc's parent, the handle of a list's qdisc. */
  parent: 28,
  pref: 32,
  protocol: 36,
  chain: 40,
  len: 44,
  skbProtocol: 48,
  vlanTci: 52,
  ifindex: 56,
  /** Number of the packet's copy, from 1 on. */
  packet: 60,
  kind: 64,
  /** tcf_proto.root: struct flow_head. */
  head: 80,
  /** Of a flow classifier's first filters: address of the list's link, handle, seed. */
  filters: 88,
  size: 152,
} as const;
export const FILTERS = 4;
export const FILTER_SIZE = 16;

/** Behind a packet's sk_buff and its device's features: the tuples of its connection, its route's realms, its bytes. */
export const NAME_BYTES = 16;
export const TUPLE_BYTES = 40;
const TUPLES_BYTES = 2 * TUPLE_BYTES;
export const SNAP = 256;

export interface Places {
  readonly tuples: number;
  readonly realms: number;
  readonly name: number;
  readonly bytes: number;
  readonly size: number;
}

export function placesOf(btf: Btf): Places {
  const tuples = packetSize(btf);
  const realms = tuples + TUPLES_BYTES;
  const name = realms + 8;
  const bytes = name + NAME_BYTES;
  return { tuples, realms, name, bytes, size: bytes + SNAP };
}
