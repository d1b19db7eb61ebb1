import { Direction, IPPROTO } from '../packet/index.ts';
import { be16, u8 } from '../u32.ts';
import { dccp } from './dccp.ts';
import { Fragment, type Headers } from './headers.ts';
import { sctp } from './sctp.ts';
import { type Follower, Next } from './state.ts';
import { tcp } from './tcp.ts';
import { isQuestion, type Tuple } from './tuple.ts';

/** State of an entry whose protocol has none: it exists. */
const SEEN = 1;

/** A protocol without states of its own: `valid` refuses malformed packets. */
function stateless(timeout: Follower['timeout'], valid: (h: Headers) => boolean = () => true): Follower {
  return { next: (h) => (valid(h) ? SEEN : Next.INVALID), timeout };
}

/** Seconds after its first packet from which on an answered flow of UDP counts as a stream; no other time-out knows age. */
export const GROWN_UP = 2;

/** net/netfilter/nf_conntrack_proto_udp.c: nf_conntrack_udp_packet() */
const udpTimeout: Follower['timeout'] = (_state, replied, age) => (replied && age > GROWN_UP ? 120 : 30);

/** nf_conntrack_proto_udp.c: udp_error(), without the checksum, which captures of offloading cards do not have. */
function validUdp(h: Headers): boolean {
  if (h.sent < 8) return false;
  if (h.captured < 6 || h.fragment !== Fragment.NONE) return true;
  const length = be16(h.data, h.transport + 4);
  return length >= 8 && length <= h.sent;
}

/** nf_conntrack_proto_udp.c: udplite_error() — the coverage lies within the packet; a checksum is a must. */
function validUdpLite(h: Headers): boolean {
  if (h.sent < 8) return false;
  if (h.captured < 8) return true;
  const coverage = be16(h.data, h.transport + 4);
  const bounds = coverage === 0 || (coverage >= 8 && (h.fragment !== Fragment.NONE || coverage <= h.sent));
  return bounds && be16(h.data, h.transport + 6) !== 0;
}

const udp = stateless(udpTimeout, validUdp);
const udplite = stateless(udpTimeout, validUdpLite);
const gre = stateless((_state, replied) => (replied ? 180 : 30));
const generic = stateless(() => 600);

/** nf_conntrack_proto_icmp.c: nf_conntrack_icmp_packet() — only questions open an entry, and only in their own family. */
function icmpOf(family: 4 | 6, questions: (type: number) => boolean): Follower {
  return {
    next: (h, state, direction) => {
      if (h.family !== family) return Next.INVALID;
      if (state === 0 && direction === Direction.ORIGINAL && !questions(u8(h.data, h.transport))) return Next.INVALID;
      return SEEN;
    },
    timeout: () => 30,
  };
}

const icmp = icmpOf(4, (type) => isQuestion(IPPROTO.ICMP, type));
const icmpv6 = icmpOf(6, (type) => isQuestion(IPPROTO.ICMPV6, type));

/** net/netfilter/nf_conntrack_core.c: nf_conntrack_handle_packet() */
export function followerOf(tuple: Tuple): Follower {
  switch (tuple.proto) {
    case IPPROTO.TCP:
      return tcp;
    case IPPROTO.UDP:
      return udp;
    case IPPROTO.ICMP:
      return icmp;
    case IPPROTO.ICMPV6:
      return icmpv6;
    case IPPROTO.UDPLITE:
      return udplite;
    case IPPROTO.SCTP:
      return sctp;
    case IPPROTO.DCCP:
      return dccp;
    case IPPROTO.GRE:
      return gre;
    default:
      return generic;
  }
}
