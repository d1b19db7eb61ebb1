import { be16, be32, u8 } from '../u32.ts';
import { readPorts, settleAddresses } from './dissect.ts';
import { ETH_P, IPPROTO, isVlan } from './ethertype.ts';
import { AddrType, type FlowKeys } from './flow-keys.ts';
import { DissectRet, has } from './header/dissect-ret.ts';
import type { Packet } from './packet.ts';

/**
 * net/core/flow_dissector.c: skb_flow_dissect() of about Linux 3.14 — the seed era.
 * It knows fewer headers, no limit on their number, and gives up at the first bad one: protocol and ports are
 * written at the very end only, so they stay 0 then, while addresses of outer headers remain. False: it gave up.
 */
export function dissectSeed(p: Packet, keys: FlowKeys): boolean {
  keys.reset();
  keys.at = p.network;
  keys.proto = p.protocol;
  const ipProto = walk(p, keys);
  settleAddresses(keys);
  if (ipProto === GIVE_UP) return false;
  keys.ipProto = ipProto;
  keys.ports = readPorts(p, keys);
  return true;
}

/** Returns the transport protocol, or GIVE_UP. */
function walk(p: Packet, keys: FlowKeys): number {
  for (;;) {
    const { at, proto } = keys;
    let ipProto = networkHeader(p, keys);
    keys.trace?.('network', proto, at, keys.at, ipProto === GIVE_UP ? DissectRet.BAD : DissectRet.ON);
    if (ipProto === IPPROTO.GRE) ipProto = greHeader(p, keys);
    if (ipProto === IPPROTO.IPIP) keys.proto = ETH_P.IPV4;
    else if (ipProto === IPPROTO.IPV6) keys.proto = ETH_P.IPV6;
    else if (ipProto !== AGAIN) return ipProto;
  }
}

const GIVE_UP = -1;
/** Above every protocol number: an EtherType header was passed, look at the next. */
const AGAIN = 256;

function networkHeader(p: Packet, keys: FlowKeys): number {
  const { data } = p;
  const at = keys.at;
  if (keys.proto === ETH_P.IPV4) {
    if (!has(p, keys, 20) || (u8(data, at) & 0x0f) < 5) return GIVE_UP;
    keys.at = at + 4 * (u8(data, at) & 0x0f);
    keys.addr[0] = be32(data, at + 12);
    keys.addr[1] = be32(data, at + 16);
    keys.addrType = AddrType.IPV4;
    return (be16(data, at + 6) & 0x3fff) !== 0 ? 0 : u8(data, at + 9);
  }
  if (keys.proto === ETH_P.IPV6) {
    if (!has(p, keys, 40)) return GIVE_UP;
    for (let word = 0; word < 8; word++) keys.addr[word] = be32(data, at + 8 + 4 * word);
    keys.addrType = AddrType.IPV6;
    keys.at = at + 40;
    return u8(data, at + 6);
  }
  if (isVlan(keys.proto)) {
    if (!has(p, keys, 4)) return GIVE_UP;
    keys.proto = be16(data, at + 2);
    keys.at = at + 4;
    return AGAIN;
  }
  if (keys.proto === ETH_P.PPP_SES) {
    if (!has(p, keys, 8)) return GIVE_UP;
    const ppp = be16(data, at + 6);
    if (ppp !== 0x0021 && ppp !== 0x0057) return GIVE_UP;
    keys.proto = ppp === 0x0021 ? ETH_P.IPV4 : ETH_P.IPV6;
    keys.at = at + 8;
    return AGAIN;
  }
  return GIVE_UP;
}

/** Version 0 without routing only; all others stay GRE. */
function greHeader(p: Packet, keys: FlowKeys): number {
  if (!has(p, keys, 4)) return GIVE_UP;
  const flags = be16(p.data, keys.at);
  if ((flags & 0x4007) !== 0) return IPPROTO.GRE;
  keys.proto = be16(p.data, keys.at + 2);
  keys.at += 4;
  for (const optional of [0x8000, 0x2000, 0x1000]) if ((flags & optional) !== 0) keys.at += 4;
  if (keys.proto === ETH_P.TEB) {
    if (!has(p, keys, 14)) return GIVE_UP;
    keys.proto = be16(p.data, keys.at + 12);
    keys.at += 14;
  }
  return AGAIN;
}
