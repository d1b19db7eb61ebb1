import { Direction, IPPROTO } from '../packet/index.ts';
import { u8 } from '../u32.ts';
import { type Follower, Next, SEEN } from './state.ts';
import { isQuestion } from './tuple.ts';

/** nf_conntrack_proto_icmp.c: nf_conntrack_icmp_packet() — only questions open an entry, and only in their own family. */
function icmpOf(family: 4 | 6, questions: (type: number) => boolean): Follower {
  return {
    next: (h, state, direction) => {
      if (h.family !== family) return Next.INVALID;
      if (state === 0 && direction === Direction.ORIGINAL && !questions(u8(h.data, h.transport))) return Next.INVALID;
      return SEEN;
    },
    timeout: () => 30,
  };
}

export const icmp = icmpOf(4, (type) => isQuestion(IPPROTO.ICMP, type));
export const icmpv6 = icmpOf(6, (type) => isQuestion(IPPROTO.ICMPV6, type));
