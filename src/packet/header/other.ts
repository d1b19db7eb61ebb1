import { be16, be32, u8 } from '../../u32.ts';
import { AddrType, type FlowKeys } from '../flow-keys.ts';
import type { Packet } from '../packet.ts';
import { DissectRet, has } from './dissect-ret.ts';

const TIPC_HEADER = 16;
/** include/net/tipc.h: KEEPALIVE_MSG_MASK */
const TIPC_KEEPALIVE = 0x0e080000;

/** net/core/flow_dissector.c: __skb_flow_dissect(), case ETH_P_TIPC. A keep-alive's address is a drawn number. */
export function tipc(p: Packet, keys: FlowKeys): DissectRet {
  if (!has(p, keys, TIPC_HEADER)) return DissectRet.BAD;
  keys.drawn = (be32(p.data, keys.at) & TIPC_KEEPALIVE) === TIPC_KEEPALIVE;
  keys.addr[0] = keys.drawn ? p.random() : be32(p.data, keys.at + 12);
  keys.addrType = AddrType.TIPC;
  return DissectRet.GOOD;
}

const BATMAN_UNICAST = 0x40;
const BATMAN_VERSION = 15;
const BATMAN_UNICAST_LENGTH = 10;
const ETHERNET_HEADER = 14;

/** net/core/flow_dissector.c: __skb_flow_dissect_batadv() */
export function batman(p: Packet, keys: FlowKeys): DissectRet {
  if (!has(p, keys, BATMAN_UNICAST_LENGTH + ETHERNET_HEADER)) return DissectRet.BAD;
  const { data } = p;
  const at = keys.at;
  if (u8(data, at) !== BATMAN_UNICAST || u8(data, at + 1) !== BATMAN_VERSION) return DissectRet.BAD;
  keys.proto = be16(data, at + BATMAN_UNICAST_LENGTH + 12);
  keys.at = at + BATMAN_UNICAST_LENGTH + ETHERNET_HEADER;
  return DissectRet.AGAIN;
}

/** net/core/flow_dissector.c: __skb_flow_dissect(), cases ETH_P_PRP and ETH_P_HSR */
export function hsr(p: Packet, keys: FlowKeys): DissectRet {
  if (!has(p, keys, 6)) return DissectRet.BAD;
  keys.proto = be16(p.data, keys.at + 4);
  keys.at += 6;
  return DissectRet.AGAIN;
}

/** Headers that end the walk well if they are whole: MPLS (no label is asked for), FCoE, PTP, ARP. */
export function whole(p: Packet, keys: FlowKeys, length: number): DissectRet {
  return has(p, keys, length) ? DissectRet.GOOD : DissectRet.BAD;
}
