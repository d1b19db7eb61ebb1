import { Direction, IPPROTO } from '../packet/index.ts';
import { followerOf } from './follow.ts';
import { Headers } from './headers.ts';
import { Tuple } from './tuple.ts';

/** What a packet does that opens a connection: the entry's first state, and nanoseconds to its end. */
export interface Opening {
  readonly state: number;
  readonly timeout: number;
}

const SECOND = 1e9;
/** A TCP header without options: and where its length and, behind it, its flags stand. */
const TCP_LENGTH = 20;
const TCP_OFFSET = 12;

/**
 * How a whole packet of TCP with these flags, or of UDP, opens a connection, if the next like it changes nothing but the
 * connection's end (as a ticket says, tracker.ts); null: it opens none, or the next does more.
 */
export function openingOf(proto: typeof IPPROTO.TCP | typeof IPPROTO.UDP, flags: number): Opening | null {
  const h = new Headers();
  h.proto = proto;
  h.data = new Uint8Array(TCP_LENGTH);
  h.end = h.wireEnd = TCP_LENGTH;
  if (proto === IPPROTO.TCP) h.data.set([(TCP_LENGTH / 4) << 4, flags], TCP_OFFSET);
  // A length of UDP's own.
  else h.data[5] = TCP_LENGTH;
  const follower = followerOf(Object.assign(new Tuple(), { proto }));
  const state = follower.next(h, 0, Direction.ORIGINAL, false);
  if (state < 0 || follower.next(h, state, Direction.ORIGINAL, false) !== state) return null;
  const seconds = follower.timeout(state, false, 0);
  return seconds === follower.timeout(state, false, Number.POSITIVE_INFINITY)
    ? { state, timeout: seconds * SECOND }
    : null;
}
