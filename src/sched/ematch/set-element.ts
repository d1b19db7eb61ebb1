import { IPPROTO, isReadable, type Packet } from '../../packet/index.ts';
import { be16, be32, u8 } from '../../u32.ts';

const IPV4_SRC = 12;
const IPV4_DST = 16;
const IPV6_SRC = 8;
const IPV6_DST = 24;
const IPV6_HLEN = 40;
/** include/net/ip.h: IP_OFFSET, and the bits of an IPv6 fragment header that it stands in. */
const IP_OFFSET = 0x1fff;
const IPV6_OFFSET = 0xfff8;

/** Bytes of the header that must be there before ports are read from it; the others have no ports. */
const HEADER: Readonly<Record<number, number>> = {
  [IPPROTO.TCP]: 20,
  [IPPROTO.SCTP]: 12,
  [IPPROTO.UDP]: 8,
  [IPPROTO.UDPLITE]: 8,
  [IPPROTO.ICMP]: 8,
  [IPPROTO.ICMPV6]: 8,
};
/** Whose ports a later fragment hides, in IPv4. */
const PORTS_IN_FIRST: readonly number[] = [IPPROTO.TCP, IPPROTO.SCTP, IPPROTO.UDP, IPPROTO.UDPLITE, IPPROTO.ICMP];
/** net/ipv6/exthdrs_core.c: ipv6_ext_hdr() */
const EXTENSIONS: readonly number[] = [
  IPPROTO.HOPOPTS,
  IPPROTO.ROUTING,
  IPPROTO.FRAGMENT,
  IPPROTO.AH,
  IPPROTO.NONE,
  IPPROTO.DSTOPTS,
];

/** What a set is asked about: one address of a packet, and one of its ports. Overwritten by every packet. */
export class Element {
  /** Big-endian words; IPv4 uses the first. */
  readonly words = new Int32Array(4);
  proto = 0;
  /** Of ICMP type << 8 | code; 0 where the protocol has none. */
  port = 0;

  /** ip4addrptr(), ip6addrptr(). The caller knows that the fixed header was captured. */
  readAddress(p: Packet, family: 4 | 6, source: boolean): void {
    const { words } = this;
    if (family === 4) words[0] = be32(p.data, p.network + (source ? IPV4_SRC : IPV4_DST));
    const at = p.network + (source ? IPV6_SRC : IPV6_DST);
    for (let i = family === 4 ? 1 : 0; i < 4; i++) words[i] = family === 4 ? 0 : be32(p.data, at + 4 * i);
  }

  /** False: the packet has no such port, and is in no set of ports. */
  readPort(p: Packet, family: 4 | 6, source: boolean): boolean {
    return family === 4 ? this.readIpv4(p, source) : this.readIpv6(p, source);
  }

  /** net/netfilter/ipset/ip_set_getport.c: ip_set_get_ip4_port() */
  private readIpv4(p: Packet, source: boolean): boolean {
    const { data, network } = p;
    const proto = u8(data, network + 9);
    if (proto === 0) return false;
    if ((be16(data, network + 6) & IP_OFFSET) === 0) {
      return this.take(p, proto, network + (u8(data, network) & 0xf) * 4, source);
    }
    this.proto = proto;
    this.port = 0;
    return !PORTS_IN_FIRST.includes(proto);
  }

  /** net/netfilter/ipset/ip_set_getport.c: ip_set_get_ip6_port(), net/ipv6/exthdrs_core.c: ipv6_skip_exthdr() */
  private readIpv6(p: Packet, source: boolean): boolean {
    const { data } = p;
    let at = p.network + IPV6_HLEN;
    let next = u8(data, p.network + 6);
    while (EXTENSIONS.includes(next)) {
      if (next === IPPROTO.NONE || !isReadable(p, at, 2)) return false;
      let length = (u8(data, at + 1) + 1) * 8;
      if (next === IPPROTO.FRAGMENT) {
        if (!isReadable(p, at, 4) || (be16(data, at + 2) & IPV6_OFFSET) !== 0) return false;
        length = 8;
      } else if (next === IPPROTO.AH) length = (u8(data, at + 1) + 2) * 4;
      next = u8(data, at);
      at += length;
    }
    return this.take(p, next, at, source);
  }

  /** net/netfilter/ipset/ip_set_getport.c: get_port() */
  private take(p: Packet, proto: number, at: number, source: boolean): boolean {
    const size = HEADER[proto];
    this.proto = proto;
    this.port = 0;
    if (size === undefined) return true;
    if (!isReadable(p, at, size)) return false;
    const icmp = proto === IPPROTO.ICMP || proto === IPPROTO.ICMPV6;
    this.port = be16(p.data, icmp || source ? at : at + 2);
    return true;
  }
}
