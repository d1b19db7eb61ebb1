import type { Direction } from '../packet/index.ts';
import type { Headers } from './headers.ts';

/** What a packet does to its entry, other than moving it to a state (a number from 0). */
export const Next = {
  /** The packet does not belong here: it gets no entry, the entry stays as it is. */
  INVALID: -1,
  /** The packet gets the entry and changes nothing, not even the time-out. */
  IGNORE: -2,
  /** The connection begins anew: the entry gives way to another one. */
  REOPEN: -3,
  /** The packet gets the entry, which ends with it. */
  KILL: -4,
} as const;

/** One protocol's way through its states. State 0 is the entry that its first packet finds: nothing seen yet. */
export interface Follower {
  /** The state after this packet, or one of Next. From state 0: can it open an entry? */
  next(h: Headers, state: number, direction: Direction, replied: boolean): number;
  /** Seconds until the entry is forgotten; `age` counts seconds since its first packet. */
  timeout(state: number, replied: boolean, age: number): number;
  /**
   * Does a packet that moves the entry from one state to another make it one that stays when the table is full
   * (IPS_ASSURED)? `replied` and `age` as they were before it. Absent: none does.
   */
  assures?(from: number, to: number, replied: boolean, age: number): boolean;
  /** Was an entry that begins in this state picked up in the middle? Absent: nobody can tell. */
  isMidway?(state: number): boolean;
}

/** State of an entry whose protocol has none: it exists. */
export const SEEN = 1;

/** A protocol without states of its own: `valid` refuses malformed packets. */
export function stateless(
  timeout: Follower['timeout'],
  assures: NonNullable<Follower['assures']>,
  valid: (h: Headers) => boolean = () => true,
): Follower {
  return { next: (h) => (valid(h) ? SEEN : Next.INVALID), timeout, assures };
}

/** A row per kind of packet, a column per state: the digit of the next state, `.` to ignore, `-` invalid. */
export type TransitionTable = readonly string[];

/** Looks a transition up in a pair of tables (original direction, reply direction). */
export function transition(
  rows: readonly [TransitionTable, TransitionTable],
  direction: Direction,
  row: number,
  state: number,
): number {
  const next = rows[direction][row]?.[state];
  if (next === '.') return Next.IGNORE;
  return next === undefined || next === '-' ? Next.INVALID : Number(next);
}
