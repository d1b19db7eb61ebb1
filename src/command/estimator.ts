import { FatalUsageError, UsageError } from '../errors.ts';
import { getTime, type Words } from '../lang/index.ts';
import { atMost } from '../netlink/index.ts';
import { duplicate, giveUp, type TcProcess } from './process.ts';

/** TCA_RATE with struct tc_estimator: {s8 interval; u8 ewma_log}. */
export const ESTIMATOR = [5, atMost(2)] as const;

const MICROSECONDS = 1e6;

const USAGE = 'Usage: ... estimator INTERVAL AVERAGE, two times; INTERVAL is 250ms to 8s';

/**
 * iproute2 tc/m_estimator.c: parse_estimator(), tc/tc_estimator.c: tc_setup_estimator() — `INTERVAL AVERAGE` as two
 * bytes. `before`: what an earlier `estimator` of the command gave.
 */
export function takeEstimator(words: Words, before: Uint8Array | null, tc: TcProcess): Uint8Array {
  words.need();
  if (before !== null) throw duplicate('estimator', words.peek());
  const interval = time(words, 'invalid estimator interval');
  const average = time(words, 'invalid estimator time constant');
  const log = [0.25, 0.5, 1, 2, 4, 8].findIndex((seconds) => interval <= seconds * MICROSECONDS);
  if (log < 0) throw giveUp('Error: estimator parameters are out of range.');
  let ewma = 1;
  while (ewma < 32 && interval / -Math.log(1 - 2 ** -ewma) <= average) ewma++;
  ewma--;
  if (ewma === 0 || ewma >= 31) throw giveUp('Error: estimator parameters are out of range.');
  if (tc.options.raw) tc.say(`[estimator i=${log - 2} e=${ewma}]\n`);
  return Uint8Array.of((log - 2) & 0xff, ewma);
}

/** Where a word is no time, tc names the argument and the reason the wrong way round (quirk 64). */
function time(words: Words, what: string): number {
  const word = words.next();
  if (words.was('help')) throw new UsageError('', -1, USAGE, 255);
  const value = getTime(word);
  if (value === undefined) throw new FatalUsageError(`Error: argument "${what}" is wrong: estimator`, words.at - 1);
  return value;
}
