import { byteAt, ETH_P, IPPROTO, isReadable, isVlan, outerProtocol, type Packet, Reader } from '../../packet/index.ts';

/**
 * struct fl_flow_key: what a flower filter compares, as bytes in network order. A filter has a value and a mask of
 * this layout, and every packet is dissected into one.
 */
export const FIELD = {
  iif: [0, 4],
  ethDst: [4, 6],
  ethSrc: [10, 6],
  nProto: [16, 2],
  ipProto: [18, 1],
  ipTos: [19, 1],
  ipTtl: [20, 1],
  addrType: [21, 1],
  src: [22, 16],
  dst: [38, 16],
  srcPort: [54, 2],
  dstPort: [56, 2],
  tcpFlags: [58, 2],
  vlanId: [60, 2],
  vlanPrio: [62, 1],
  vlanTpid: [63, 2],
  vlanNext: [65, 2],
  srcMin: [67, 2],
  srcMax: [69, 2],
  dstMin: [71, 2],
  dstMax: [73, 2],
} as const;
export type Field = keyof typeof FIELD;
export const KEY_SIZE = 75;
/** Where the ranges begin: bytes from here on are compared as bounds. */
export const COMPARED = FIELD.srcMin[0];

export const ADDR_IPV4 = 4;
export const ADDR_IPV6 = 6;

const VLAN_VID = 0xfff;
const MIN_TCP = 20;
const TCP_FLAGS = 0xfff;
const FRAGMENT = 0x3fff;
const MAX_HEADERS = 15;

/** The key of one packet. Its bytes are overwritten by the next. */
export class FlowerDissector {
  readonly key = new Uint8Array(KEY_SIZE);
  private at = 0;

  /**
   * skb_flow_dissect() as flower calls it: tags, then IPv4 or IPv6 with its extension headers, then ports. It stops
   * before anything that is carried inside (FLOW_DISSECTOR_F_STOP_BEFORE_ENCAP). What is missing stays 0, and so does the
   * device that the packet came in on.
   */
  dissect(p: Packet): Uint8Array {
    this.key.fill(0);
    this.at = p.network;
    this.copy('ethDst', p, p.mac, p.mac >= 0);
    this.copy('ethSrc', p, p.mac + 6, p.mac >= 0);
    const proto = this.tags(p);
    this.put('nProto', proto);
    if (proto === ETH_P.IPV4) this.ipv4(p);
    else if (proto === ETH_P.IPV6) this.ipv6(p);
    return this.key;
  }

  put(field: Field, value: number): void {
    const [offset, size] = FIELD[field];
    for (let i = 0; i < size; i++) this.key[offset + i] = value >>> (8 * (size - 1 - i));
  }

  private copy(field: Field, p: Packet, from: number, there: boolean): void {
    const [offset, size] = FIELD[field];
    if (!there || !isReadable(p, from, size, Reader.FLOWER)) return;
    for (let i = 0; i < size; i++) this.key[offset + i] = byteAt(p, from + i);
  }

  /** The first tag is a key; the type behind the last one is what the packet is. */
  private tags(p: Packet): number {
    let proto = outerProtocol(p);
    for (let count = 0; isVlan(proto) && count < MAX_HEADERS; count++) {
      const tpid = proto;
      let tci = p.vlanTci;
      if (count === 0 && tci >= 0) proto = p.protocol;
      else {
        if (!isReadable(p, this.at, 4, Reader.FLOWER)) return proto;
        tci = half(p, this.at);
        proto = half(p, this.at + 2);
        this.at += 4;
      }
      if (count > 0) continue;
      this.put('vlanId', tci & VLAN_VID);
      this.put('vlanPrio', tci >>> 13);
      this.put('vlanTpid', tpid);
      this.put('vlanNext', proto);
    }
    return proto;
  }

  private ipv4(p: Packet): void {
    const { at } = this;
    if (!isReadable(p, at, 20, Reader.FLOWER)) return;
    const words = byteAt(p, at) & 0xf;
    if (words < 5) return;
    this.put('ipProto', byteAt(p, at + 9));
    this.put('addrType', ADDR_IPV4);
    for (let i = 0; i < 4; i++) {
      this.key[FIELD.src[0] + i] = byteAt(p, at + 12 + i);
      this.key[FIELD.dst[0] + i] = byteAt(p, at + 16 + i);
    }
    this.put('ipTos', byteAt(p, at + 1));
    this.put('ipTtl', byteAt(p, at + 8));
    this.at = at + 4 * words;
    if ((half(p, at + 6) & FRAGMENT) === 0) this.transport(p, byteAt(p, at + 9));
  }

  private ipv6(p: Packet): void {
    const { at } = this;
    if (!isReadable(p, at, 40, Reader.FLOWER)) return;
    let proto = byteAt(p, at + 6);
    this.put('addrType', ADDR_IPV6);
    this.copy('src', p, at + 8, true);
    this.copy('dst', p, at + 24, true);
    this.put('ipTos', (half(p, at) >>> 4) & 0xff);
    this.put('ipTtl', byteAt(p, at + 7));
    this.at = at + 40;
    let headers = 1;
    for (; isExtension(proto) && headers < MAX_HEADERS; headers++) {
      if (!isReadable(p, this.at, 2, Reader.FLOWER)) break;
      const next = byteAt(p, this.at);
      this.at += (byteAt(p, this.at + 1) + 1) << 3;
      proto = next;
    }
    if (proto === IPPROTO.FRAGMENT && isReadable(p, this.at, 8, Reader.FLOWER)) {
      this.put('ipProto', byteAt(p, this.at));
      return;
    }
    this.put('ipProto', proto);
    this.transport(p, proto);
  }

  private transport(p: Packet, proto: number): void {
    const { at } = this;
    if (proto !== IPPROTO.TCP && proto !== IPPROTO.UDP && proto !== IPPROTO.SCTP) return;
    this.copy('srcPort', p, at, true);
    this.copy('dstPort', p, at + 2, true);
    if (proto !== IPPROTO.TCP || !isReadable(p, at, MIN_TCP, Reader.FLOWER) || byteAt(p, at + 12) >>> 4 < 5) return;
    this.put('tcpFlags', half(p, at + 12) & TCP_FLAGS);
  }
}

function half(p: Packet, at: number): number {
  return (byteAt(p, at) << 8) | byteAt(p, at + 1);
}

function isExtension(proto: number): boolean {
  return proto === IPPROTO.HOPOPTS || proto === IPPROTO.ROUTING || proto === IPPROTO.DSTOPTS;
}

/** A field of a key as a number: fields of up to four bytes. */
export function numberIn(key: Uint8Array, field: Field): number {
  const [offset, size] = FIELD[field];
  let value = 0;
  for (let i = 0; i < size; i++) value = value * 256 + (key[offset + i] ?? 0);
  return value;
}

export function bytesIn(key: Uint8Array, field: Field, size: number = FIELD[field][1]): Uint8Array {
  const [offset] = FIELD[field];
  return key.slice(offset, offset + size);
}
