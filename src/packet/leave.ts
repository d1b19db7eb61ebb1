import type { Frame } from '../capture/index.ts';
import { VLAN_HLEN } from './ethertype.ts';
import { type Packet, PktType } from './packet.ts';

const LINKTYPE_ETHERNET = 1;
/** Linux cooked capture: a packet without a link header, under its protocol. */
const LINKTYPE_SLL = 113;

const ADDRESSES = 12;
const SLL_HLEN = 16;
/** include/uapi/linux/if_arp.h: ARPHRD_NONE */
const ARPHRD_NONE = 0xfffe;

/**
 * The way back from enter(): fills `frame` with the packet as a capture on a device that it is sent to would have it,
 * the tag of its metadata back in its place. Packets without an Ethernet header become Linux cooked ones. The frame
 * gets bytes of its own. Returns the bytes on the wire: frame.length, less the header that a cooked frame was given.
 */
export function leave(p: Packet, frame: Frame, direction: 'egress' | 'ingress'): number {
  frame.seconds = p.seconds;
  frame.nanoseconds = p.nanoseconds;
  return p.mac < 0 ? leaveCooked(p, frame, direction) : leaveEthernet(p, frame);
}

function leaveEthernet(p: Packet, frame: Frame): number {
  const type = p.mac + ADDRESSES;
  const tag = p.vlanTci < 0 ? 0 : VLAN_HLEN;
  const out = room(frame, ADDRESSES + tag + p.end - type);
  out.set(p.data.subarray(p.addresses, p.addresses + ADDRESSES));
  if (tag > 0) putTag(out, ADDRESSES, p.vlanProto, p.vlanTci);
  out.set(p.data.subarray(type, p.end), ADDRESSES + tag);
  frame.linkType = LINKTYPE_ETHERNET;
  frame.length = ADDRESSES + tag + wire(p, type);
  return frame.length;
}

function leaveCooked(p: Packet, frame: Frame, direction: 'egress' | 'ingress'): number {
  const tag = p.vlanTci < 0 ? 0 : VLAN_HLEN;
  const out = room(frame, SLL_HLEN + tag + p.end - p.at);
  out.fill(0, 0, SLL_HLEN);
  put16(out, 0, direction === 'egress' ? PktType.OUTGOING : p.pktType);
  put16(out, 2, ARPHRD_NONE);
  put16(out, 14, p.protocol);
  // libpcap puts a tag between the protocol, which becomes the tag's, and the packet; its own last half is the type.
  if (tag > 0) {
    putTag(out, SLL_HLEN - 2, p.vlanProto, p.vlanTci);
    put16(out, SLL_HLEN + 2, p.protocol);
  }
  out.set(p.data.subarray(p.at, p.end), SLL_HLEN + tag);
  frame.linkType = LINKTYPE_SLL;
  frame.length = SLL_HLEN + tag + wire(p, p.at);
  return frame.length - SLL_HLEN;
}

/** Bytes of the packet on the wire from a position on, captured or not. */
function wire(p: Packet, from: number): number {
  return Math.max(p.at + p.len, p.end) - from;
}

function room(frame: Frame, size: number): Uint8Array {
  frame.data = new Uint8Array(size);
  frame.at = 0;
  frame.end = size;
  return frame.data;
}

/** The four bytes in front of the type: the tag's protocol and what it says. */
function putTag(out: Uint8Array, at: number, protocol: number, tci: number): void {
  put16(out, at, protocol);
  put16(out, at + 2, tci);
}

function put16(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 8;
  out[at + 1] = value;
}
