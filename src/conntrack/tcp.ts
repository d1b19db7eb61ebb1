import { u8 } from '../u32.ts';
import { Fragment, type Headers } from './headers.ts';
import { type Follower, Next, type TransitionTable, transition } from './state.ts';

const State = { NONE: 0, SYN_SENT: 1, SYN_RECV: 2, ESTABLISHED: 3, TIME_WAIT: 7 } as const;

/** Seconds: none, SYN sent, SYN received, established, FIN wait, close wait, last ACK, time wait, close, SYN sent twice. */
const TIMEOUT: readonly number[] = [0, 120, 60, 432000, 120, 60, 30, 120, 10, 120];
/** nf_conntrack_tcp_timeout_unacknowledged: the longest a flow may live on whose answers were never seen. */
const UNACKNOWLEDGED = 300;

const Row = { SYN: 0, SYNACK: 1, FIN: 2, ACK: 3, RST: 4 } as const;

/** net/netfilter/nf_conntrack_proto_tcp.c: tcp_conntracks[][][]; columns in the order of TIMEOUT. */
const ROWS: readonly [TransitionTable, TransitionTable] = [
  ['11.....119', '--2------2', '--4466678-', '3-3355778-', '-888888888'],
  ['-9-----1-9', '-2.......2', '--4466678-', '-.2355778.', '-888888888'],
];

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
const URG = 0x20;

/** nf_conntrack_proto_tcp.c: tcp_valid_flags[], PSH, ECE and CWR left aside. */
const VALID_FLAGS: readonly number[] = [
  SYN,
  SYN | URG,
  SYN | ACK,
  RST,
  RST | ACK,
  FIN | ACK,
  FIN | ACK | URG,
  ACK,
  ACK | URG,
];

/** How many kinds of packets the tables tell apart. */
export const TCP_KINDS = ROWS[0].length;

/** nf_conntrack_proto_tcp.c: get_conntrack_index(), of flags that tcp_error() does not refuse; -1: it does. */
export function tcpKind(flags: number): number {
  const counting = flags & (FIN | SYN | RST | ACK | URG);
  if (!VALID_FLAGS.includes(counting)) return -1;
  if (counting & RST) return Row.RST;
  if (counting & SYN) return counting & ACK ? Row.SYNACK : Row.SYN;
  return counting & FIN ? Row.FIN : Row.ACK;
}

/** nf_conntrack_proto_tcp.c: tcp_error(), without the checksum; -1 for what it refuses. */
function kindOf(h: Headers): number {
  if (h.captured < 14) return -1;
  const length = (u8(h.data, h.transport + 12) >>> 4) * 4;
  if (length < 20 || (h.fragment === Fragment.NONE && length > h.sent)) return -1;
  return tcpKind(u8(h.data, h.transport + 13));
}

/**
 * nf_conntrack_proto_tcp.c: nf_conntrack_tcp_packet(), with nf_conntrack_tcp_loose=1 (a flow is picked up in the
 * middle). Sequence numbers are not followed: where the kernel would call a packet out of window, it keeps its entry here.
 */
export const tcp: Follower = {
  next(h, state, direction, replied) {
    const kind = kindOf(h);
    if (kind < 0) return Next.INVALID;
    const next = transition(ROWS, direction, kind, state);
    if (next === State.SYN_SENT && state >= State.TIME_WAIT) return Next.REOPEN;
    if (next >= 0 && kind === Row.RST && !replied) return Next.KILL;
    return next;
  },
  timeout(state, replied) {
    const seconds = TIMEOUT[state] ?? 0;
    return state === State.ESTABLISHED && !replied ? UNACKNOWLEDGED : seconds;
  },
  assures: (from, to, replied) =>
    replied && to === State.ESTABLISHED && (from === State.SYN_RECV || from === State.ESTABLISHED),
  isMidway: (state) => state === State.ESTABLISHED,
};
