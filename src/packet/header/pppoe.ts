import { be16, u8 } from '../../u32.ts';
import { ETH_P } from '../ethertype.ts';
import type { FlowKeys } from '../flow-keys.ts';
import type { Packet } from '../packet.ts';
import { DissectRet, has } from './dissect-ret.ts';

/** RFC 1661 protocol numbers that lead on: IP, IPv6, MPLS unicast and multicast; 0 for the others. */
export function pppEtherType(protocol: number): number {
  switch (protocol) {
    case 0x0021:
      return ETH_P.IPV4;
    case 0x0057:
      return ETH_P.IPV6;
    case 0x0281:
      return ETH_P.MPLS_UC;
    case 0x0283:
      return ETH_P.MPLS_MC;
    default:
      return 0;
  }
}

/**
 * net/core/flow_dissector.c: __skb_flow_dissect(), case ETH_P_PPP_SES.
 * `compressed`: kernels before 6.1.176 also took a protocol field squeezed into one byte.
 */
export function pppoe(p: Packet, keys: FlowKeys, compressed: boolean): DissectRet {
  if (!has(p, keys, 8)) return DissectRet.BAD;
  const at = keys.at;
  if (be16(p.data, at) !== 0x1100) return DissectRet.BAD;
  let protocol = be16(p.data, at + 6);
  let length = 8;
  if (compressed && (u8(p.data, at + 6) & 1) === 1) {
    protocol >>>= 8;
    length = 7;
  }
  keys.at = at + length;
  const type = pppEtherType(protocol);
  if (type !== 0) {
    keys.proto = type;
    return DissectRet.AGAIN;
  }
  return (protocol & 0x0101) === 0x0001 ? DissectRet.GOOD : DissectRet.BAD;
}
