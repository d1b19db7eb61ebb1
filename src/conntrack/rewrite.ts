import { IPPROTO, type Packet } from '../packet/index.ts';
import { be16, be32, u8 } from '../u32.ts';
import { Fragment, Headers, isError, readInner, readPacket } from './headers.ts';
import { hasPorts, invert, isIcmp, Tuple } from './tuple.ts';

/** Where the checksum stands behind the transport header. SCTP's covers all bytes and no address: it is left as it is. */
const CHECKSUM: ReadonlyMap<number, number> = new Map([
  [IPPROTO.TCP, 16],
  [IPPROTO.UDP, 6],
  [IPPROTO.UDPLITE, 6],
  [IPPROTO.DCCP, 6],
  [IPPROTO.ICMP, 2],
  [IPPROTO.ICMPV6, 2],
]);

const ICMP_HEADER = 8;
const ICMP_ID = 4;

/** Gives packets the headers that they have on the other side of a router. It holds the bytes of one packet at a time. */
export class Rewriter {
  private buffer: Uint8Array = new Uint8Array(0);
  private readonly headers = new Headers();
  private readonly inner = new Headers();
  private readonly from = new Tuple();
  private readonly to = new Tuple();

  /**
   * Counts `hops` off the time to live (net/ipv4/ip_forward.c: ip_forward()), and changes what differs between two tuples
   * as net/netfilter/nf_nat_proto.c: nf_nat_manip_pkt() does; null: nothing. An ICMP error is changed together with the
   * packet that it carries (nf_nat_icmp_reply_translation()). What was not captured is left.
   */
  pass(p: Packet, hops: number, from: Tuple | null, to: Tuple | null): void {
    const { headers } = this;
    this.own(p);
    if (!readPacket(p, headers)) return;
    countHops(headers, hops);
    if (from === null || to === null) return;
    writeAddresses(headers, from, to);
    if (!isError(headers)) writePorts(headers, from, to);
    else if (invert(from, this.from) && invert(to, this.to)) this.writeInner(headers);
  }

  /** The packet that an error carries went the other way. */
  private writeInner(outer: Headers): void {
    const { inner, from, to } = this;
    if (!readInner(outer, outer.transport + ICMP_HEADER, inner)) return;
    const before = sumOf(inner);
    writeAddresses(inner, from, to);
    writePorts(inner, from, to);
    // The error's own checksum covers the packet that it carries.
    for (const at of checksumOf(outer)) addToSum(outer.data, at, (~before & 0xffff) + sumOf(inner));
  }

  /** The packet's bytes move into the buffer as they stand: the frame belongs to its reader. */
  private own(p: Packet): void {
    const size = p.end - p.head;
    if (this.buffer.length < size) this.buffer = new Uint8Array(2 * size);
    this.buffer.set(p.data.subarray(p.head, p.end));
    p.moveTo(this.buffer);
  }
}

function countHops({ data, family, network }: Headers, hops: number): void {
  const at = network + (family === 4 ? 8 : 7);
  const left = Math.max(0, Math.min(255, u8(data, at) - hops));
  if (family === 4) write16(data, at, (left << 8) | u8(data, at + 1), [network + 10]);
  else data[at] = left;
}

function writeAddresses(h: Headers, from: Tuple, to: Tuple): void {
  const words = h.family === 4 ? 1 : 4;
  const at = h.network + (h.family === 4 ? 12 : 8);
  const sums = [...(h.family === 4 ? [h.network + 10] : []), ...pseudoSums(h)];
  for (let i = 0; i < words; i++) {
    if (from.src[i] !== to.src[i]) write32(h.data, at + 4 * i, to.src[i] ?? 0, sums);
    if (from.dst[i] !== to.dst[i]) write32(h.data, at + 4 * (words + i), to.dst[i] ?? 0, sums);
  }
}

function writePorts(h: Headers, from: Tuple, to: Tuple): void {
  if (h.fragment === Fragment.LATER) return;
  if (isIcmp(h.proto)) {
    if (from.srcAll !== to.srcAll) writeIfThere(h, ICMP_ID, to.srcAll);
    return;
  }
  if (!hasPorts(h.proto)) return;
  if (from.srcAll !== to.srcAll) writeIfThere(h, 0, to.srcAll);
  if (from.dstAll !== to.dstAll) writeIfThere(h, 2, to.dstAll);
}

function writeIfThere(h: Headers, offset: number, value: number): void {
  const at = h.transport + offset;
  if (at + 2 <= h.end) write16(h.data, at, value, checksumOf(h));
}

/** Checksums that cover the addresses: ICMP's does not. */
const pseudoSums = (h: Headers): readonly number[] => (h.proto === IPPROTO.ICMP ? [] : checksumOf(h));

/** The checksum of the transport header, where it was captured and there is one: UDP's may be 0 over IPv4. */
function checksumOf(h: Headers): readonly number[] {
  const offset = CHECKSUM.get(h.proto);
  if (offset === undefined || h.fragment === Fragment.LATER) return [];
  const at = h.transport + offset;
  if (at + 2 > h.end) return [];
  return h.proto === IPPROTO.UDP && h.family === 4 && be16(h.data, at) === 0 ? [] : [at];
}

function write32(data: Uint8Array, at: number, value: number, sums: readonly number[]): void {
  if (be32(data, at) === value) return;
  write16(data, at, value >>> 16, sums);
  write16(data, at + 2, value & 0xffff, sums);
}

/** Writes a number, and brings the checksums that cover it up to date. */
function write16(data: Uint8Array, at: number, value: number, sums: readonly number[]): void {
  const before = be16(data, at);
  put16(data, at, value);
  for (const sum of sums) addToSum(data, sum, (~before & 0xffff) + value);
}

/** RFC 1624, equation 3: a checksum after a change, which is the complement of the old bytes and the new ones. */
function addToSum(data: Uint8Array, at: number, change: number): void {
  put16(data, at, ~folded((~be16(data, at) & 0xffff) + change) & 0xffff);
}

/** RFC 1071: the sum of the bytes that were captured of a packet. */
function sumOf({ data, network, end }: Headers): number {
  let sum = 0;
  for (let at = network; at < end; at += 2) sum += (u8(data, at) << 8) | (at + 1 < end ? u8(data, at + 1) : 0);
  return folded(sum);
}

function folded(sum: number): number {
  let rest = sum;
  while (rest > 0xffff) rest = (rest & 0xffff) + Math.floor(rest / 0x10000);
  return rest;
}

function put16(data: Uint8Array, at: number, value: number): void {
  data[at] = value >>> 8;
  data[at + 1] = value & 0xff;
}
