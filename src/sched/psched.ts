import { getS32, getSize, type Words } from '../lang/index.ts';
import { AttrWriter, s16, struct, u8, u16, u32 } from '../netlink/index.ts';
import { le32 } from '../u32.ts';

/**
 * The packet scheduler's time and rates, as tc and the kernel reckon them: a tick is 64 ns (PSCHED_SHIFT 6), rates are
 * bytes a second.
 */

/** What /proc/net/psched says: 1000 / 64. */
const TICKS_PER_USEC = 15.625;
const USEC_PER_SEC = 1e6;
const NSEC_PER_SEC = 1_000_000_000n;
const NSEC_PER_TICK_SHIFT = 6;

/** include/uapi/linux/pkt_sched.h: struct tc_ratespec */
export const RATESPEC = struct({
  cellLog: u8,
  linklayer: u8,
  overhead: u16,
  cellAlign: s16,
  mpu: u16,
  rate: u32,
});
export type Ratespec = ReturnType<typeof RATESPEC.read>;

export const NO_RATE: Ratespec = { cellLog: 0, linklayer: 0, overhead: 0, cellAlign: 0, mpu: 0, rate: 0 };

/** TC_LINKLAYER_*: how a packet's size becomes its size on the wire. */
export const Linklayer = { UNAWARE: 0, ETHERNET: 1, ATM: 2 } as const;
const LINKLAYER_MASK = 0x0f;

/** (unsigned)x of a double as x86-64 does it: cut to 64 bits, then to 32. */
export function toU32(x: number): number {
  return Math.abs(x) < 2 ** 63 ? Number(BigInt.asUintN(32, BigInt(Math.trunc(x)))) : 0;
}

/** iproute2 tc/tc_core.c: tc_core_time2tick() — microseconds to ticks. */
export function usecToTicks(usec: number): number {
  return toU32(usec * TICKS_PER_USEC);
}

/** iproute2 tc/tc_core.c: tc_core_tick2time() — ticks to microseconds. */
export function ticksToUsec(ticks: number): number {
  return toU32(ticks / TICKS_PER_USEC);
}

/** iproute2 tc/tc_core.c: tc_calc_xmittime() — ticks that `size` bytes take; cut to whole microseconds first. */
export function xmitTime(rate: number, size: number): number {
  return usecToTicks(toU32(USEC_PER_SEC * (size / rate)));
}

/** iproute2 tc/tc_core.c: tc_calc_xmitsize() — bytes that go out in so many ticks. */
export function xmitSize(rate: number, ticks: number): number {
  return toU32((rate * ticksToUsec(ticks)) / USEC_PER_SEC);
}

/** The same in a table: what does not fit 32 bits, which C leaves open, comes out as 0 of Debian's vectorised loop. */
function cellTime(rate: number, size: number): number {
  const usec = Math.trunc(USEC_PER_SEC * (size / rate));
  const ticks = Math.trunc(usec * TICKS_PER_USEC);
  return usec < 2 ** 32 && ticks < 2 ** 32 ? ticks : 0;
}

/** iproute2 tc/tc_core.c: tc_adjust_size() */
function wireSize(size: number, mpu: number, linklayer: number): number {
  const bytes = Math.max(size, mpu);
  return linklayer === Linklayer.ATM ? Math.ceil(bytes / 48) * 53 : bytes;
}

/** A rate as tc sends it: the spec, and the table of transmission times that kernels before 3.8 asked. */
export interface RateTable {
  readonly spec: Ratespec;
  /** 256 little-endian u32. */
  readonly table: Uint8Array;
}

/** What tc_calc_rtable() is asked for. */
export interface RateWords {
  /** Bytes a second; the spec holds at most 2^32 - 1. */
  readonly rate: bigint;
  readonly mpu: number;
  readonly overhead: number;
  /** -1: the smallest that covers the mtu. */
  readonly cellLog: number;
  /** 0: 2047. */
  readonly mtu: number;
  readonly linklayer: number;
}

/** iproute2 tc/tc_core.c: tc_calc_rtable() — reckons with the rate that fits the spec. */
export function rateTable({ rate, mpu, overhead, cellLog, mtu, linklayer }: RateWords): RateTable {
  let log = cellLog;
  if (log < 0) for (log = 0; (mtu || 2047) >>> log > 255; log++);
  const w = new AttrWriter();
  const specMpu = mpu & 0xffff;
  const specRate = rate > 0xffffffffn ? 0xffffffff : Number(rate);
  for (let i = 1; i <= 256; i++) w.u32(cellTime(specRate, wireSize((i << log) >>> 0, specMpu, linklayer)));
  const spec = { cellLog: log, linklayer: linklayer & LINKLAYER_MASK, overhead, cellAlign: -1, mpu: specMpu };
  return { spec: { ...spec, rate: specRate }, table: w.done() };
}

/** iproute2 tc/tc_util.c: get_size_and_cell() — `SIZE[/CELL]`; the cell is a power of two, -1 where it is not given. */
export function getSizeAndCell(text: string): { size: number; cellLog: number } | undefined {
  const slash = text.indexOf('/');
  const size = getSize(slash < 0 ? text : text.slice(0, slash));
  if (size === undefined) return undefined;
  if (slash < 0) return { size, cellLog: -1 };
  const cell = getS32(text.slice(slash + 1));
  if (cell === undefined) return undefined;
  for (let cellLog = 0; cellLog < 32; cellLog++) if (1 << cellLog === cell) return { size, cellLog };
  return undefined;
}

