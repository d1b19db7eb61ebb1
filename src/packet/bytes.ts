import { u8 } from '../u32.ts';
import { Input, Reader } from './inputs.ts';
import type { Packet } from './packet.ts';

/*
 * The packet's bytes as the kernel's one buffer has them. Positions are indices into `data`, with one exception: where
 * a tag was taken out, the kernel moves the twelve address bytes up to the type behind it, and here they stay. So a
 * position before mac + 12 means the byte that the kernel would find there.
 */

/** include/linux/pkt_cls.h: TCF_LAYER_* */
export const Layer = { LINK: 0, NETWORK: 1, TRANSPORT: 2 } as const;

const ADDRESSES = 12;

/** A position that no packet reaches: a header that was never set. */
const NOWHERE = 0x7fff0000;

/** include/net/pkt_cls.h: tcf_get_base_ptr() — where a layer's header begins. */
export function layerStart(p: Packet, layer: number): number {
  switch (layer) {
    case Layer.LINK:
      return p.mac < 0 ? NOWHERE : p.mac;
    case Layer.NETWORK:
      return p.network;
    case Layer.TRANSPORT:
      p.reads(Input.TRANSPORT, Reader.MATCH);
      return p.transport < 0 ? NOWHERE : p.transport;
    default:
      return NOWHERE;
  }
}

/** Index into `data` of the byte that the kernel has at `position`. */
function indexOf(p: Packet, position: number): number {
  return p.mac >= 0 && position < p.mac + ADDRESSES ? position - p.mac + p.addresses : position;
}

/** Whether all of `length` bytes from `position` on were captured; `reader` wants them. */
export function isReadable(p: Packet, position: number, length: number, reader: Reader = Reader.MATCH): boolean {
  if (position + length > p.end) {
    if (p.isCutBefore(position + length)) p.reads(Input.CUT, reader);
    return false;
  }
  if (p.isGuessed(position, length)) p.reads(Input.NAT, reader);
  return indexOf(p, position) >= p.head;
}

/** One byte; the caller asked isReadable() before. */
export function byteAt(p: Packet, position: number): number {
  return u8(p.data, indexOf(p, position));
}
