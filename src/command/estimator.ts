import { getTime, type Words } from '../lang/index.ts';
import { atMost } from '../netlink/index.ts';
import { giveUp } from './process.ts';

/** TCA_RATE with struct tc_estimator: {s8 interval; u8 ewma_log}. */
export const ESTIMATOR = [5, atMost(2)] as const;

const MICROSECONDS = 1e6;

/** iproute2 tc/m_estimator.c: parse_estimator(), tc/tc_estimator.c: tc_setup_estimator() — `INTERVAL AVERAGE` as two bytes. */
export function takeEstimator(words: Words): Uint8Array {
  const interval = time(words, 'invalid estimator interval');
  const average = time(words, 'invalid estimator time constant');
  const log = [0.25, 0.5, 1, 2, 4, 8].findIndex((seconds) => interval <= seconds * MICROSECONDS);
  if (log < 0) throw giveUp('Error: estimator parameters are out of range.');
  let ewma = 1;
  while (ewma < 32 && interval / -Math.log(1 - 2 ** -ewma) <= average) ewma++;
  ewma--;
  if (ewma === 0 || ewma >= 31) throw giveUp('Error: estimator parameters are out of range.');
  return Uint8Array.of((log - 2) & 0xff, ewma);
}

function time(words: Words, what: string): number {
  const value = getTime(words.next());
  if (value === undefined) throw words.invalid(what);
  return value;
}
