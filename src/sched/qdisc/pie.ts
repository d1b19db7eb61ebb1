import { type Printer, timeText, type Words } from '../../lang/index.ts';
import { type AttrWriter, table, u32 } from '../../netlink/index.ts';
import type { QdiscKind } from './kind.ts';
import { Found, numberTo, type Option, options, putOptions, QUEUE, readNest, speakAll } from './options.ts';
import { FRESH_PARMS, getWeight, keptTimes, printSwitches, SWITCH_WORDS, TIME_WORDS } from './pie-parms.ts';

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

const WORDS: readonly Option<Spoken>[] = [
  numberTo('limit', 'PACKETS', 'limit'),
  ...TIME_WORDS,
  numberTo('alpha', 'ALPHA', 'alpha', getWeight),
  numberTo('beta', 'BETA', 'beta', getWeight),
  ...SWITCH_WORDS,
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

/** pie_change() */
function settle(old: Pie | null, payload: Uint8Array | null): Pie {
  const base = old ?? FRESH_PARMS;
  if (payload === null) return base;
  const { unknown: _, ...asked } = readNest(CODEC, payload);
  return { ...base, ...asked, ...keptTimes(asked) };
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
  printSwitches(found, TCA_PIE, out);
}

/** net/sched/sch_pie.c, iproute2 tc/q_pie.c: proportional integral controller, enhanced. */
export const PIE: QdiscKind<Pie> = {
  ...QUEUE,
  kind: 'pie',
  codec: CODEC,
  speak,
  settle,
  dump: (pie, w) => putOptions(w, CODEC, pie),
  print,
};
