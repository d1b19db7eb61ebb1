import type { Printer, Words } from '../../lang/index.ts';
import type { Warn } from '../notation.ts';
import { toU32, xmitTime } from '../psched.ts';

/** Random early detection: what red, choke and sfq share. */

/** TC_RED_* */
export const RED = { ECN: 1, HARDDROP: 2, ADAPTATIVE: 4, NODROP: 8 } as const;

/** iproute2 tc/tc_red.c: tc_red_eval_P() — undefined: it fails. */
export function probabilityLog(qthMin: number, qthMax: number, probability: number): number | undefined {
  const range = (qthMax - qthMin) | 0;
  if (range <= 0) return range === 0 ? 0 : undefined;
  let share = probability / range;
  for (let log = 0; log < 32; log++, share *= 2) if (share > 1) return log;
  return undefined;
}

interface Average {
  /** Bytes, packets, bytes. */
  readonly qthMin: number;
  readonly burst: number;
  readonly avpkt: number;
}

/** iproute2 tc/tc_red.c: tc_red_eval_ewma() — the weight of the average, as a power of two; `who` says what is wrong. */
export function averageLog(words: Words, who: string, { qthMin, burst, avpkt }: Average, warn: Warn): number {
  const a = burst + 1 - qthMin / avpkt;
  const fail = (line: string) => words.error(`${line}${who}: failed to calculate EWMA constant.`);
  if (a < 1) {
    const better = toU32(1 + Math.floor(qthMin / avpkt));
    throw fail(`tc_red_eval_ewma() burst ${burst} is too small ? Try burst ${better}\n`);
  }
  for (let log = 1, weight = 0.5; log < 32; log++, weight /= 2) {
    if (a > (1 - (1 - weight) ** burst) / weight) continue;
    if (log >= 10) warn(`${who}: WARNING. Burst ${burst} seems to be too large.`);
    return log;
  }
  throw fail('');
}

/** iproute2 tc/tc_red.c: tc_red_eval_idle_damping() — the table, and the log of its cell. */
export function idleDamping(wlog: number, avpkt: number, rate: number): { scellLog: number; table: Uint8Array } {
  const lW = -Math.log(1 - 1 / (1 << wlog)) / xmitTime(rate, avpkt);
  const maxTime = 31 / lW;
  let scellLog = 0;
  // 1 << 31 is negative in C, which ends the search as well.
  while (!(maxTime / (1 << scellLog) < 512) && scellLog < 31) scellLog++;
  const table = Uint8Array.from({ length: 256 }, (_, i) => Math.min(toU32((i << scellLog) * lW) & 0xff, 31));
  table[255] = 31;
  return { scellLog, table };
}

const FLAG_WORDS: readonly (readonly [name: string, mask: number])[] = [
  ['ecn', RED.ECN],
  ['harddrop', RED.HARDDROP],
  ['adaptive', RED.ADAPTATIVE],
  ['nodrop', RED.NODROP],
];

/** iproute2 tc/tc_red.c: tc_red_print_flags() — JSON tells of each, text of those that are set. */
export function printRedFlags(flags: number, out: Printer): void {
  for (const [name, mask] of FLAG_WORDS) out.put(name, (flags & mask) !== 0, (flags & mask) === 0 ? '' : `${name} `);
}

interface RedParms {
  readonly qthMin: number;
  readonly qthMax: number;
  readonly wlog: number;
  readonly scellLog: number;
}

/** include/net/red.h: red_check_params() — the averages must fit 32 bits, the table what it is used for. */
export function redFits({ qthMin, qthMax, wlog, scellLog }: RedParms, table: Uint8Array = new Uint8Array()): boolean {
  const bits = (x: number) => 32 - Math.clz32(x);
  if (bits(qthMin) + wlog >= 32 || bits(qthMax) + wlog >= 32) return false;
  return scellLog < 32 && qthMax >= qthMin && table.subarray(0, 256).every((cell) => cell < 32);
}

/** include/net/red.h: red_set_parms() — the greatest probability, from Plog where it is not given. */
export function redMaxP(maxP: number, plog: number, qthMin: number, qthMax: number): number {
  if (maxP !== 0) return maxP;
  const range = Math.max(qthMax - qthMin, 1);
  return Math.imul(plog < 32 ? 0xffffffff >>> plog : 0xffffffff, range) >>> 0;
}
