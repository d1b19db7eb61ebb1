import { type Arithmetic, divide, Mode, mapLine, placeInClass } from '../sched/flow/index.ts';
import { popcount, tcMinor } from '../u32.ts';

const MINORS = 0x10000;
/** Key values are tried one by one up to 2^20 of them. */
const MOST_BITS = 20;

/**
 * The minor numbers that a filter can give, ascending; 0 may be among them, which is no class but the qdisc. Every key is
 * taken to have any 32-bit value, and every value modulo the divisor to be possible where too many bits of a map's mask
 * count to try them. net/sched/cls_flow.c: flow_classify()
 */
export function reachableMinors(f: Arithmetic): readonly number[] {
  const minors = new Set<number>();
  for (const value of f.mode === Mode.HASH ? remainders(f) : mapped(f)) minors.add(tcMinor(placeInClass(f, value)));
  return [...minors].sort((a, b) => a - b);
}

/** A minor number has 16 bits: more values are the same ones again. */
function* remainders({ divisor }: Arithmetic): Generator<number> {
  const count = divisor === 0 ? MINORS : Math.min(divisor >>> 0, MINORS);
  for (let value = 0; value < count; value++) yield value;
}

/** What each choice of the bits that the mask lets through becomes. */
function* mapped(f: Arithmetic): Generator<number> {
  const bits = (f.mask >>> f.rshift) & countingBits(f.divisor >>> 0);
  if (popcount(bits) > MOST_BITS) {
    yield* remainders(f);
    return;
  }
  for (let chosen = bits; ; chosen = (chosen - 1) & bits) {
    yield divide(f, mapLine(f, chosen << f.rshift));
    if (chosen === 0) return;
  }
}

/** The bits of a sum that its minor number depends on: modulo a power of two, the low ones. */
function countingBits(divisor: number): number {
  if (divisor === 0) return MINORS - 1;
  return popcount(divisor) === 1 ? (divisor - 1) & (MINORS - 1) : -1;
}
