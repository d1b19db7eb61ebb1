import { ETH_P, Input, innerProtocol, type Packet, Reader } from '../../packet/index.ts';
import { be16, be32, u8 } from '../../u32.ts';

/** Reading and changing header bytes of a packet, for actions that do. Positions are indices into packet.data. */

/** Whether `size` bytes from `at` on were captured. */
export function readable(p: Packet, at: number, size: number): boolean {
  if (p.isCutBefore(at + size)) p.reads(Input.CUT, Reader.ACTION);
  return at >= p.head && at + size <= p.end;
}

export function put16(p: Packet, at: number, value: number): void {
  p.data[at] = value >>> 8;
  p.data[at + 1] = value;
}

export function put32(p: Packet, at: number, value: number): void {
  put16(p, at, value >>> 16);
  put16(p, at + 2, value);
}

/** The IP version that skb_protocol(skb, true) names, if its fixed header was captured; 0: neither. */
export function ipVersion(p: Packet): 0 | 4 | 6 {
  const type = innerProtocol(p);
  if (type === ETH_P.IPV4) return readable(p, p.network, 20) ? 4 : 0;
  return type === ETH_P.IPV6 && readable(p, p.network, 40) ? 6 : 0;
}

/** The header named by the EtherType is cut off: what the kernel drops or passes over, by action. */
export function ipTruncated(p: Packet): boolean {
  const type = innerProtocol(p);
  return (type === ETH_P.IPV4 || type === ETH_P.IPV6) && ipVersion(p) === 0;
}

/** Traffic class of an IP header: ipv4_get_dsfield(), ipv6_get_dsfield(). */
export function dsfield(p: Packet, version: 4 | 6): number {
  return version === 4 ? u8(p.data, p.network + 1) : (be16(p.data, p.network) >>> 4) & 0xff;
}

/** ipv4_change_dsfield(), ipv6_change_dsfield() with the ECN bits kept. */
export function setDscp(p: Packet, version: 4 | 6, dscp: number): void {
  const value = (dsfield(p, version) & 3) | dscp;
  p.own();
  if (version === 6) {
    put16(p, p.network, (be16(p.data, p.network) & 0xf00f) | (value << 4));
    return;
  }
  const old = be16(p.data, p.network);
  put16(p, p.network, (old & 0xff00) | value);
  replace16(p, p.network + 10, old, be16(p.data, p.network));
}

/** csum_fold() of a sum of 16-bit words. */
export function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return folded;
}

/** RFC 1624: a checksum after one of the words under it changed. */
export function replace16(p: Packet, at: number, from: number, to: number): void {
  put16(p, at, ~fold((~be16(p.data, at) & 0xffff) + (~from & 0xffff) + to));
}

export function replace32(p: Packet, at: number, from: number, to: number): void {
  replace16(p, at, from >>> 16, to >>> 16);
  replace16(p, at, from & 0xffff, to & 0xffff);
}

/** Sum of the 16-bit words of data[at..at+size), an odd byte last as their upper half. */
export function sumWords(p: Packet, at: number, size: number): number {
  let sum = 0;
  for (let i = 0; i + 1 < size; i += 2) sum += be16(p.data, at + i);
  return size % 2 === 1 ? sum + (u8(p.data, at + size - 1) << 8) : sum;
}

/** The 32-bit word at `at`, unsigned. */
export function word32(p: Packet, at: number): number {
  return be32(p.data, at) >>> 0;
}
