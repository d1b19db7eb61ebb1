import { ETH_P, IPPROTO } from './ethertype.ts';
import type { FlowKeys } from './flow-keys.ts';
import { type DissectOptions, DissectRet } from './header/dissect-ret.ts';
import { gre } from './header/gre.ts';
import { ipv4 } from './header/ipv4.ts';
import { extension, fragment, ipv6 } from './header/ipv6.ts';
import { batman, hsr, tipc, whole } from './header/other.ts';
import { pppoe } from './header/pppoe.ts';
import { vlan } from './header/vlan.ts';
import type { Packet } from './packet.ts';

/*
 * The headers that the dissector of Linux 6.1 knows, one row for each number. The dissector, the compiled engine's table
 * and the fuzz go by these rows: what has none here, the compiled engine leaves to the plain one.
 */

/** A header named by an EtherType. */
export interface NetworkHeader {
  readonly type: number;
  /** Reads it at the cursor; never throws. */
  read(p: Packet, keys: FlowKeys, options: DissectOptions): DissectRet;
}

/** A header named by a protocol number. */
export interface TransportHeader {
  readonly number: number;
  readonly name: string;
  /** include/linux/in.h: proto_ports_offset() — where the ports, or an SPI, stand; null: there are none. */
  readonly ports: number | null;
  /** What stands there is an SPI: its halves go for ports (quirk 90). */
  readonly isSpi?: true;
  /** What the dissector reads behind it; null: the walk ends here. Never throws. */
  readonly read: ((p: Packet, keys: FlowKeys) => DissectRet) | null;
}

/** The walk ends well; no label of MPLS and no address of ARP is asked for. */
const good = (): DissectRet => DissectRet.GOOD;

export const NETWORK_HEADERS: readonly NetworkHeader[] = [
  { type: ETH_P.IPV4, read: ipv4 },
  { type: ETH_P.IPV6, read: (p, keys, { stopAtLabel }) => ipv6(p, keys, stopAtLabel) },
  { type: ETH_P.VLAN_AD, read: vlan },
  { type: ETH_P.VLAN, read: vlan },
  { type: ETH_P.PPP_SES, read: (p, keys, { compressedPpp }) => pppoe(p, keys, compressedPpp) },
  { type: ETH_P.TIPC, read: tipc },
  { type: ETH_P.MPLS_UC, read: good },
  { type: ETH_P.MPLS_MC, read: good },
  { type: ETH_P.ARP, read: good },
  { type: ETH_P.RARP, read: good },
  { type: ETH_P.FCOE, read: (p, keys) => whole(p, keys, 38) },
  { type: ETH_P.BATMAN, read: batman },
  { type: ETH_P.PTP, read: (p, keys) => whole(p, keys, 34) },
  { type: ETH_P.PRP, read: hsr },
  { type: ETH_P.HSR, read: hsr },
];

/** A packet of this type stands inside. */
function inside(type: number): (p: Packet, keys: FlowKeys) => DissectRet {
  return (_, keys) => {
    keys.proto = type;
    return DissectRet.AGAIN;
  };
}

export const TRANSPORT_HEADERS: readonly TransportHeader[] = [
  { number: IPPROTO.HOPOPTS, name: 'hop-by-hop', ports: null, read: extension },
  { number: IPPROTO.ICMP, name: 'icmp', ports: null, read: null },
  { number: IPPROTO.IGMP, name: 'igmp', ports: null, read: null },
  { number: IPPROTO.IPIP, name: 'ipip', ports: null, read: inside(ETH_P.IPV4) },
  { number: IPPROTO.TCP, name: 'tcp', ports: 0, read: null },
  { number: IPPROTO.UDP, name: 'udp', ports: 0, read: null },
  { number: IPPROTO.DCCP, name: 'dccp', ports: 0, read: null },
  { number: IPPROTO.IPV6, name: 'ipv6', ports: null, read: inside(ETH_P.IPV6) },
  { number: IPPROTO.ROUTING, name: 'routing', ports: null, read: extension },
  { number: IPPROTO.FRAGMENT, name: 'fragment', ports: null, read: fragment },
  { number: IPPROTO.GRE, name: 'gre', ports: null, read: gre },
  { number: IPPROTO.ESP, name: 'esp', ports: 0, isSpi: true, read: null },
  { number: IPPROTO.AH, name: 'ah', ports: 4, isSpi: true, read: null },
  { number: IPPROTO.ICMPV6, name: 'icmp6', ports: null, read: null },
  { number: IPPROTO.NONE, name: 'no-next-header', ports: null, read: null },
  { number: IPPROTO.DSTOPTS, name: 'destination-options', ports: null, read: extension },
  { number: IPPROTO.SCTP, name: 'sctp', ports: 0, read: null },
  { number: IPPROTO.UDPLITE, name: 'udplite', ports: 0, read: null },
  { number: IPPROTO.MPLS, name: 'mpls', ports: null, read: inside(ETH_P.MPLS_UC) },
];

/** By EtherType: the row's index and 1, so that 0 means none. An array is faster than a map, and a packet asks twice. */
const BY_TYPE = new Uint8Array(0x10000);
for (const [i, { type }] of NETWORK_HEADERS.entries()) BY_TYPE[type] = i + 1;

const BY_NUMBER: readonly (TransportHeader | undefined)[] = Array.from({ length: 256 }, (_, number) =>
  TRANSPORT_HEADERS.find((row) => row.number === number),
);

export function networkHeader(type: number): NetworkHeader | undefined {
  return NETWORK_HEADERS[(BY_TYPE[type] ?? 0) - 1];
}

export function transportHeader(number: number): TransportHeader | undefined {
  return BY_NUMBER[number];
}

/** Where other protocols have ports, this one has an SPI. */
export function hasSpi(protocol: number): boolean {
  return transportHeader(protocol)?.isSpi === true;
}

/** A protocol number's name, or the number itself. */
export function ipProtocolName(protocol: number): string {
  return transportHeader(protocol)?.name ?? String(protocol);
}

/** A protocol's number from its name or its decimal digits; null: neither. */
export function ipProtocol(word: string): number | null {
  const row = TRANSPORT_HEADERS.find(({ name }) => name === word.toLowerCase());
  if (row !== undefined) return row.number;
  return /^\d{1,3}$/.test(word) && Number(word) < 256 ? Number(word) : null;
}
