import { addressText } from '../lang/index.ts';
import { type Arithmetic, divide, Mode, mapLine } from '../sched/flow/index.ts';
import { Census } from './shares.ts';

/** Hosts, ascending, and the values of a key that each has: a list of one value for each entry. */
export interface KeyValues {
  readonly subjects: number;
  /** Of each host: whether it had a packet in the busiest second. */
  readonly active: readonly boolean[];
  readonly hosts: Int32Array;
  readonly values: readonly Int32Array[];
}

/** A map of one key: no hash, so the same class after every boot. */
export interface MapLine {
  /** `map key dst and 0x7ff divisor 2048`, without the base class. */
  readonly filter: string;
  readonly divisor: number;
  /** Hosts that meet another one. */
  readonly sharing: number;
  /** Hosts of the busiest second that meet another one of them. */
  readonly atOnce: number;
  /** Hosts in the fullest class. */
  readonly worst: number;
}

/** A range is dense if at least every eighth address is a host: in a sparser one, the low bits tell little of new hosts. */
const DENSE = 8;
/** Ranges that are small enough to be taken whole, however few hosts there are. */
const SMALL = 256;
const NEUTRAL: Arithmetic = {
  ...{ mode: Mode.MAP, nkeys: 1, mask: -1, xor: 0, rshift: 0, addend: 0, divisor: 0, baseclass: 0, hashrnd: 0 },
};

/**
 * The map that gives each host a class of its own, with the fewest classes; null: the addresses are not dense enough.
 *
 * @param most classes at most
 * @param few hosts that may meet another one: addresses outside of the range
 */
export function mapOf(key: string, seen: KeyValues, most: number, few: number): MapLine | null {
  if (seen.values.length === 0) return null;
  const values = Uint32Array.from(seen.values, (one) => one[0] ?? 0);
  const allowed = Math.min(most, Math.max(SMALL, DENSE * seen.subjects));
  return masked(key, seen, values, allowed, few) ?? counted(key, seen, values, allowed);
}

/** `map key dst and 0x7ff`: the low bits of the addresses; those that are 0 in all of them are shifted out. */
function masked(key: string, seen: KeyValues, values: Uint32Array, allowed: number, few: number): MapLine | null {
  const rshift = idleBits(values);
  const range = 2 ** Math.max(differingBits(values) - rshift, 0);
  const sorted = values.toSorted();
  for (let divisor = 1; divisor <= allowed; divisor *= 2) {
    // The whole range of the addresses has a class for hosts that were silent, too.
    if (divisor < range && (range <= allowed || !isWithin(sorted, divisor * 2 ** rshift, few))) continue;
    const mask = ((divisor - 1) << rshift) >>> 0;
    const placed = place(seen, values, { ...NEUTRAL, mask, rshift, divisor });
    const shift = rshift === 0 ? '' : ` rshift ${rshift}`;
    if (placed.sharing > few) continue;
    return { filter: `map key ${key} and 0x${mask.toString(16)}${shift} divisor ${divisor}`, ...placed };
  }
  return null;
}

/** `map key dst addend -192.168.0.10`: counted from the lowest address on, where a power of two would be too many. */
function counted(key: string, seen: KeyValues, values: Uint32Array, allowed: number): MapLine | null {
  const lowest = values.reduce((a, b) => Math.min(a, b));
  const divisor = values.reduce((a, b) => Math.max(a, b)) - lowest + 1;
  if (divisor > allowed) return null;
  const placed = place(seen, values, { ...NEUTRAL, addend: -lowest | 0, divisor });
  if (placed.sharing > 0) return null;
  return { filter: `map key ${key} addend -${addressText(4, [lowest | 0])} divisor ${divisor}`, ...placed };
}

function place({ hosts, active }: KeyValues, values: Uint32Array, f: Arithmetic): Omit<MapLine, 'filter'> {
  const places = Int32Array.from(values, (value) => divide(f, mapLine(f, value)));
  const census = new Census(f.divisor);
  const busy = (_: number, i: number): boolean => active[hosts[i] ?? 0] === true;
  const atOnce = census.measure(hosts.filter(busy), places.filter(busy)).sharing;
  const { sharing, worst } = census.measure(hosts, places);
  return { divisor: f.divisor, sharing, atOnce, worst };
}

/** Whether all values but a few lie that close together: low bits of scattered ones differ by chance. */
function isWithin(sorted: Uint32Array, width: number, few: number): boolean {
  const others = Math.floor(few);
  const last = sorted.length - 1 - others;
  for (let i = 0; i <= others; i++) {
    if ((sorted[last + i] ?? 0) - (sorted[i] ?? 0) < width) return true;
  }
  return false;
}

/** Low bits that are 0 in every value. */
function idleBits(values: Uint32Array): number {
  const any = values.reduce((bits, value) => bits | value, 0);
  return any === 0 ? 0 : 31 - Math.clz32(any & -any);
}

/** Where the highest bit stands in which two values differ, counted from 1; 0: all are alike. */
function differingBits(values: Uint32Array): number {
  const [first = 0] = values;
  return 32 - Math.clz32(values.reduce((bits, value) => bits | (value ^ first), 0));
}
