import { stateless } from './state.ts';

/** net/netfilter/nf_conntrack_proto_gre.c */
export const gre = stateless(
  (_state, replied) => (replied ? 180 : 30),
  (_from, _to, replied) => replied,
);
/** net/netfilter/nf_conntrack_proto_generic.c: any other protocol. */
export const generic = stateless(
  () => 600,
  () => false,
);
