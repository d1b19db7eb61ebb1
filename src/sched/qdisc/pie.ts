import { getTime, getU32, type Printer, timeText, type Words } from '../../lang/index.ts';
import { type AttrWriter, table, u32 } from '../../netlink/index.ts';
import type { QdiscKind } from '../notation.ts';
import { nsToTicks, ticksToNs } from '../psched.ts';
import { Found, fix, numberTo, type Option, options, QUEUE, readNest, speakAll } from './options.ts';

/** Times in microseconds. */
const TCA_PIE = {
  target: [1, u32],
  limit: [2, u32],
  tupdate: [3, u32],
  alpha: [4, u32],
  beta: [5, u32],
  ecn: [6, u32],
  bytemode: [7, u32],
  dqRateEstimator: [8, u32],
} as const;
const CODEC = table(TCA_PIE);
type Pie = Required<Pick<ReturnType<typeof CODEC.read>, keyof typeof TCA_PIE>>;
type Spoken = { -readonly [K in keyof Pie]?: number };

/** A weight from 0 to 32. */
export function getWeight(text: string): number | undefined {
  const weight = getU32(text);
  return weight === undefined || weight > 32 ? undefined : weight;
}

const WORDS: readonly Option<Spoken>[] = [
  numberTo('limit', 'PACKETS', 'limit'),
  numberTo('target', 'TIME', 'target', getTime),
  numberTo('tupdate', 'TIME', 'tupdate', getTime),
  numberTo('alpha', 'ALPHA', 'alpha', getWeight),
  numberTo('beta', 'BETA', 'beta', getWeight),
  fix('ecn', 'ecn', 1),
  fix('noecn', 'ecn', 0),
  fix('bytemode', 'bytemode', 1),
  fix('nobytemode', 'bytemode', 0),
  fix('dq_rate_estimator', 'dqRateEstimator', 1),
  fix('no_dq_rate_estimator', 'dqRateEstimator', 0),
];

/** pie_parse_opt(): numbers in tc's order, 0 is silence; switches are said either way. */
function speak(words: Words, w: AttrWriter): void {
  const spoken: Spoken = {};
  speakAll(words, WORDS, spoken, { kind: 'pie' });
  options(w, () => {
    for (const name of ['limit', 'tupdate', 'target', 'alpha', 'beta'] as const) {
      if (spoken[name]) w.put(TCA_PIE[name], spoken[name]);
    }
    for (const name of ['ecn', 'bytemode', 'dqRateEstimator'] as const) {
      if (spoken[name] !== undefined) w.put(TCA_PIE[name], spoken[name]);
    }
  });
}

const USEC_PER_JIFFY = 4000;

/** Microseconds kept in ticks of 64 ns, in whole microseconds again. */
export function ticked(usec: number): number {
  return Number(BigInt.asUintN(32, ticksToNs(nsToTicks(BigInt(usec) * 1000n))) / 1000n);
}

/** Microseconds kept in whole jiffies, up. */
export function jiffies(usec: number): number {
  return (Math.ceil(usec / USEC_PER_JIFFY) * USEC_PER_JIFFY) >>> 0;
}

const FRESH: Pie = {
  ...{ target: 15_000, limit: 1000, tupdate: jiffies(15_000), alpha: 2, beta: 20 },
  ...{ ecn: 0, bytemode: 0, dqRateEstimator: 0 },
};

/** pie_change() */
function settle(old: Pie | null, payload: Uint8Array | null): Pie {
  const base = old ?? FRESH;
  if (payload === null) return base;
  const { unknown: _, ...asked } = readNest(CODEC, payload);
  return {
    ...base,
    ...asked,
    ...(asked.target === undefined ? {} : { target: ticked(asked.target) }),
    ...(asked.tupdate === undefined ? {} : { tupdate: jiffies(asked.tupdate) }),
  };
}

/** pie_print_opt() */
function print(payload: Uint8Array | null, out: Printer): void {
  if (payload === null) return;
  const found = new Found(payload);
  const say = (name: keyof Pie, text: (value: number) => string) => {
    const value = found.get(TCA_PIE[name]);
    if (value !== undefined) out.put(name, value, `${name} ${text(value)} `);
  };
  say('limit', (limit) => `${limit}p`);
  say('target', timeText);
  say('tupdate', timeText);
  say('alpha', String);
  say('beta', String);
  if (found.get(TCA_PIE.ecn)) out.put('ecn', true, 'ecn ');
  if (found.get(TCA_PIE.bytemode)) out.put('bytemode', true, 'bytemode ');
  if (found.get(TCA_PIE.dqRateEstimator)) out.put('dq_rate_estimator', true, 'dq_rate_estimator ');
}

/** net/sched/sch_pie.c, iproute2 tc/q_pie.c: proportional integral controller, enhanced. */
export const PIE: QdiscKind<Pie> = {
  ...QUEUE,
  kind: 'pie',
  codec: CODEC,
  speak,
  settle,
  dump(pie, w) {
    options(w, () => {
      for (const name of [
        'target',
        'limit',
        'tupdate',
        'alpha',
        'beta',
        'ecn',
        'bytemode',
        'dqRateEstimator',
      ] as const) {
        w.put(TCA_PIE[name], pie[name]);
      }
    });
  },
  print,
};
