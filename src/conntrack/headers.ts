import { ETH_HLEN, ETH_P, IPPROTO, isVlan, type Packet } from '../packet/index.ts';
import { be16, be32, u8 } from '../u32.ts';
import type { Tuple } from './tuple.ts';

export const Fragment = { NONE: 0, FIRST: 1, LATER: 2 } as const;
export type Fragment = (typeof Fragment)[keyof typeof Fragment];

const GRE_VERSION = 0x0007;
const GRE_PROTO_PPP = 0x880b;

/**
 * Where the headers of one packet are: what nf_conntrack reads of it. Positions are indices into `data`.
 * `end` bounds what was captured, `wireEnd` what was sent: a length is checked against the latter.
 */
export class Headers {
  data: Uint8Array = new Uint8Array(0);
  family: 4 | 6 = 4;
  network = 0;
  proto = 0;
  transport = 0;
  end = 0;
  wireEnd = 0;
  fragment: Fragment = Fragment.NONE;
  /** The identification by which fragments (and the two sides of a router) belong together; 0: none. */
  id = 0;

  /** Transport bytes that were captured. */
  get captured(): number {
    return this.end - this.transport;
  }

  /** Transport bytes that were sent. */
  get sent(): number {
    return this.wireEnd - this.transport;
  }
}

/** include/linux/netdevice.h: MAX_NEST_DEV — each device of a stack takes one tag, and no stack is higher. */
const MAX_TAGS = 8;

/** Finds the headers of a packet. False: not IP, or broken before the transport header. */
export function readPacket(p: Packet, h: Headers): boolean {
  let type = p.protocol;
  // Some devices put the network header behind tags left in the frame, others do not: the tags are found from the front.
  let at = isVlan(type) && p.mac >= 0 ? p.mac + ETH_HLEN : p.network;
  for (let tags = 0; isVlan(type); tags++) {
    if (tags === MAX_TAGS || at < p.head || at + 4 > p.end) return false;
    type = be16(p.data, at + 2);
    at += 4;
  }
  if (at < p.head || (type !== ETH_P.IPV4 && type !== ETH_P.IPV6)) return false;
  h.data = p.data;
  h.family = type === ETH_P.IPV4 ? 4 : 6;
  return readNetwork(h, at, p.end, Math.max(p.end, p.at + p.len));
}

/** The packet that an ICMP error carries: `at` is where its network header begins. */
export function readInner(outer: Headers, at: number, h: Headers): boolean {
  h.data = outer.data;
  h.family = outer.family;
  return readNetwork(h, at, outer.end, outer.wireEnd) && h.fragment !== Fragment.LATER;
}

function readNetwork(h: Headers, at: number, end: number, wireEnd: number): boolean {
  h.network = at;
  h.end = end;
  h.wireEnd = wireEnd;
  h.fragment = Fragment.NONE;
  h.id = 0;
  return h.family === 4 ? readIpv4(h) : readIpv6(h);
}

/** net/netfilter/nf_conntrack_core.c: ipv4_get_l4proto(), after the checks of ip_rcv(). */
function readIpv4(h: Headers): boolean {
  const { data, network } = h;
  if (network + 20 > h.end) return false;
  const version = u8(data, network);
  const length = (version & 0x0f) * 4;
  if (version >>> 4 !== 4 || length < 20 || network + length > h.wireEnd) return false;
  cut(h, be16(data, network + 2), network);
  const fragment = be16(data, network + 6);
  if ((fragment & 0x1fff) !== 0) h.fragment = Fragment.LATER;
  else if ((fragment & 0x2000) !== 0) h.fragment = Fragment.FIRST;
  h.id = be16(data, network + 4);
  h.proto = u8(data, network + 9);
  h.transport = network + length;
  return true;
}

/** net/netfilter/nf_conntrack_core.c: ipv6_get_l4proto(); net/ipv6/exthdrs_core.c: ipv6_skip_exthdr() */
function readIpv6(h: Headers): boolean {
  const { data, network } = h;
  if (network + 40 > h.end || u8(data, network) >>> 4 !== 6) return false;
  const payload = be16(data, network + 4);
  cut(h, payload === 0 ? 0 : payload + 40, network);
  let at = network + 40;
  let next = u8(data, network + 6);
  while (isExtension(next)) {
    if (at + 8 > h.end) return false;
    if (next === IPPROTO.FRAGMENT && readFragment(h, at)) {
      h.proto = u8(data, at);
      h.transport = at + 8;
      return true;
    }
    const units = u8(data, at + 1);
    const length = next === IPPROTO.FRAGMENT ? 8 : next === IPPROTO.AH ? (units + 2) * 4 : (units + 1) * 8;
    next = u8(data, at);
    at += length;
  }
  h.proto = next;
  h.transport = at;
  return next !== IPPROTO_NONE;
}

