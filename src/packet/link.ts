import { type Frame, Heading } from '../capture/index.ts';
import { be16, be32, le16, le32, u8 } from '../u32.ts';
import { ETH_HLEN, ETH_P, IPPROTO, isVlan, VLAN_HLEN } from './ethertype.ts';
import { pppEtherType } from './header/pppoe.ts';
import { toldByFrame } from './hooks.ts';
import { Input } from './inputs.ts';
import { type Packet, PktType } from './packet.ts';

/** Where the capture is taken to be replayed: which hook, on a device that inserts VLAN tags in hardware or not. */
export interface Device {
  readonly hook: 'egress' | 'ingress';
  readonly vlan: 'offload' | 'inband';
}

/**
 * One link type: reads the link header at packet.at and sets the packet as the kernel has it at the hook.
 * Returns null, or why the packet never reaches a classifier.
 */
export interface LinkType {
  /** LINKTYPE_ number. */
  readonly number: number;
  readonly name: string;
  readonly enter: (packet: Packet, device: Device) => string | null;
}

/** include/uapi/linux/if_ether.h: types below ETH_P_802_3_MIN are lengths; the kernel's own numbers for what follows. */
const ETH_P_802_3_MIN = 0x0600;
const ETH_P_802_3 = 0x0001;
const ETH_P_802_2 = 0x0004;

const TOO_SHORT = 'frame too short';
const NOT_CAPTURED = 'link header not captured';
const TAG_TOO_SHORT = 'vlan tag too short';

/**
 * Resets `packet` and fills it with `frame` as the kernel would have it at the device's hook.
 * Returns null, or the reason why it has no class. The packet reads the frame's bytes in place.
 *
 * transport: where the IP layer leaves it at egress (behind the IPv4 header with its options, behind the fixed IPv6
 * header); at ingress the network header as it was before the tag went (net/core/dev.c: __netif_receive_skb_core()),
 * unless somebody has set it before (quirk 72); else -1.
 */
export function enter(frame: Frame, packet: Packet, device: Device): string | null {
  packet.reset();
  packet.data = frame.data;
  packet.head = packet.at = frame.at;
  packet.end = frame.end;
  packet.len = Math.max(frame.length, frame.end - frame.at);
  packet.seconds = frame.seconds;
  packet.nanoseconds = frame.nanoseconds;
  packet.heading = frame.heading;
  packet.vlanOffload = device.vlan === 'offload';
  packet.received = device.hook === 'ingress';
  const row = ROWS[frame.linkType];
  if (!row) return `link type ${frame.linkType}`;
  const reason = row.enter(packet, device);
  if (reason !== null) return reason;
  packet.transport = transportOf(packet, device);
  if (isSetByIp(packet)) packet.given |= TOLD[device.hook];
  return null;
}

/** What headers tell besides: at egress, where the transport header begins. */
const TOLD = { egress: toldByFrame('egress'), ingress: toldByFrame('ingress') };

/**
 * The IP layer has set the transport header, at a place that headers tell. Drivers, GRO, tun and veth may have set it at
 * ingress, and extension headers stand before or behind it: the sender's IP layer knows of them, a router's does not.
 */
function isSetByIp({ data, end, network, protocol, transport }: Packet): boolean {
  if (protocol === ETH_P.IPV4) return transport >= 0;
  return protocol === ETH_P.IPV6 && network + 6 < end && !EXTENSIONS.includes(u8(data, network + 6));
}

const EXTENSIONS: readonly number[] = [IPPROTO.HOPOPTS, IPPROTO.ROUTING, IPPROTO.FRAGMENT, IPPROTO.AH, IPPROTO.DSTOPTS];

function transportOf(packet: Packet, device: Device): number {
  const { network } = packet;
  if (device.hook === 'ingress') return packet.vlanTci < 0 ? network : network - VLAN_HLEN;
  if (packet.protocol === ETH_P.IPV4 && network < packet.end) return network + (u8(packet.data, network) & 0xf) * 4;
  return packet.protocol === ETH_P.IPV6 ? network + 40 : -1;
}

/** Why `size` bytes from packet.at on cannot be read, or null if they can. */
function missing(packet: Packet, size: number, reason: string = TOO_SHORT): string | null {
  if (packet.len < size) return reason;
  return packet.end - packet.at < size ? NOT_CAPTURED : null;
}

/** Moves the start of data: skb_pull(). */
function pull(packet: Packet, size: number): void {
  packet.at += size;
  packet.len -= size;
}

/**
 * skb->protocol for the type in a link header. Received, a length means LLC, or raw IPX if ones follow it
 * (net/ethernet/eth.c: eth_type_trans(), include/linux/if_vlan.h: vlan_set_encap_proto()); written by a packet socket,
 * it stays what it is (net/ethernet/eth.c: eth_header_parse_protocol()).
 */
