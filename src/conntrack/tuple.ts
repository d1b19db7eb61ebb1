import { IPPROTO } from '../packet/index.ts';

/**
 * struct nf_conntrack_tuple: who talks to whom, one direction. Rewritten in place, never made per packet.
 * Addresses are four big-endian words (IPv4 uses the first, the others are 0); `srcAll` and `dstAll` are the
 * 16-bit `u.all` fields in host order: ports, an ICMP id and type << 8 | code, a GRE call id, or 0.
 */
export class Tuple {
  family: 4 | 6 = 4;
  proto = 0;
  readonly src: Int32Array = new Int32Array(4);
  readonly dst: Int32Array = new Int32Array(4);
  srcAll = 0;
  dstAll = 0;

  copy(from: Tuple): void {
    this.family = from.family;
    this.proto = from.proto;
    for (let i = 0; i < 4; i++) {
      this.src[i] = from.src[i] ?? 0;
      this.dst[i] = from.dst[i] ?? 0;
    }
    this.srcAll = from.srcAll;
    this.dstAll = from.dstAll;
  }
}

/** icmp_invert_tuple(), icmpv6_invert_tuple(): question ↔ answer; types that have none are not tracked. */
const ICMP_ANSWER = new Map<number, number>([
  [0, 8],
  [8, 0],
  [13, 14],
  [14, 13],
  [15, 16],
  [16, 15],
  [17, 18],
  [18, 17],
]);
const ICMPV6_ANSWER = new Map<number, number>([
  [128, 129],
  [129, 128],
  [139, 140],
  [140, 139],
]);

/** net/netfilter/nf_conntrack_proto_icmp.c, …_icmpv6.c: valid_new[] — the questions that may open an entry. */
const ICMP_QUESTIONS: readonly number[] = [8, 13, 15, 17];
const ICMPV6_QUESTIONS: readonly number[] = [128, 139];

export function isIcmp(proto: number): boolean {
  return proto === IPPROTO.ICMP || proto === IPPROTO.ICMPV6;
}

/** Has `srcAll` and `dstAll` as two ports that NAT may change. */
export function hasPorts(proto: number): boolean {
  return (
    proto === IPPROTO.TCP ||
    proto === IPPROTO.UDP ||
    proto === IPPROTO.UDPLITE ||
    proto === IPPROTO.SCTP ||
    proto === IPPROTO.DCCP
  );
}

/** May an ICMP message of this type open an entry? */
export function isQuestion(proto: number, type: number): boolean {
  return (proto === IPPROTO.ICMP ? ICMP_QUESTIONS : ICMPV6_QUESTIONS).includes(type);
}

/** Type and code of the message that goes the other way; -1: there is none. */
export function invertType(proto: number, typeAndCode: number): number {
  const type = (proto === IPPROTO.ICMP ? ICMP_ANSWER : ICMPV6_ANSWER).get(typeAndCode >>> 8);
  return type === undefined ? -1 : (type << 8) | (typeAndCode & 0xff);
}

/**
 * net/netfilter/nf_conntrack_core.c: nf_ct_invert_tuple() — the tuple of a packet going the other way.
 * False where there is none (an ICMP type without an answer). `into` must be another object.
 */
export function invert(tuple: Tuple, into: Tuple): boolean {
  into.family = tuple.family;
  into.proto = tuple.proto;
  for (let i = 0; i < 4; i++) {
    into.src[i] = tuple.dst[i] ?? 0;
    into.dst[i] = tuple.src[i] ?? 0;
  }
  if (!isIcmp(tuple.proto)) {
    into.srcAll = tuple.dstAll;
    into.dstAll = tuple.srcAll;
    return true;
  }
  const answer = invertType(tuple.proto, tuple.dstAll);
  if (answer < 0) return false;
  into.srcAll = tuple.srcAll;
  into.dstAll = answer;
  return true;
}

/** Whether two tuples are one connection's, in the same direction. */
export function sameTuple(a: Tuple, b: Tuple): boolean {
  return a.srcAll === b.srcAll && sameButPort(a, b);
}

/** The same, whatever the port of the source is: NAT may have drawn another. */
export function sameButPort(a: Tuple, b: Tuple): boolean {
  if (a.proto !== b.proto || a.dstAll !== b.dstAll) return false;
  return a.src.every((word, i) => word === b.src[i]) && a.dst.every((word, i) => word === b.dst[i]);
}
