import { stateless } from './state.ts';

/** net/netfilter/nf_conntrack_proto_gre.c */
export const gre = stateless((_state, replied) => (replied ? 180 : 30));
/** net/netfilter/nf_conntrack_proto_generic.c: any other protocol. */
export const generic = stateless(() => 600);
