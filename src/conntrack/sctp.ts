import type { Direction } from '../packet/index.ts';
import { be16, be32, u8 } from '../u32.ts';
import type { Headers } from './headers.ts';
import { type Follower, Next, type TransitionTable, transition } from './state.ts';

/** include/linux/sctp.h: enum sctp_cid */
const Chunk = {
  INIT: 1,
  INIT_ACK: 2,
  HEARTBEAT: 4,
  HEARTBEAT_ACK: 5,
  ABORT: 6,
  SHUTDOWN: 7,
  SHUTDOWN_ACK: 8,
  ERROR: 9,
  COOKIE_ECHO: 10,
  COOKIE_ACK: 11,
  SHUTDOWN_COMPLETE: 14,
} as const;

/** net/netfilter/nf_conntrack_proto_sctp.c: sctp_new_state() — the kinds of chunk that matter, in the order of ROWS. */
const KINDS: readonly number[] = [
  Chunk.INIT,
  Chunk.INIT_ACK,
  Chunk.ABORT,
  Chunk.SHUTDOWN,
  Chunk.SHUTDOWN_ACK,
  Chunk.ERROR,
  Chunk.COOKIE_ECHO,
  Chunk.COOKIE_ACK,
  Chunk.SHUTDOWN_COMPLETE,
  Chunk.HEARTBEAT,
  Chunk.HEARTBEAT_ACK,
];

/** Seconds: none, closed, cookie wait, cookie echoed, established, shutdown sent, received, acknowledged, heartbeat sent. */
const TIMEOUT: readonly number[] = [0, 10, 3, 3, 210, 3, 3, 3, 30];

const ESTABLISHED = 4;

/** nf_conntrack_proto_sctp.c: sctp_conntracks[][][]; columns in the order of TIMEOUT. */
const ROWS: readonly [TransitionTable, TransitionTable] = [
  [
    '112341172',
    '112345671',
    '111111111',
    '112355671',
    '712347777',
    '112345671',
    '113345671',
    '112445671',
    '112345611',
    '812345678',
    '112345678',
  ],
  [
    '-1234567-',
    '-2234567-',
    '-1111111-',
    '-1236567-',
    '-1234777-',
    '-1214567-',
    '-1334567-',
    '-1244567-',
    '-1234561-',
    '-12345678',
    '-12345674',
  ],
];

/** nf_conntrack_proto_sctp.c: do_basic_checks() — chunks that must stand first, or alone. */
function misplaced(type: number, count: number, aloneSeen: boolean): boolean {
  const first = type === Chunk.COOKIE_ACK || type === Chunk.COOKIE_ECHO;
  return count > 0 && (first || aloneSeen || standsAlone(type));
}

function standsAlone(type: number): boolean {
  return type === Chunk.INIT || type === Chunk.INIT_ACK || type === Chunk.SHUTDOWN_COMPLETE;
}

/** nf_conntrack_proto_sctp.c: sctp_new() and the checks before it — can a packet with this chunk open an entry? */
function opens(type: number, tag: number): boolean {
  if (type === Chunk.ABORT || type === Chunk.SHUTDOWN_COMPLETE || type === Chunk.COOKIE_ACK) return false;
  return KINDS.includes(type) && (type !== Chunk.INIT || tag === 0);
}

/**
 * nf_conntrack_proto_sctp.c: nf_conntrack_sctp_packet(), chunk by chunk. Of the verification tags only the rule
 * that INIT carries none is kept.
 */
export const sctp: Follower = {
  next(h: Headers, state: number, direction: Direction) {
    if (h.captured < 12) return Next.INVALID;
    const tag = be32(h.data, h.transport + 4);
    let next = state;
    let count = 0;
    let alone = false;
    for (let at = h.transport + 12; at + 4 <= h.end; count++) {
      const type = u8(h.data, at);
      const length = be16(h.data, at + 2);
      if (length === 0 || misplaced(type, count, alone)) return Next.INVALID;
      if (state === 0 && !opens(type, tag)) return Next.INVALID;
      if (type === Chunk.INIT && tag !== 0) return Next.INVALID;
      alone ||= standsAlone(type);
      const row = KINDS.indexOf(type);
      if (row >= 0) next = transition(ROWS, direction, row, next);
      if (next < 0) return next;
      at += (length + 3) & ~3;
    }
    return count === 0 ? Next.INVALID : next;
  },
  timeout: (state) => TIMEOUT[state] ?? 0,
  assures: (from, to) => from !== ESTABLISHED && to === ESTABLISHED,
};