const IPPROTO_NONE = 59;

function isExtension(next: number): boolean {
  return (
    next === IPPROTO.HOPOPTS ||
    next === IPPROTO.ROUTING ||
    next === IPPROTO.FRAGMENT ||
    next === IPPROTO.AH ||
    next === IPPROTO.DSTOPTS
  );
}

/** Notes what an IPv6 fragment header says; true: nothing but payload follows. */
function readFragment(h: Headers, at: number): boolean {
  const fragment = be16(h.data, at + 2);
  h.id = be32(h.data, at + 4);
  if ((fragment & 0xfff8) !== 0) h.fragment = Fragment.LATER;
  else if ((fragment & 1) !== 0) h.fragment = Fragment.FIRST;
  return h.fragment === Fragment.LATER;
}

/** Padding behind the IP packet is not part of it; a length of 0 is a large packet not yet cut up by the card. */
function cut(h: Headers, length: number, network: number): void {
  if (length === 0) return;
  h.wireEnd = Math.min(h.wireEnd, network + length);
  h.end = Math.min(h.end, h.wireEnd);
}

/**
 * net/netfilter/nf_conntrack_core.c: nf_ct_get_tuple() — the tuple as it stands in the headers.
 * False: the transport header is missing or of a kind that is not tracked.
 */
export function readTuple(h: Headers, tuple: Tuple): boolean {
  readAddresses(h, tuple);
  tuple.srcAll = tuple.dstAll = 0;
  switch (h.proto) {
    case IPPROTO.TCP:
    case IPPROTO.UDP:
    case IPPROTO.UDPLITE:
    case IPPROTO.SCTP:
    case IPPROTO.DCCP:
      return readPorts(h, tuple);
    case IPPROTO.ICMP:
    case IPPROTO.ICMPV6:
      return readIcmp(h, tuple);
    case IPPROTO.GRE:
      return readGre(h, tuple);
    default:
      return true;
  }
}

export function readAddresses(h: Headers, tuple: Tuple): void {
  tuple.family = h.family;
  tuple.proto = h.proto;
  const words = h.family === 4 ? 1 : 4;
  const at = h.network + (h.family === 4 ? 12 : 8);
  for (let i = 0; i < 4; i++) {
    tuple.src[i] = i < words ? be32(h.data, at + 4 * i) : 0;
    tuple.dst[i] = i < words ? be32(h.data, at + 4 * (words + i)) : 0;
  }
}

function readPorts(h: Headers, tuple: Tuple): boolean {
  if (h.captured < 4) return false;
  tuple.srcAll = be16(h.data, h.transport);
  tuple.dstAll = be16(h.data, h.transport + 2);
  return true;
}

/** icmp_pkt_to_tuple(), icmpv6_pkt_to_tuple(): the id; type and code. */
function readIcmp(h: Headers, tuple: Tuple): boolean {
  if (h.captured < 8) return false;
  tuple.srcAll = be16(h.data, h.transport + 4);
  tuple.dstAll = be16(h.data, h.transport);
  return true;
}

/** net/netfilter/nf_conntrack_proto_gre.c: gre_pkt_to_tuple() — PPTP's call id; no helper names the source's. */
function readGre(h: Headers, tuple: Tuple): boolean {
  if (h.captured < 4 || (be16(h.data, h.transport) & GRE_VERSION) !== 1) return true;
  if (h.captured < 8) return true;
  if (be16(h.data, h.transport + 2) !== GRE_PROTO_PPP) return false;
  tuple.dstAll = be16(h.data, h.transport + 6);
  return true;
}

/** net/netfilter/nf_conntrack_proto_icmp.c: nf_conntrack_icmpv4_error() — types that report on another packet. */
const ICMP_ERRORS: readonly number[] = [3, 4, 5, 11, 12];

/** net/netfilter/nf_conntrack_core.c: nf_conntrack_handle_icmp() */
export function isError(h: Headers): boolean {
  if (h.family === 4) return h.proto === IPPROTO.ICMP && ICMP_ERRORS.includes(u8(h.data, h.transport));
  return h.proto === IPPROTO.ICMPV6 && u8(h.data, h.transport) < 128;
}
