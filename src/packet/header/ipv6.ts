import { be32, u8 } from '../../u32.ts';
import { ETH_P } from '../ethertype.ts';
import { AddrType, type FlowKeys } from '../flow-keys.ts';
import type { Packet } from '../packet.ts';
import { DissectRet, has } from './dissect-ret.ts';

const FLOW_LABEL = 0x000fffff;

/**
 * net/core/flow_dissector.c: __skb_flow_dissect(), case ETH_P_IPV6.
 * The flow label ends the walk only when the flow hash asks (`stopAtLabel`).
 */
export function ipv6(p: Packet, keys: FlowKeys, stopAtLabel: boolean): DissectRet {
  if (!has(p, keys, 40)) return DissectRet.BAD;
  const { data } = p;
  const at = keys.at;
  keys.ipProto = u8(data, at + 6);
  keys.at = at + 40;
  for (let word = 0; word < 8; word++) keys.addr[word] = be32(data, at + 8 + 4 * word);
  keys.addrType = AddrType.IPV6;
  const label = be32(data, at) & FLOW_LABEL;
  if (label === 0) return DissectRet.ON;
  keys.flowLabel = label;
  return stopAtLabel ? DissectRet.GOOD : DissectRet.ON;
}

/** Hop-by-hop, routing and destination options: NEXTHDR_HOP, NEXTHDR_ROUTING, NEXTHDR_DEST. */
export function extension(p: Packet, keys: FlowKeys): DissectRet {
  if (keys.proto !== ETH_P.IPV6) return DissectRet.ON;
  if (!has(p, keys, 2)) return DissectRet.BAD;
  keys.ipProto = u8(p.data, keys.at);
  keys.at += 8 * (u8(p.data, keys.at + 1) + 1);
  return DissectRet.NEXT;
}

/** NEXTHDR_FRAGMENT: no ports from here on, whichever fragment it is (quirk 4). */
export function fragment(p: Packet, keys: FlowKeys): DissectRet {
  if (keys.proto !== ETH_P.IPV6) return DissectRet.ON;
  if (!has(p, keys, 8)) return DissectRet.BAD;
  keys.isFragment = true;
  keys.ipProto = u8(p.data, keys.at);
  keys.at += 8;
  return DissectRet.GOOD;
}
