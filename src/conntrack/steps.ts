import { type Direction, IPPROTO } from '../packet/index.ts';
import { Headers } from './headers.ts';
import { followerOf } from './protocol.ts';
import { TCP_KINDS, tcpKind } from './tcp.ts';

/**
 * Kinds of whole packets, as far as they tell how a connection goes on: of TCP tcpKind(), and echoes of ICMP. NONE: what
 * is refused.
 */
export const Kind = {
  UDP: TCP_KINDS,
  QUESTION: TCP_KINDS + 1,
  ANSWER: TCP_KINDS + 2,
  NONE: TCP_KINDS + 3,
  COUNT: TCP_KINDS + 4,
} as const;

/** More than any of these protocols has. */
export const STATES = 16;

/** What a packet does to its connection, or to none, which it opens. */
export interface Transition {
  /** The entry's next state. */
  readonly state: number;
  /** Of a connection that is at most GROWN_UP old, and of an older one. */
  readonly young: Ageing;
  readonly old: Ageing;
}

/** What depends on a connection's age. */
export interface Ageing {
  /** Nanoseconds from the packet to the entry's end. */
  readonly timeout: number;
  /** The entry stays from here on when the table is full. */
  readonly assured: boolean;
}

const SECOND = 1e9;
/** A header of TCP without options: where its length and, behind it, its flags stand; more than the others have. */
const LENGTH = 20;
const TCP_OFFSET = 12;
const UDP_LENGTH = 4;

/**
 * What a packet of a kind does to a connection in a state, 0: to none; null: more than that, or nothing. All that is
 * asked of the followers, beforehand.
 */
export function transitionOf(kind: number, state: number, direction: Direction, replied: boolean): Transition | null {
  if (kind === Kind.NONE) return null;
  const proto = kind < TCP_KINDS ? IPPROTO.TCP : kind === Kind.UDP ? IPPROTO.UDP : IPPROTO.ICMP;
  const follower = followerOf({ proto });
  const next = follower.next(headersOf(kind, proto), state, direction, replied);
  if (next < 0) return null;
  const ageing = (age: number): Ageing => ({
    timeout: follower.timeout(next, replied, age) * SECOND,
    assured: follower.assures?.(state, next, replied, age) ?? false,
  });
  return { state: next, young: ageing(0), old: ageing(Number.POSITIVE_INFINITY) };
}

/** A packet of a kind. */
function headersOf(kind: number, proto: number): Headers {
  const data = new Uint8Array(LENGTH);
  if (proto === IPPROTO.TCP) data.set([(LENGTH / 4) << 4, KIND_OF_FLAGS.indexOf(kind)], TCP_OFFSET);
  else if (proto === IPPROTO.UDP) data[UDP_LENGTH + 1] = LENGTH;
  else data[0] = kind === Kind.QUESTION ? 8 : 0;
  return Object.assign(new Headers(), { proto, data, end: LENGTH, wireEnd: LENGTH });
}

/** The kind of each value of TCP's lower six flags. */
export const KIND_OF_FLAGS: readonly number[] = Array.from({ length: 64 }, (_, flags) => {
  const kind = tcpKind(flags);
  return kind < 0 ? Kind.NONE : kind;
});
