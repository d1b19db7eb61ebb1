import type { RecordLayout } from '../capture/index.ts';
import { type Fields, swap32 } from './headers.ts';
import { Cell } from './layout.ts';
import {
  add,
  add64,
  and,
  branchIf,
  type Code,
  constant,
  constant64,
  eq,
  get,
  greaterThan,
  isZero,
  type Label,
  lessThan,
  load32,
  load64,
  loadFloat,
  multiply64,
  multiplyFloat,
  or,
  select,
  set,
  shiftLeft64,
  shiftRight,
  sub,
  sub64,
  toFloat,
  widen,
  xor,
} from './wasm.ts';

/** Locals of the walk over records: where this one begins, where the next does, and where the bytes end. */
export interface Walk {
  readonly at: number;
  readonly next: number;
  readonly limit: number;
}

/** What of a layout the code depends on. */
export type Records = Pick<RecordLayout, 'format' | 'little' | 'unit'>;

/** What is done with the time of a packet. */
export interface Times {
  /** From Cell.UNTIL on it is the plain engine's. */
  readonly until: boolean;
  /** What is done with the nanoseconds since the first packet; null: nobody asks. */
  readonly now: ((since: Code) => Code) | null;
}

/** A number of the record's header. */
type Word = (offset: Code | number) => Code;

/**
 * The record at `walk.at` as capture/pcap.ts or capture/pcapng.ts reads it: sets where the next begins, and the
 * packet's frame, end, captured and length. All that needs a second thought goes to `plain`: a record that is not whole,
 * one that may be broken, one that is no packet of an Ethernet device.
 */
export function recordOf(
  layout: Records,
  times: Times,
  walk: Walk,
  fields: Fields,
  scratch: number,
  plain: Label,
): Code {
  const word: Word = (offset) => {
    const loaded = typeof offset === 'number' ? load32(get(walk.at), offset) : load32(add(get(walk.at), offset));
    return layout.little ? loaded : swap32(loaded, scratch);
  };
  const format = layout.format === 'pcap' ? pcap : pcapng;
  const { captured, length, end, frame } = fields;
  return [
    format(word, walk, fields, timeOf(layout, times, plain), plain),
    set(end, add(get(frame), get(captured))),
    set(length, select(lessThan(get(length), get(captured)), get(captured), get(length))),
  ];
}

/** Goes to `plain` unless `size` bytes are there. */
function whole({ at, limit }: Walk, size: Code, plain: Label): Code {
  return branchIf(plain, lessThan(sub(get(limit), get(at)), size));
}

const PCAP_HEADER = 16;

function pcap(word: Word, walk: Walk, { frame, captured, length }: Fields, time: Time, plain: Label): Code {
  const behindHeader = sub(get(walk.limit), get(frame));
  return [
    whole(walk, constant(PCAP_HEADER), plain),
    time(word(0), word(4)),
    set(captured, word(8)),
    set(length, word(12)),
    set(frame, add(get(walk.at), constant(PCAP_HEADER))),
    // No longer frame than is accepted fits in the room.
    branchIf(plain, lessThan(behindHeader, get(captured))),
    set(walk.next, add(get(frame), get(captured))),
  ];
}

const ENHANCED_PACKET = 6;
/** Of an enhanced packet block: bytes before the frame, and with the trailing length. */
const BLOCK_HEADER = 28;
const BLOCK_LEAST = 32;
/** Bits of Cell.INTERFACES, as a power of two. */
const LOG_INTERFACES = 5;

/** The conditions of one kind are put together: a branch for each of the nine cost 10 % of the loop. */
function pcapng(word: Word, walk: Walk, { frame, captured, length }: Fields, time: Time, plain: Label): Code {
  const size = walk.next;
  const isOther = [
    xor(word(0), constant(ENHANCED_PACKET)),
    lessThan(get(size), constant(BLOCK_LEAST)),
    and(get(size), constant(3)),
    xor(word(sub(get(size), constant(4))), get(size)),
  ];
  const isUnknown = isZero(and(shiftRight(load32(constant(Cell.INTERFACES)), word(8)), constant(1)));
  return [
    whole(walk, constant(BLOCK_LEAST), plain),
    set(size, word(4)),
    // No longer block than is accepted fits in the room.
    whole(walk, get(size), plain),
    branchIf(plain, isOther.reduce(or)),
    branchIf(plain, or(isUnknown, shiftRight(word(8), constant(LOG_INTERFACES)))),
    time(word(12), word(16)),
    set(captured, word(20)),
    set(length, word(24)),
    // Behind the frame: nothing but padding. Options may say which way it went.
    branchIf(plain, greaterThan(sub(sub(get(size), constant(BLOCK_LEAST)), get(captured)), constant(3))),
    set(frame, add(get(walk.at), constant(BLOCK_HEADER))),
    set(walk.next, add(get(walk.at), get(size))),
  ];
}

/** What is done with the two words of a packet's time. */
type Time = (high: Code, low: Code) => Code;

function timeOf({ format, unit }: Records, { until: limited, now }: Times, plain: Label): Time {
  return (high, low) => {
    const units =
      format === 'pcap'
        ? add64(multiply64(widen(high), constant64(SECOND / unit)), widen(low))
        : add64(shiftLeft64(widen(high), constant64(32)), widen(low));
    const since = multiplyFloat(toFloat(sub64(units, load64(constant(Cell.BEGAN)))), loadFloat(constant(Cell.UNIT)));
    // A fraction of more than a second is carried by capture/pcap.ts alone.
    const carried = isZero(lessThan(low, constant(SECOND / unit)));
    const isLate = format === 'pcap' ? or(carried, until(high, low)) : until(high, low);
    return [limited ? branchIf(plain, isLate) : [], now === null ? [] : now(since)];
  };
}

const SECOND = 1e9;

/** A packet's time, in the two words that the format has for it, is not before Cell.UNTIL. */
function until(high: Code, low: Code): Code {
  const [thenHigh, thenLow] = [load32(constant(Cell.UNTIL)), load32(constant(Cell.UNTIL + 4))];
  return or(greaterThan(high, thenHigh), and(eq(high, thenHigh), isZero(lessThan(low, thenLow))));
}
