import { Direction } from '../packet/index.ts';
import { u8 } from '../u32.ts';
import { Fragment, type Headers } from './headers.ts';
import { type Follower, Next, type TransitionTable, transition } from './state.ts';

const State = { REQUEST: 1, RESPOND: 2, PARTOPEN: 3, TIMEWAIT: 7 } as const;
/** Added to the state once the former server opened the connection anew. */
const SWAPPED = 8;
const RESET = 7;
const INVALID_TYPE = 10;

/** Seconds: none, request, respond, part open, open, close request, closing, time wait. */
const TIMEOUT: readonly number[] = [0, 240, 480, 480, 43200, 64, 64, 240];

/** net/netfilter/nf_conntrack_proto_dccp.c: dccp_state_table[][][]: client, server; rows by packet type. */
const ROWS: readonly [TransitionTable, TransitionTable] = [
  [
    '112....1',
    '-......-',
    '----456-',
    '--33456-',
    '--33456-',
    '--------',
    '---666--',
    '-777777.',
    '-.......',
    '-.......',
  ],
  [
    '-......1',
    '-22....-',
    '---44-6-',
    '---44-6-',
    '---44-6-',
    '---5555-',
    '---66-6-',
    '-7777777',
    '-.......',
    '-.......',
  ],
];

/** nf_conntrack_proto_dccp.c: dccp_error(), without the checksum: the packet's type, or -1. */
function typeOf(h: Headers): number {
  if (h.captured < 12) return -1;
  const length = u8(h.data, h.transport + 4) * 4;
  if (length < 12 || (h.fragment === Fragment.NONE && length > h.sent)) return -1;
  const type = (u8(h.data, h.transport + 8) >>> 1) & 0x0f;
  return type >= INVALID_TYPE ? -1 : type;
}

/** nf_conntrack_proto_dccp.c: nf_conntrack_dccp_packet(); sequence numbers are not followed. */
export const dccp: Follower = {
  next(h, state, direction, replied) {
    const type = typeOf(h);
    if (type < 0) return Next.INVALID;
    const swapped = state & SWAPPED;
    const current = state & ~SWAPPED;
    const server = (direction === Direction.REPLY) !== (swapped !== 0);
    const next = transition(ROWS, server ? Direction.REPLY : Direction.ORIGINAL, type, current);
    if (type === RESET && !replied && state !== 0) return Next.KILL;
    if (next < 0) return next;
    const turned = server && current === State.TIMEWAIT && next === State.REQUEST;
    return next | (turned ? swapped ^ SWAPPED : swapped);
  },
  timeout: (state) => TIMEOUT[state & ~SWAPPED] ?? 0,
  assures: (from, to) => (from & ~SWAPPED) === State.RESPOND && (to & ~SWAPPED) === State.PARTOPEN,
  isMidway: () => false,
};