function protocolOf(packet: Packet, device: Device, type: number, payload: number): number {
  if (type >= ETH_P_802_3_MIN || device.hook === 'egress') return type;
  const ones = payload + 2 <= packet.end && be16(packet.data, payload) === 0xffff;
  return ones ? ETH_P_802_3 : ETH_P_802_2;
}

/**
 * Takes the tag at `tag` out of the frame into metadata; its type is already in packet.protocol.
 * net/core/skbuff.c: skb_vlan_untag()
 */
function untag(packet: Packet, device: Device, tag: number): void {
  packet.vlanProto = packet.protocol;
  packet.vlanTci = be16(packet.data, tag);
  packet.network = tag + VLAN_HLEN;
  packet.protocol = protocolOf(packet, device, be16(packet.data, tag + 2), packet.network);
}

function enterEthernet(packet: Packet, device: Device): string | null {
  const short = missing(packet, ETH_HLEN);
  if (short) return short;
  const start = packet.at;
  packet.mac = packet.addresses = start;
  packet.network = start + ETH_HLEN;
  packet.protocol = be16(packet.data, start + 12);
  if (!isVlan(packet.protocol)) packet.protocol = protocolOf(packet, device, packet.protocol, packet.network);
  else if (device.hook === 'egress' && device.vlan === 'inband') packet.network = behindTags(packet);
  else {
    // skb_vlan_untag() wants to see the two bytes behind the tag, too.
    if (packet.len < ETH_HLEN + VLAN_HLEN + 2) return TAG_TOO_SHORT;
    const cut = missing(packet, ETH_HLEN + VLAN_HLEN);
    if (cut) return cut;
    untag(packet, device, packet.network);
    // The addresses move up to the type behind the tag (skb_reorder_vlan_header()); here they stay where they are.
    packet.mac = start + VLAN_HLEN;
    pull(packet, VLAN_HLEN);
  }
  if (device.hook === 'ingress') {
    pull(packet, ETH_HLEN);
    packet.macLen = ETH_HLEN;
    packet.pktType = typeOfAddress(packet.data, start);
    if (packet.pktType !== PktType.HOST) packet.given |= Input.PKT_TYPE;
  }
  return null;
}

/**
 * skb->pkt_type of a received frame by its destination address. Which single address is the device's no capture says:
 * all are taken as this host's. net/ethernet/eth.c: eth_type_trans()
 */
function typeOfAddress(data: Uint8Array, at: number): number {
  if ((u8(data, at) & 1) === 0) return PktType.HOST;
  return be32(data, at) === -1 && be16(data, at + 4) === 0xffff ? PktType.BROADCAST : PktType.MULTICAST;
}

/**
 * Where a packet socket puts the network header of a frame with its tags in place; behind the Ethernet header if the
 * last tag is cut off or the eighth. net/packet/af_packet.c: packet_parse_headers(), include/linux/if_vlan.h:
 * __vlan_get_protocol()
 */
function behindTags(packet: Packet): number {
  const { data, end, network } = packet;
  let type = packet.protocol;
  let at = network;
  for (let depth = 1; isVlan(type); depth++) {
    if (at + VLAN_HLEN > end || depth === 8) return network;
    type = be16(data, at + 2);
    at += VLAN_HLEN;
  }
  return type === 0 ? network : at;
}

/** Begins the packet `size` bytes on, with nothing of the link header left but its protocol. */
function enterNetwork(packet: Packet, size: number, protocol: number): null {
  pull(packet, size);
  packet.network = packet.at;
  packet.protocol = protocol;
  return null;
}

/** ARPHRD_ETHER and ARPHRD_LOOPBACK: devices whose packets had an Ethernet header. */
function macLength(device: Device, hardware: number): number {
  return device.hook === 'ingress' && (hardware === 1 || hardware === 772) ? ETH_HLEN : 0;
}

/**
 * What a cooked capture says of a received packet's type. At egress it says "outgoing", but that is the tap's own copy
 * (net/core/dev.c: dev_queue_xmit_nit()): a packet that was made or routed here leaves as PACKET_HOST. No packet is
 * received as outgoing.
 */
function cookedType(device: Device, type: number): number {
  return device.hook === 'ingress' && type < PktType.OUTGOING ? type : PktType.HOST;
}

/** The types from PACKET_HOST to PACKET_OTHERHOST came in; others are not packets of a device. */
function cookedHeading(type: number): Heading {
  if (type > PktType.OUTGOING) return Heading.UNKNOWN;
  return type === PktType.OUTGOING ? Heading.OUT : Heading.IN;
}

/**
 * Linux cooked captures: the protocol field is skb->protocol. libpcap puts the tag back that it got in metadata, so it
 * goes out again at every hook.
 */
