import { be16 } from '../../u32.ts';
import type { FlowKeys } from '../flow-keys.ts';
import type { Packet } from '../packet.ts';
import { DissectRet, has } from './dissect-ret.ts';

/**
 * net/core/flow_dissector.c: __skb_flow_dissect(), case ETH_P_8021Q.
 * The first tag comes from metadata if there is one; then nothing is consumed.
 * Only the first is recorded: nobody here asks for the inner one.
 */
export function vlan(p: Packet, keys: FlowKeys): DissectRet {
  const tpid = keys.proto;
  let tci = p.vlanTci;
  if (keys.vlans === 0 && tci >= 0) {
    keys.proto = p.protocol;
  } else {
    if (!has(p, keys, 4)) return DissectRet.BAD;
    tci = be16(p.data, keys.at);
    keys.proto = be16(p.data, keys.at + 2);
    keys.at += 4;
  }
  if (keys.vlans++ === 0) {
    keys.vlanTci = tci & 0xefff;
    keys.vlanTpid = tpid;
    keys.vlanNext = keys.proto;
  }
  return DissectRet.AGAIN;
}