const LINKLAYERS: readonly (readonly [name: string, value: number])[] = [
  ['ethernet', Linklayer.ETHERNET],
  ['atm', Linklayer.ATM],
  ['adsl', Linklayer.ATM],
];

/** iproute2 tc/tc_util.c: get_linklayer() — of the word taken last, any prefix of a name. */
export function getLinklayer(_text: string, words: Words): number | undefined {
  return LINKLAYERS.find(([name]) => words.was(name))?.[1];
}

/** iproute2 tc/tc_util.c: print_linklayer() */
export function linklayerName(linklayer: number): string {
  return ['unspec', 'ethernet', 'atm'][linklayer & LINKLAYER_MASK] ?? 'unknown';
}

/** struct psched_ratecfg: a rate as the kernel reckons with it. Bytes a second. */
export interface RateConfig {
  readonly rate: bigint;
  readonly overhead: number;
  readonly mpu: number;
  readonly linklayer: number;
  /** Nanoseconds = bytes × mult >> shift. */
  readonly mult: bigint;
  readonly shift: bigint;
}

export const NO_RATE_CONFIG: RateConfig = { rate: 0n, overhead: 0, mpu: 0, linklayer: 0, mult: 1n, shift: 0n };

/** net/sched/sch_generic.c: psched_ratecfg_precompute() — `rate64` counts if it is the larger. */
export function rateConfig(spec: Ratespec, rate64 = 0n): RateConfig {
  const rate = rate64 > BigInt(spec.rate) ? rate64 : BigInt(spec.rate);
  const { overhead, mpu } = spec;
  return { rate, overhead, mpu, linklayer: spec.linklayer & LINKLAYER_MASK, ...precompute(rate) };
}

/** net/sched/sch_generic.c: psched_ratecfg_precompute__() */
function precompute(rate: bigint): { mult: bigint; shift: bigint } {
  if (rate <= 0n) return { mult: 1n, shift: 0n };
  let factor = NSEC_PER_SEC;
  for (let shift = 0n; ; shift++) {
    const mult = BigInt.asUintN(32, factor / rate);
    if (mult & 0x80000000n || factor & (1n << 63n)) return { mult, shift };
    factor <<= 1n;
  }
}

/** include/net/sch_generic.h: psched_ratecfg_getrate() */
export function ratespecOf(config: RateConfig): Ratespec {
  const rate = config.rate > 0xffffffffn ? 0xffffffff : Number(config.rate);
  return { ...NO_RATE, rate, overhead: config.overhead, mpu: config.mpu, linklayer: config.linklayer };
}

/** include/net/sch_generic.h: psched_l2t_ns() — nanoseconds that a packet of so many bytes takes. */
export function lengthToTime(config: RateConfig, length: number): bigint {
  const bytes = Math.max(length + config.overhead, config.mpu);
  const wire = config.linklayer === Linklayer.ATM ? Math.ceil(bytes / 48) * 53 : bytes;
  return BigInt.asUintN(64, BigInt(wire) * config.mult) >> config.shift;
}

/** net/sched/sch_tbf.c: psched_ns_t2l() — bytes that go out in so many nanoseconds. */
export function timeToLength(config: RateConfig, time: bigint): bigint {
  let length = BigInt.asUintN(64, time * config.rate) / NSEC_PER_SEC;
  if (config.linklayer === Linklayer.ATM) length = (length / 53n) * 48n;
  const overhead = BigInt(config.overhead);
  return length > overhead ? length - overhead : 0n;
}

/** PSCHED_TICKS2NS() */
export function ticksToNs(ticks: number): bigint {
  return BigInt(ticks) << BigInt(NSEC_PER_TICK_SHIFT);
}

/** PSCHED_NS2TICKS(), as a u32. */
export function nsToTicks(ns: bigint): number {
  return Number(BigInt.asUintN(32, ns >> BigInt(NSEC_PER_TICK_SHIFT)));
}

/**
 * net/sched/sch_api.c: qdisc_get_rtab() — a spec that does not know its link layer gets it from its table, if that
 * can be one.
 */
export function withLinklayer(spec: Ratespec, table: Uint8Array | undefined): Ratespec {
  if (spec.linklayer !== Linklayer.UNAWARE || table === undefined || table.length !== 1024) return spec;
  if (spec.rate === 0 || spec.cellLog === 0 || spec.cellLog >= 32) return spec;
  return { ...spec, linklayer: detectLinklayer(spec, table) };
}

/** net/sched/sch_api.c: __detect_linklayer() — where two neighbouring cells cost the same, they are ATM's. */
function detectLinklayer(spec: Ratespec, table: Uint8Array): number {
  const low = Math.ceil(spec.mpu / 48) * 48;
  const high = Math.ceil((low + 1) / 48) * 48;
  const cellLow = low >>> spec.cellLog;
  const cellHigh = (high >>> spec.cellLog) - 1;
  if (spec.rate > 100e6 / 8 || le32(table, 0) === 0) return Linklayer.ETHERNET;
  if (cellHigh <= cellLow || cellHigh >= 256) return Linklayer.ETHERNET;
  return le32(table, 4 * cellLow) === le32(table, 4 * cellHigh) ? Linklayer.ATM : Linklayer.ETHERNET;
}
