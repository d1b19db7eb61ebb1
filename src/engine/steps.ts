import { Flag, GROWN_UP, Kind, STATES, transitionOf, wordsOf } from '../conntrack/index.ts';
import { Direction } from '../packet/index.ts';
import { type Layout, STEP } from './layout.ts';
import type { Tracking } from './tracking.ts';
import {
  add,
  addFloat,
  and,
  branchIf,
  type Code,
  constant,
  constant64,
  get,
  isZero,
  lessFloat,
  load32,
  loadFloat,
  multiply,
  or,
  select,
  set,
  shiftLeft,
  shiftRight,
  storeFloat,
  subFloat,
  toFloat,
  when,
} from './wasm.ts';

/*
 * What packets do to connections, by kind, state, direction, and whether the connection was answered: conntrack/steps.ts
 * in rows of the loop's memory.
 */

/**
 * Bytes of a row, for young connections; for old ones the same again. STATE: the next state, and Flag.ASSURED where a meta
 * word has it once both are shifted by a byte; 0: the tracker decides. TIMEOUT is a float.
 */
export const Step = { STATE: 0, TIMEOUT: 8, OLD: 16 } as const;
const ASSURED = Flag.ASSURED << 8;
const SECOND = 1e9;

export function writeSteps(buffer: ArrayBuffer, { steps }: Layout): void {
  const [words, floats] = [new Int32Array(buffer), new Float64Array(buffer)];
  for (let row = 0; row < Kind.COUNT * STATES * 4; row++) {
    const [kind, state] = [Math.floor(row / (4 * STATES)), (row >> 2) % STATES];
    const step = transitionOf(kind, state, row & 2 ? Direction.REPLY : Direction.ORIGINAL, (row & 1) === 1);
    if (step === null) continue;
    for (const [half, { timeout, assured }] of [step.young, step.old].entries()) {
      const at = steps + row * STEP + half * Step.OLD;
      words[(at + Step.STATE) >> 2] = step.state | (assured ? ASSURED : 0);
      floats[(at + Step.TIMEOUT) >> 3] = timeout;
    }
  }
}

/** Address of the row for a packet that opens its connection. */
export const openingStep = ({ steps }: Layout, kind: number): Code =>
  add(constant(steps), multiply(get(kind), constant(STATES * 4 * STEP)));

const { meta: META, end, born, reply } = wordsOf(1);
/** Bytes from an entry's meta word on: what is behind it stands alike in both families. */
const Behind = { END: 4 * (end - META), BORN: 4 * (born - META), REPLY: 4 * (reply - META) } as const;

const inMeta = (flags: number): Code => constant(flags << 16);

/**
 * conntrack/tracker.ts, follow(), of a packet whose entry was looked up: its end moves on, its next state is put into
 * `meta`, and the tuple is told; goes to `plain` where the packet does more.
 */
export function followCode(tracking: Tracking): Code {
  const { layout, connection, locals, now, scratch, told, plain } = tracking;
  const { row, direction, kind, step, meta, metaAt, comesAgain } = locals;
  const isFixed = and(get(meta), inMeta(Flag.FIXED));
  const state = and(shiftRight(get(meta), constant(8)), constant(STATES - 1));
  const replied = and(shiftRight(get(meta), constant(16 + Math.log2(Flag.REPLIED))), constant(1));
  const number = [shiftLeft(get(kind), constant(Math.log2(4 * STATES))), shiftLeft(state, constant(2)), replied];
  const timeAt = (offset: number): Code => loadFloat(get(metaAt), offset);
  const isOld = lessFloat(toFloat(constant64(GROWN_UP * SECOND)), subFloat(now, timeAt(Behind.BORN)));
  const guessed = or(inMeta(Flag.ORIGINAL_ASSUMED), multiply(get(direction), inMeta(Flag.REPLY_ASSUMED)));
  const isGuessed = and(get(meta), guessed);
  return [
    set(meta, load32(get(metaAt))),
    branchIf(plain, and(get(meta), inMeta(Flag.DEAD))),
    set(connection.assumed, told ? isGuessed : or(isGuessed, isZero(isFixed))),
    set(connection.tuple, select(get(direction), add(get(metaAt), constant(Behind.REPLY)), get(row))),
    when(isZero(isFixed), [
      branchIf(plain, lessFloat(timeAt(Behind.END), now)),
      set(scratch, add(number.reduce(or), shiftLeft(get(direction), constant(1)))),
      set(step, add(constant(layout.steps), multiply(get(scratch), constant(STEP)))),
      set(step, add(get(step), multiply(isOld, constant(Step.OLD)))),
      branchIf(plain, isZero(load32(get(step)))),
      storeFloat(get(metaAt), Behind.END, addFloat(now, loadFloat(get(step), Step.TIMEOUT))),
      told ? set(comesAgain, and(get(meta), multiply(isZero(get(direction)), inMeta(Flag.REPLY_ASSUMED)))) : [],
      set(meta, or(and(get(meta), constant(~0xff00)), shiftLeft(load32(get(step)), constant(8)))),
      set(meta, or(get(meta), multiply(get(direction), inMeta(Flag.REPLIED)))),
    ]),
  ];
}
