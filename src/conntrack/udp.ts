import { be16 } from '../u32.ts';
import { Fragment, type Headers } from './headers.ts';
import { type Follower, stateless } from './state.ts';

/** Seconds after its first packet from which on an answered flow of UDP counts as a stream; no other time-out knows age. */
export const GROWN_UP = 2;

/** net/netfilter/nf_conntrack_proto_udp.c: nf_conntrack_udp_packet() */
const timeout: Follower['timeout'] = (_state, replied, age) => (replied && age > GROWN_UP ? 120 : 30);

/** nf_conntrack_proto_udp.c: nf_conntrack_udp_packet() assures streams, nf_conntrack_udplite_packet() whatever is answered. */
const assuresStream: NonNullable<Follower['assures']> = (_from, _to, replied, age) => replied && age > GROWN_UP;
const assuresAnswered: NonNullable<Follower['assures']> = (_from, _to, replied) => replied;

/** nf_conntrack_proto_udp.c: udp_error(), without the checksum, which captures of offloading cards do not have. */
function validUdp(h: Headers): boolean {
  if (h.sent < 8) return false;
  if (h.captured < 6 || h.fragment !== Fragment.NONE) return true;
  const length = be16(h.data, h.transport + 4);
  return length >= 8 && length <= h.sent;
}

/** nf_conntrack_proto_udp.c: udplite_error() — the coverage lies within the packet; a checksum is a must. */
function validUdpLite(h: Headers): boolean {
  if (h.sent < 8) return false;
  if (h.captured < 8) return true;
  const coverage = be16(h.data, h.transport + 4);
  const bounds = coverage === 0 || (coverage >= 8 && (h.fragment !== Fragment.NONE || coverage <= h.sent));
  return bounds && be16(h.data, h.transport + 6) !== 0;
}

export const udp = stateless(timeout, assuresStream, validUdp);
export const udplite = stateless(timeout, assuresAnswered, validUdpLite);