function enterCooked(packet: Packet, device: Device, size: number, protocol: number): string | null {
  enterNetwork(packet, size, protocol);
  if (!isVlan(protocol)) return null;
  const cut = missing(packet, VLAN_HLEN, TAG_TOO_SHORT);
  if (cut) return cut;
  untag(packet, device, packet.at);
  pull(packet, VLAN_HLEN);
  return null;
}

function enterSll(packet: Packet, device: Device): string | null {
  const short = missing(packet, 16);
  if (short) return short;
  packet.macLen = macLength(device, be16(packet.data, packet.at + 2));
  packet.pktType = cookedType(device, be16(packet.data, packet.at));
  packet.heading = cookedHeading(be16(packet.data, packet.at));
  if (device.hook === 'ingress') packet.given |= Input.PKT_TYPE;
  return enterCooked(packet, device, 16, be16(packet.data, packet.at + 14));
}

function enterSll2(packet: Packet, device: Device): string | null {
  const short = missing(packet, 20);
  if (short) return short;
  const { data, at } = packet;
  packet.macLen = macLength(device, be16(data, at + 8));
  packet.pktType = cookedType(device, u8(data, at + 10));
  packet.heading = cookedHeading(u8(data, at + 10));
  if (device.hook === 'ingress') {
    packet.iif = be32(data, at + 4);
    packet.given |= Input.IIF | Input.PKT_TYPE;
  }
  return enterCooked(packet, device, 20, be16(data, at));
}

/** Address families, AF_INET6 in the numbering of Linux, NetBSD, FreeBSD and Darwin; 0: none the kernel has a type for. */
function protocolOfFamily(family: number): number {
  if (family === 2) return ETH_P.IPV4;
  return family === 10 || family === 24 || family === 28 || family === 30 ? ETH_P.IPV6 : 0;
}

/** The family is in the byte order of the machine that captured: the one in which it is small. */
function enterNull(packet: Packet): string | null {
  const short = missing(packet, 4);
  if (short) return short;
  const little = le32(packet.data, packet.at);
  return enterNetwork(packet, 4, protocolOfFamily(little >>> 16 ? be32(packet.data, packet.at) : little));
}

function enterLoop(packet: Packet): string | null {
  return missing(packet, 4) ?? enterNetwork(packet, 4, protocolOfFamily(be32(packet.data, packet.at)));
}

function enterRaw(packet: Packet): string | null {
  const short = missing(packet, 1);
  if (short) return short;
  const version = u8(packet.data, packet.at) >>> 4;
  return enterNetwork(packet, 0, version === 4 ? ETH_P.IPV4 : version === 6 ? ETH_P.IPV6 : 0);
}

/** Address and control bytes may be left out, and so may the protocol's zero byte (RFC 1661, section 6.5 and 6.6). */
function enterPpp(packet: Packet): string | null {
  const { data, at } = packet;
  const framed = packet.end - at >= 2 && be16(data, at) === 0xff03 ? 2 : 0;
  const short = missing(packet, framed + 1);
  if (short) return short;
  const first = u8(data, at + framed);
  if (first & 1) return enterNetwork(packet, framed + 1, pppEtherType(first));
  return missing(packet, framed + 2) ?? enterNetwork(packet, framed + 2, pppEtherType(be16(data, at + framed)));
}

/** The first byte tells PPP from Cisco's framing on the same line (unicast 0x0f, broadcast 0x8f). */
function enterPppHdlc(packet: Packet): string | null {
  const short = missing(packet, 1);
  if (short) return short;
  return (u8(packet.data, packet.at) & 0x7f) === 0x0f ? enterCiscoHdlc(packet) : enterPpp(packet);
}

function enterCiscoHdlc(packet: Packet): string | null {
  return missing(packet, 4) ?? enterNetwork(packet, 4, be16(packet.data, packet.at + 2));
}

/** include/uapi/linux/netfilter/nfnetlink_log.h: enum nfulnl_attr_type */
const Nfula = { PACKET_HDR: 1, MARK: 2, IFINDEX_INDEV: 4, PAYLOAD: 9, UID: 11, GID: 14 } as const;

/** Where packets go at a hook, by enum nf_inet_hooks: FORWARD sees what came in and is to go out. */
const HOOKS: readonly Heading[] = [Heading.IN, Heading.IN, Heading.UNKNOWN, Heading.OUT, Heading.OUT];

/** The kernel writes each attribute once, and has 20 of them (NFULA_MAX). */
const MAX_NFLOG_ATTRIBUTES = 64;

