import { divide, type FlowConfig, KEYS, keyMask, keysOf, Mode } from '../sched/flow/index.ts';
import { tcMinor } from '../u32.ts';

const MINORS = 0x10000;
/** Values are counted one by one up to this many bits. */
const COUNTED_BITS = 16;

/** The minor numbers that a filter can give, lowest value first; null: any of all 65536. */
export function minorsOf(config: FlowConfig): number[] | null {
  const values = valuesOf(config);
  if (values === null) return null;
  const base = tcMinor(config.baseclass);
  return [...new Set(values.map((value) => (base + value) & 0xffff))];
}

function valuesOf(config: FlowConfig): number[] | null {
  const divisor = config.divisor >>> 0;
  const parts = divisor > 0 && divisor < MINORS ? divisor : 0;
  const counted = config.mode === Mode.HASH ? null : mapped(config);
  if (counted !== null) return counted;
  return parts === 0 ? null : Array.from({ length: parts }, (_, value) => value);
}

/** The values of the map line, divided; null: too many bits count. */
function mapped(config: FlowConfig): number[] | null {
  const [key] = keysOf(config.keymask);
  const known = key === undefined ? 0xffffffff : keyMask(key);
  const shift = config.rshift & 31;
  const low = ((1 << shift) >>> 0) - 1;
  const bits = bitsOf((config.mask & known & ~low) >>> 0);
  if (bits.length > COUNTED_BITS) return null;
  const values = Array.from({ length: 2 ** bits.length }, (_, n) => {
    const value = bits.reduce((sum, bit, i) => ((n & (1 << i)) === 0 ? sum : sum | (1 << bit)), 0);
    const moved = (((value ^ (config.xor & ~low)) >>> shift) + config.addend) | 0;
    return divide(config, moved);
  });
  return [...new Set(values)];
}

function bitsOf(mask: number): number[] {
  return Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => (mask & (1 << bit)) !== 0);
}

/** Names of a filter's keys, as tc writes them. */
export function keyNames(config: FlowConfig): string {
  return keysOf(config.keymask)
    .map((key) => KEYS[key].name)
    .join(',');
}

/** Minor numbers as people write them: ranges, hexadecimal. */
export function minorsText(minors: readonly number[], major: number): string {
  const sorted = [...minors].sort((a, b) => a - b);
  const ranges: [number, number][] = [];
  for (const minor of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === minor - 1) last[1] = minor;
    else ranges.push([minor, minor]);
  }
  const hex = (minor: number): string => `${major.toString(16)}:${minor.toString(16)}`;
  const texts = ranges.map(([from, to]) => (from === to ? hex(from) : `${hex(from)}–${hex(to)}`));
  return texts.length > 4 ? `${texts.slice(0, 3).join(', ')} and more` : texts.join(', ');
}

/** The cure for FT014: base class :1 and an addend of -1. */
export function isOneLess({ mode, addend, baseclass }: FlowConfig): boolean {
  return mode !== Mode.HASH && addend >>> 0 === 0xffffffff && tcMinor(baseclass) === 1;
}
