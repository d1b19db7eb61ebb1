import { getRate64, getSize, sizeText } from '../../lang/index.ts';
import { xmitSize, xmitTime } from '../../sched/psched.ts';

/**
 * The size to type for a bucket so that tc prints it as it did: `burst 1375b` of htb and tbf. The kernel keeps the time
 * that it takes to send the bucket, in ticks, and what tc prints of it is a little less than what was typed.
 */
export function bucketSize(printed: string, rate: string): string {
  const perSecond = Number(getRate64(rate) ?? 0n);
  const size = getSize(printed);
  if (size === undefined || perSecond === 0) return printed;
  for (let halves = 0; halves <= MOST; halves++) {
    const typed = Math.ceil(size + (halves * perSecond) / HALVES_A_SECOND);
    if (typed <= MAX && sizeText(xmitSize(perSecond, xmitTime(perSecond, typed))) === sizeText(size))
      return String(typed);
  }
  return printed;
}

const HALVES_A_SECOND = 2_000_000;
/** tc cuts to microseconds twice. */
const MOST = 6;
const MAX = 0xffffffff;
