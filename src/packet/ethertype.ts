/** EtherTypes the dissector and the keys know, host order (include/uapi/linux/if_ether.h). */
export const ETH_P = {
  IPV4: 0x0800,
  ARP: 0x0806,
  RARP: 0x8035,
  BATMAN: 0x4305,
  TEB: 0x6558,
  VLAN: 0x8100,
  IPV6: 0x86dd,
  MPLS_UC: 0x8847,
  MPLS_MC: 0x8848,
  PPP_SES: 0x8864,
  PPP_GRE: 0x880b,
  VLAN_AD: 0x88a8,
  TIPC: 0x88ca,
  PTP: 0x88f7,
  PRP: 0x88fb,
  FCOE: 0x8906,
  HSR: 0x892f,
} as const;

/** Every packet, where a filter's protocol may stand. */
export const ETH_P_ALL = 0x0003;

/** Lengths of an Ethernet header and of a VLAN tag. */
export const ETH_HLEN = 14;
export const VLAN_HLEN = 4;

/** include/linux/if_vlan.h: eth_type_vlan() */
export function isVlan(type: number): boolean {
  return type === ETH_P.VLAN || type === ETH_P.VLAN_AD;
}

/** Protocol numbers the dissector knows (include/uapi/linux/in.h, in6.h). */
export const IPPROTO = {
  HOPOPTS: 0,
  ICMP: 1,
  IGMP: 2,
  IPIP: 4,
  TCP: 6,
  UDP: 17,
  DCCP: 33,
  IPV6: 41,
  ROUTING: 43,
  FRAGMENT: 44,
  GRE: 47,
  ESP: 50,
  AH: 51,
  ICMPV6: 58,
  NONE: 59,
  DSTOPTS: 60,
  SCTP: 132,
  UDPLITE: 136,
  MPLS: 137,
} as const;