/** Four bytes of header, then attributes in the byte order of the machine (little-endian), their values in network order. */
function enterNflog(packet: Packet): string | null {
  const short = missing(packet, 4);
  if (short) return short;
  const { data, end } = packet;
  const frameEnd = packet.at + packet.len;
  packet.protocol = protocolOfFamily(u8(data, packet.at));
  for (let at = packet.at + 4, attributes = 0; at < frameEnd; attributes++) {
    if (attributes === MAX_NFLOG_ATTRIBUTES) return 'nflog record of too many attributes';
    if (at + 4 > end) return end < frameEnd ? NOT_CAPTURED : 'nflog attribute cut off';
    const length = le16(data, at);
    if (length < 4 || at + length > frameEnd) return 'nflog attribute of impossible length';
    const type = le16(data, at + 2) & 0x3fff;
    if (type === Nfula.PAYLOAD) {
      packet.at = packet.network = Math.min(at + 4, end);
      packet.len = length - 4;
      packet.end = Math.min(at + length, end);
      return null;
    }
    if (at + length > end) return NOT_CAPTURED;
    takeNflog(packet, type, at + 4, length - 4);
    at += (length + 3) & ~3;
  }
  return 'nflog record without payload';
}

function takeNflog(packet: Packet, type: number, at: number, size: number): void {
  if (size < 4) return;
  const value = be32(packet.data, at);
  switch (type) {
    case Nfula.PACKET_HDR:
      if (value >>> 16) packet.protocol = value >>> 16;
      packet.heading = HOOKS[(value >>> 8) & 0xff] ?? Heading.UNKNOWN;
      return;
    case Nfula.MARK:
      packet.mark = value;
      packet.given |= Input.MARK;
      return;
    case Nfula.IFINDEX_INDEV:
      packet.iif = value;
      packet.given |= Input.IIF;
      return;
    case Nfula.UID:
      packet.skUid = value;
      packet.given |= Input.SK_UID;
      return;
    case Nfula.GID:
      packet.skGid = value;
      packet.given |= Input.SK_GID;
  }
}

const PKTAP = 258;
/** Behind length, type, link type and the interface's name of 24 bytes. */
const PKTAP_FLAGS = 36;

/** Apple's header: its length, a record type, the link type of what follows, all little-endian. */
function enterPktap(packet: Packet, device: Device): string | null {
  const short = missing(packet, 12);
  if (short) return short;
  const { data, at } = packet;
  const length = le32(data, at) >>> 0;
  const linkType = le32(data, at + 8) >>> 0;
  if (length < 12) return 'pktap header of impossible length';
  const cut = missing(packet, length);
  if (cut) return cut;
  const row = linkType === PKTAP ? undefined : ROWS[linkType];
  if (!row) return `link type ${linkType} in pktap`;
  if (length >= PKTAP_FLAGS + 4) packet.heading = headingOfFlags(le32(data, at + PKTAP_FLAGS));
  pull(packet, length);
  packet.head = packet.at;
  return row.enter(packet, device);
}

/** bsd/net/pktap.h: PTH_FLAG_DIR_IN, PTH_FLAG_DIR_OUT */
function headingOfFlags(flags: number): Heading {
  if ((flags & 3) === 1) return Heading.IN;
  return (flags & 3) === 2 ? Heading.OUT : Heading.UNKNOWN;
}

const enterIpv4 = (packet: Packet): null => enterNetwork(packet, 0, ETH_P.IPV4);
const enterIpv6 = (packet: Packet): null => enterNetwork(packet, 0, ETH_P.IPV6);

/** Every link type that can be classified (https://www.tcpdump.org/linktypes.html); others have no class. */
export const LINK_TYPES: readonly LinkType[] = [
  { number: 0, name: 'NULL', enter: enterNull },
  { number: 1, name: 'ETHERNET', enter: enterEthernet },
  { number: 9, name: 'PPP', enter: enterPpp },
  // DLT_RAW as some systems write it instead of LINKTYPE_RAW.
  { number: 12, name: 'RAW', enter: enterRaw },
  { number: 14, name: 'RAW', enter: enterRaw },
  { number: 50, name: 'PPP_HDLC', enter: enterPppHdlc },
  { number: 101, name: 'RAW', enter: enterRaw },
  { number: 104, name: 'C_HDLC', enter: enterCiscoHdlc },
  { number: 108, name: 'LOOP', enter: enterLoop },
  { number: 113, name: 'LINUX_SLL', enter: enterSll },
  { number: 228, name: 'IPV4', enter: enterIpv4 },
  { number: 229, name: 'IPV6', enter: enterIpv6 },
  { number: 239, name: 'NFLOG', enter: enterNflog },
  { number: PKTAP, name: 'PKTAP', enter: enterPktap },
  { number: 276, name: 'LINUX_SLL2', enter: enterSll2 },
];

const ROWS: readonly (LinkType | undefined)[] = byNumber();

function byNumber(): (LinkType | undefined)[] {
  const rows: (LinkType | undefined)[] = new Array(277).fill(undefined);
  for (const row of LINK_TYPES) rows[row.number] = row;
  return rows;
}
