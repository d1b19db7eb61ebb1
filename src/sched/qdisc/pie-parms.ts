import { getTime, getU32, type Printer } from '../../lang/index.ts';
import type { u32 } from '../../netlink/index.ts';
import { nsToTicks, ticksToNs } from '../psched.ts';
import { type Found, fix, numberTo } from './options.ts';

/** Proportional integral controller, enhanced: what pie and fq_pie share. Times in microseconds. */

/** A weight from 0 to 32. */
export function getWeight(text: string): number | undefined {
  const weight = getU32(text);
  return weight === undefined || weight > 32 ? undefined : weight;
}

export const TIME_WORDS = [
  numberTo('target', 'TIME', 'target', getTime),
  numberTo('tupdate', 'TIME', 'tupdate', getTime),
] as const;

export const SWITCH_WORDS = [
  fix('ecn', 'ecn', 1),
  fix('noecn', 'ecn', 0),
  fix('bytemode', 'bytemode', 1),
  fix('nobytemode', 'bytemode', 0),
  fix('dq_rate_estimator', 'dqRateEstimator', 1),
  fix('no_dq_rate_estimator', 'dqRateEstimator', 0),
] as const;

const USEC_PER_JIFFY = 4000;

/** Microseconds kept in ticks of 64 ns, in whole microseconds again. */
function ticked(usec: number): number {
  return Number(BigInt.asUintN(32, ticksToNs(nsToTicks(BigInt(usec) * 1000n))) / 1000n);
}

/** Microseconds kept in whole jiffies, up. */
function jiffies(usec: number): number {
  return (Math.ceil(usec / USEC_PER_JIFFY) * USEC_PER_JIFFY) >>> 0;
}

/** include/net/pie.h: pie_params_init() */
export const FRESH_PARMS = {
  target: 15_000,
  limit: 1000,
  tupdate: jiffies(15_000),
  alpha: 2,
  beta: 20,
  ecn: 0,
  bytemode: 0,
  dqRateEstimator: 0,
} as const;

/** The times that were asked for, as far as the kernel keeps them. */
export function keptTimes({ target, tupdate }: { target?: number; tupdate?: number }) {
  return {
    ...(target === undefined ? {} : { target: ticked(target) }),
    ...(tupdate === undefined ? {} : { tupdate: jiffies(tupdate) }),
  };
}

type Switches = Readonly<Record<'ecn' | 'bytemode' | 'dqRateEstimator', readonly [number, typeof u32]>>;

/** Both print only switches that are on. */
export function printSwitches(found: Found, rows: Switches, out: Printer): void {
  if (found.get(rows.ecn)) out.put('ecn', true, 'ecn ');
  if (found.get(rows.bytemode)) out.put('bytemode', true, 'bytemode ');
  if (found.get(rows.dqRateEstimator)) out.put('dq_rate_estimator', true, 'dq_rate_estimator ');
}
