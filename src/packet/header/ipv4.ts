import { be16, be32, u8 } from '../../u32.ts';
import { AddrType, type FlowKeys } from '../flow-keys.ts';
import type { Packet } from '../packet.ts';
import { DissectRet, has } from './dissect-ret.ts';

const MORE_FRAGMENTS_OR_OFFSET = 0x3fff;

/** net/core/flow_dissector.c: __skb_flow_dissect(), case ETH_P_IP. The version nibble is not looked at. */
export function ipv4(p: Packet, keys: FlowKeys): DissectRet {
  if (!has(p, keys, 20)) return DissectRet.BAD;
  const { data } = p;
  const at = keys.at;
  const headerWords = u8(data, at) & 0x0f;
  if (headerWords < 5) return DissectRet.BAD;
  keys.at = at + 4 * headerWords;
  keys.ipProto = u8(data, at + 9);
  keys.addr[0] = be32(data, at + 12);
  keys.addr[1] = be32(data, at + 16);
  keys.addrType = AddrType.IPV4;
  if ((be16(data, at + 6) & MORE_FRAGMENTS_OR_OFFSET) === 0) return DissectRet.ON;
  keys.isFragment = true;
  return DissectRet.GOOD;
}
