import { createPacket, type Env } from '../env.ts';
import { FlowKeys, IPPROTO, type Packet } from '../packet/index.ts';
import { KEYS, type Key, readKey } from '../sched/flow/index.ts';
import { u8 } from '../u32.ts';

/** Bytes of the captured frame, from its start. */
export interface Span {
  readonly at: number;
  readonly length: number;
}

/** Bytes in which a key may stand: behind them there is payload. */
const SEARCHED = 512;

/**
 * The bytes of a packet that a key holds: those of which each bit is a bit of the key. They are found by turning bits and
 * reading the key again, so that nobody has to say a second time where headers keep what. A key that folds or hashes
 * what it reads (rxhash), or reads no bytes (mark), has none.
 */
export function keyBytes(key: Key, p: Packet, env: Env): Span[] {
  if (KEYS[key].value.of === 'flow hash') return [];
  const turned = createPacket(env);
  turned.become(p);
  turned.own();
  const keys = new FlowKeys();
  const read = (): number => {
    env.era.dissect(turned, keys);
    return readKey(key, turned, keys, env.era);
  };
  const value = read();
  const { data, network } = turned;
  const changed = (at: number, bit: number): number => {
    data[at] = (data[at] ?? 0) ^ bit;
    const change = value ^ read();
    data[at] = (data[at] ?? 0) ^ bit;
    return change >>> 0;
  };
  // Each bit of the byte is a bit of the key: the highest stands seven places above the lowest.
  const isHeld = (at: number): boolean => {
    const lowest = changed(at, 0x01);
    return lowest !== 0 && (lowest & (lowest - 1)) === 0 && changed(at, 0x80) === (lowest << 7) >>> 0;
  };
  const end = Math.min(turned.end, network + SEARCHED);
  const spans: { at: number; length: number }[] = [];
  for (let at = turned.head; at < end; at++) {
    if (isHeld(at)) extend(spans, at - network + p.network - p.head);
  }
  return spans;
}

function extend(spans: { at: number; length: number }[], at: number): void {
  const last = spans.at(-1);
  if (last !== undefined && last.at + last.length === at) last.length++;
  else spans.push({ at, length: 1 });
}

/** Where a header stands: the link's with its tags, then those that the dissector passed, and the one where it ended. */
export interface HeaderSpan extends Span {
  readonly layer: 'link' | 'tag' | 'network' | 'transport';
  readonly name: string;
}

const TAG = 4;
const ETHERNET_ADDRESSES = 12;

/** The link header, and the tag that the device took out of the frame: bytes that no dissector sees. */
export function linkSpans(p: Packet, linkName: string): HeaderSpan[] {
  const length = p.network - p.head;
  if (length <= 0) return [];
  const link = { layer: 'link', name: linkName, at: 0, length } as const;
  if (p.vlanTci < 0 || linkName !== 'ETHERNET') return [link];
  return [link, { layer: 'tag', name: 'vlan', at: ETHERNET_ADDRESSES, length: TAG }];
}

/** Length of the transport header at which the dissector ended, as far as it was captured; 0: not known. */
export function transportLength(type: number, p: Packet, at: number): number {
  const fixed = FIXED[type];
  const length = fixed ?? (type === IPPROTO.TCP ? (u8(p.data, at + 12) >>> 4) * 4 : 0);
  return Math.max(0, Math.min(length, p.end - at));
}

const FIXED: Readonly<Record<number, number>> = {
  [IPPROTO.UDP]: 8,
  [IPPROTO.UDPLITE]: 8,
  [IPPROTO.ICMP]: 8,
  [IPPROTO.ICMPV6]: 8,
  [IPPROTO.SCTP]: 12,
  [IPPROTO.ESP]: 8,
};
