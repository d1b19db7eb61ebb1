import { getSize, getU32, type Printer, sizeText, timeText, type Words } from '../../lang/index.ts';
import { type AttrWriter, FAILED_POLICY, NLA_F_NESTED, TCA, table, u32 } from '../../netlink/index.ts';
import type { QdiscKind, QdiscPlace } from './kind.ts';
import { einval, Found, numberTo, type Option, pschedMtu, putOptions, QUEUE, readNest, speakAll } from './options.ts';
import { FRESH_PARMS, getWeight, keptTimes, printSwitches, SWITCH_WORDS, TIME_WORDS } from './pie-parms.ts';

/** Times in microseconds, sizes in bytes. */
const TCA_FQ_PIE = {
  limit: [1, u32],
  flows: [2, u32],
  target: [3, u32],
  tupdate: [4, u32],
  alpha: [5, u32],
  beta: [6, u32],
  quantum: [7, u32],
  memoryLimit: [8, u32],
  ecnProb: [9, u32],
  ecn: [10, u32],
  bytemode: [11, u32],
  dqRateEstimator: [12, u32],
} as const;
/** The order of the rows is tc's and the kernel's. */
const CODEC = table(TCA_FQ_PIE, FAILED_POLICY);
type FqPie = Required<Pick<ReturnType<typeof CODEC.read>, keyof typeof TCA_FQ_PIE>>;
type Spoken = { -readonly [K in keyof FqPie]?: number };

const NAMES = Object.keys(TCA_FQ_PIE) as (keyof FqPie)[];
/** Said either way; the other numbers are not said when they are 0. */
const SWITCHES: readonly string[] = ['ecn', 'bytemode', 'dqRateEstimator'];

/** A percentage below 100. */
const getPercent = (text: string): number | undefined => {
  const percent = getU32(text);
  return percent === undefined || percent >= 100 ? undefined : percent;
};

const WORDS: readonly Option<Spoken>[] = [
  numberTo('limit', 'PACKETS', 'limit'),
  numberTo('flows', 'NUMBER', 'flows'),
  ...TIME_WORDS,
  numberTo('alpha', 'NUMBER', 'alpha', getWeight),
  numberTo('beta', 'NUMBER', 'beta', getWeight),
  numberTo('quantum', 'BYTES', 'quantum', getSize),
  numberTo('memory_limit', 'BYTES', 'memoryLimit', getSize),
  numberTo('ecn_prob', 'PERCENTAGE', 'ecnProb', getPercent),
  ...SWITCH_WORDS,
];

/** fq_pie_parse_opt() */
function speak(words: Words, w: AttrWriter): void {
  const spoken: Spoken = {};
  speakAll(words, WORDS, spoken, { kind: 'fq_pie' });
  w.nest(TCA.options[0] | NLA_F_NESTED, () => {
    for (const name of NAMES) {
      const value = spoken[name];
      if (value !== undefined && (value !== 0 || SWITCHES.includes(name))) w.put(TCA_FQ_PIE[name], value);
    }
  });
}

const MAX_FLOWS = 65536;

/** fq_pie_init() */
function fresh(place: QdiscPlace): FqPie {
  const own = { limit: 10240, flows: 1024, quantum: pschedMtu(place), memoryLimit: 32 << 20, ecnProb: 10 };
  return { ...FRESH_PARMS, ...own };
}

/** fq_pie_change() */
function settle(old: FqPie | null, payload: Uint8Array | null, place: QdiscPlace): FqPie {
  const base = old ?? fresh(place);
  if (payload === null) return base;
  const { unknown: _, ...asked } = readNest(CODEC, payload);
  const { flows } = asked;
  if (flows !== undefined) {
    if (old !== null) throw einval('Number of flows cannot be changed');
    if (flows === 0 || flows > MAX_FLOWS) throw einval('Number of flows must range in [1..65536]');
  }
  return { ...base, ...asked, ...keptTimes(asked) };
}

/** fq_pie_print_opt() */
function print(payload: Uint8Array | null, out: Printer): void {
  if (payload === null) return;
  const found = new Found(payload);
  const say = (name: keyof FqPie, word: string, text: (value: number) => string) => {
    const value = found.get(TCA_FQ_PIE[name]);
    if (value !== undefined) out.put(word, value, `${word} ${text(value)} `);
  };
  say('limit', 'limit', (limit) => `${limit}p`);
  say('flows', 'flows', String);
  say('target', 'target', timeText);
  say('tupdate', 'tupdate', timeText);
  say('alpha', 'alpha', String);
  say('beta', 'beta', String);
  say('quantum', 'quantum', sizeText);
  say('memoryLimit', 'memory_limit', sizeText);
  say('ecnProb', 'ecn_prob', String);
  printSwitches(found, TCA_FQ_PIE, out);
}

/** net/sched/sch_fq_pie.c, iproute2 tc/q_fq_pie.c: flows in buckets, each a pie. Without class operations: no filters. */
export const FQ_PIE: QdiscKind<FqPie> = {
  ...QUEUE,
  kind: 'fq_pie',
  codec: CODEC,
  speak,
  settle,
  dump: (settings, w) => putOptions(w, CODEC, settings),
  print,
};
