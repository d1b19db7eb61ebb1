import { be16 } from '../u32.ts';
import { ETH_HLEN, isVlan, VLAN_HLEN } from './ethertype.ts';
import type { Packet } from './packet.ts';

/** include/linux/if_vlan.h: VLAN_MAX_DEPTH */
const MAX_DEPTH = 8;

/**
 * include/linux/if_vlan.h: skb_protocol(skb, true) — the EtherType behind all VLAN tags, host order.
 * The walk starts at data + mac_len - 4, wherever that may point (quirk 3); what is missing there gives 0.
 */
export function innerProtocol(p: Packet): number {
  if (!isVlan(p.protocol)) return p.protocol;
  let at = p.at + (p.macLen > 0 ? p.macLen - VLAN_HLEN : ETH_HLEN);
  for (let depth = MAX_DEPTH - 1; depth > 0; depth--, at += VLAN_HLEN) {
    if (at + VLAN_HLEN > p.end) return 0;
    const type = be16(p.data, at + 2);
    if (!isVlan(type)) return type;
  }
  return 0;
}

/** include/linux/if_vlan.h: skb_protocol(skb, false) — what a filter's `protocol` is compared with: the tag in metadata first. */
export function outerProtocol(p: Packet): number {
  return p.vlanTci >= 0 ? p.vlanProto : p.protocol;
}
