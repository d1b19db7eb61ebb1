import { be16, be32 } from '../../u32.ts';
import { ETH_P } from '../ethertype.ts';
import type { FlowKeys } from '../flow-keys.ts';
import type { Packet } from '../packet.ts';
import { DissectRet, has } from './dissect-ret.ts';

const CSUM = 0x8000;
const ROUTING = 0x4000;
const KEY = 0x2000;
const SEQ = 0x1000;
const ACK = 0x0080;
const VERSION = 0x0007;
const PPP_HEADER = 4;
const ETHERNET_HEADER = 14;

/** net/core/flow_dissector.c: __skb_flow_dissect_gre(). The type already becomes GRE's own when a later part is missing. */
export function gre(p: Packet, keys: FlowKeys): DissectRet {
  if (!has(p, keys, 4)) return DissectRet.BAD;
  const start = keys.at;
  const flags = be16(p.data, start);
  const version = flags & VERSION;
  if ((flags & ROUTING) !== 0 || version > 1) return DissectRet.GOOD;
  keys.proto = be16(p.data, start + 2);
  if (version === 1 && !(keys.proto === ETH_P.PPP_GRE && (flags & KEY) !== 0)) return DissectRet.GOOD;

  let length = 4 + ((flags & CSUM) !== 0 ? 4 : 0);
  if ((flags & KEY) !== 0) {
    if (!has(p, keys, length + 4)) return DissectRet.BAD;
    const key = be32(p.data, start + length);
    keys.greKey = version === 1 ? key & 0xffff : key;
    length += 4;
  }
  if ((flags & SEQ) !== 0) length += 4;

  if (version === 1) {
    if ((flags & ACK) !== 0) length += 4;
    if (!has(p, keys, length + PPP_HEADER)) return DissectRet.BAD;
    const ppp = be16(p.data, start + length + 2);
    if (ppp === 0x0021) keys.proto = ETH_P.IPV4;
    else if (ppp === 0x0057) keys.proto = ETH_P.IPV6;
    length += PPP_HEADER;
  } else if (keys.proto === ETH_P.TEB) {
    if (!has(p, keys, length + ETHERNET_HEADER)) return DissectRet.BAD;
    keys.proto = be16(p.data, start + length + 12);
    length += ETHERNET_HEADER;
  }
  keys.at = start + length;
  return DissectRet.AGAIN;
}
