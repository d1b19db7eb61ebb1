import { IPPROTO } from '../packet/index.ts';
import type { Fields } from './headers.ts';
import type { Family, Tracking } from './tracking.ts';
import { type Code, constant, eq, get, rotateLeft, select, xor } from './wasm.ts';

const ICMP = { 4: IPPROTO.ICMP, 6: IPPROTO.ICMPV6 } as const;

/** Types of an echo, question and answer. */
export const ECHO = { 4: [8, 0], 6: [128, 129] } as const;

/** `ports` of a packet that goes the other way: conntrack/tuple.ts, invert(). */
export function invertedPorts({ fields, locals: { ports } }: Tracking, family: Family): Code {
  const isEcho = eq(get(fields.proto), constant(ICMP[family]));
  const [question, answer] = ECHO[family];
  const turned = xor(get(ports), constant((question ^ answer) << 8));
  return select(isEcho, turned, rotateLeft(get(ports), constant(16)));
}

/** ICMP of the packet's family. */
export const isIcmp = ({ isV6, proto }: Pick<Fields, 'isV6' | 'proto'>): Code =>
  eq(get(proto), select(get(isV6), constant(ICMP[6]), constant(ICMP[4])));
