import { IPPROTO } from '../packet/index.ts';
import { dccp } from './dccp.ts';
import { icmp, icmpv6 } from './icmp.ts';
import { generic, gre } from './other.ts';
import { sctp } from './sctp.ts';
import type { Follower } from './state.ts';
import { tcp } from './tcp.ts';
import { udp, udplite } from './udp.ts';

const PROTOCOLS: ReadonlyMap<number, Follower> = new Map([
  [IPPROTO.TCP, tcp],
  [IPPROTO.UDP, udp],
  [IPPROTO.ICMP, icmp],
  [IPPROTO.ICMPV6, icmpv6],
  [IPPROTO.UDPLITE, udplite],
  [IPPROTO.SCTP, sctp],
  [IPPROTO.DCCP, dccp],
  [IPPROTO.GRE, gre],
]);

/** net/netfilter/nf_conntrack_core.c: nf_conntrack_handle_packet() */
export function followerOf({ proto }: { readonly proto: number }): Follower {
  return PROTOCOLS.get(proto) ?? generic;
}
