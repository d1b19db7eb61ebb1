import { Errno, KernelError } from '../../errors.ts';
import {
  getRate,
  getTime,
  getTime64,
  getU32,
  type Printer,
  rateText,
  sizeText,
  time64Text,
  timeText,
  type Words,
} from '../../lang/index.ts';
import { type AttrWriter, table, u8, u32 } from '../../netlink/index.ts';
import type { Show } from '../notation.ts';
import type { QdiscKind, QdiscPlace } from './kind.ts';
import {
  einval,
  Found,
  fix,
  numberTo,
  type Option,
  options,
  pschedMtu,
  putOptions,
  QUEUE,
  readNest,
  speakAll,
} from './options.ts';

/** Rates in bytes a second, times in microseconds, timerSlack in nanoseconds. */
const TCA_FQ = {
  plimit: [1, u32],
  flowPlimit: [2, u32],
  quantum: [3, u32],
  initialQuantum: [4, u32],
  rateEnable: [5, u32],
  maxRate: [7, u32],
  refillDelay: [9, u32],
  orphanMask: [10, u32],
  lowRate: [11, u32],
  ceThreshold: [12, u32],
  bucketsLog: [8, u32],
  timerSlack: [13, u32],
  horizon: [14, u32],
  horizonDrop: [15, u8],
  defRate: [6, u32],
} as const;
/** The order of the rows is the kernel's in a dump. */
const CODEC = table(TCA_FQ);
type Attributes = Pick<ReturnType<typeof CODEC.read>, keyof typeof TCA_FQ>;
type Spoken = { -readonly [K in keyof Attributes]?: number };

/** What tc says, in its order. */
const SPOKEN = [
  'bucketsLog',
  'plimit',
  'flowPlimit',
  'quantum',
  'initialQuantum',
  'rateEnable',
  'maxRate',
  'lowRate',
  'defRate',
  'refillDelay',
  'orphanMask',
  'ceThreshold',
  'timerSlack',
  'horizon',
  'horizonDrop',
] as const;

/** `buckets N` goes as the log of N, up; 0 is silence. */
const BUCKETS: Option<Spoken> = {
  word: 'buckets',
  argument: 'NUMBER',
  speak(words, spoken) {
    const buckets = getU32(words.next());
    if (buckets === undefined) throw words.error('Illegal "buckets"');
    if (buckets === 0) delete spoken.bucketsLog;
    else spoken.bucketsLog = 32 - Math.clz32(buckets - 1);
  },
};

const TIMER_SLACK: Option<Spoken> = {
  word: 'timer_slack',
  argument: 'TIME',
  speak(words, spoken) {
    const slack = getTime64(words.next());
    if (slack === undefined) throw words.error('Illegal "timer_slack"');
    if (slack < 0 || slack > 0xffffffff) throw words.error('Illegal (out of range) "timer_slack"');
    spoken.timerSlack = slack;
  },
};

/** tc calls this number by another's name when it is none. */
const ORPHAN_MASK: Option<Spoken> = {
  ...numberTo('initial_quantum', 'MASK', 'orphanMask'),
  word: 'orphan_mask',
};

const WORDS: readonly Option<Spoken>[] = [
  numberTo('limit', 'PACKETS', 'plimit'),
  numberTo('flow_limit', 'PACKETS', 'flowPlimit'),
  BUCKETS,
  numberTo('maxrate', 'RATE', 'maxRate', getRate),
  numberTo('low_rate_threshold', 'RATE', 'lowRate', getRate),
  numberTo('ce_threshold', 'TIME', 'ceThreshold', getTime),
  TIMER_SLACK,
  numberTo('defrate', 'RATE', 'defRate', getRate),
  numberTo('quantum', 'BYTES', 'quantum'),
  numberTo('initial_quantum', 'BYTES', 'initialQuantum'),
  ORPHAN_MASK,
  numberTo('refill_delay', 'TIME', 'refillDelay', getTime),
  fix('pacing', 'rateEnable', 1),
  fix('nopacing', 'rateEnable', 0),
  numberTo('horizon', 'TIME', 'horizon', getTime),
  fix('horizon_cap', 'horizonDrop', 0),
  fix('horizon_drop', 'horizonDrop', 1),
];

/** fq_parse_opt() */
function speak(words: Words, w: AttrWriter): void {
  const spoken: Spoken = {};
  speakAll(words, WORDS, spoken, { kind: 'fq' });
  options(w, () => {
    for (const name of SPOKEN) if (spoken[name] !== undefined) w.put<number>(TCA_FQ[name], spoken[name]);
  });
}

/** struct fq_sched_data, as a dump shows it. */
type Fq = Required<Omit<Attributes, 'defRate'>>;

const USEC_PER_JIFFY = 4000;
const MAX_QUANTUM = 1 << 20;
const MAX_BUCKETS_LOG = 18;

/** fq_init() */
function fresh(place: QdiscPlace): Fq {
  const mtu = pschedMtu(place);
  return {
    plimit: 10_000,
    flowPlimit: 100,
    quantum: 2 * mtu,
    initialQuantum: 10 * mtu,
    rateEnable: 1,
    maxRate: 0xffffffff,
    refillDelay: 40_000,
    orphanMask: 1023,
    lowRate: 68_750,
    ceThreshold: 0xffffffff,
    bucketsLog: 10,
    timerSlack: 10_000,
    horizon: 10_000_000,
    horizonDrop: 1,
  };
}

/** fq_change() */
function settle(old: Fq | null, payload: Uint8Array | null, place: QdiscPlace): Fq {
  const base = old ?? fresh(place);
  if (payload === null) return base;
  const { unknown: _, defRate: __, ...asked } = readNest(CODEC, payload);
  const { bucketsLog, quantum, initialQuantum, rateEnable, refillDelay } = asked;
  if (initialQuantum !== undefined && initialQuantum > 0x7fffffff) throw new KernelError(Errno.ERANGE);
  if (quantum !== undefined && (quantum === 0 || quantum > MAX_QUANTUM)) throw einval('sch_fq: invalid quantum');
  if (bucketsLog !== undefined && (bucketsLog < 1 || bucketsLog > MAX_BUCKETS_LOG)) {
    throw einval('', 'buckets-range', 'buckets');
  }
  if (rateEnable !== undefined && rateEnable > 1) throw einval();
  if (refillDelay === undefined) return { ...base, ...asked };
  return { ...base, ...asked, refillDelay: (Math.ceil(refillDelay / USEC_PER_JIFFY) * USEC_PER_JIFFY) >>> 0 };
}

/** fq_print_opt() */
function print(payload: Uint8Array | null, out: Printer, show: Show): void {
  if (payload === null) return;
  const found = new Found(payload);
  const say = (
    name: Exclude<keyof typeof TCA_FQ, 'horizonDrop'>,
    word: string,
    text: (value: number) => string,
    silent = -1,
  ) => {
    const value = found.get(TCA_FQ[name]);
    if (value !== undefined && value !== silent) out.put(word, value, `${word} ${text(value)} `);
  };
  const rate = (value: number) => rateText(value, show.iec);
  say('plimit', 'limit', (value) => `${value}p`);
  say('flowPlimit', 'flow_limit', (value) => `${value}p`);
  const bucketsLog = found.get(TCA_FQ.bucketsLog);
  if (bucketsLog !== undefined) out.put('buckets', (1 << bucketsLog) >>> 0, `buckets ${(1 << bucketsLog) >>> 0} `);
  say('orphanMask', 'orphan_mask', String);
  if (found.get(TCA_FQ.rateEnable) === 0) out.put('pacing', false, 'nopacing ');
  say('quantum', 'quantum', sizeText);
  say('initialQuantum', 'initial_quantum', sizeText);
  say('maxRate', 'maxrate', rate, 0xffffffff);
  say('defRate', 'defrate', rate, 0);
  say('lowRate', 'low_rate_threshold', rate, 0);
  say('refillDelay', 'refill_delay', timeText);
  say('ceThreshold', 'ce_threshold', timeText, 0xffffffff);
  say('timerSlack', 'timer_slack', time64Text);
  say('horizon', 'horizon', timeText);
  const drop = found.get(TCA_FQ.horizonDrop);
  if (drop === 0) out.put('horizon_cap', null, 'horizon_cap ');
  else if (drop !== undefined) out.put('horizon_drop', null, 'horizon_drop ');
}

/** net/sched/sch_fq.c, iproute2 tc/q_fq.c: a queue for each socket, paced. */
export const FQ: QdiscKind<Fq> = {
  ...QUEUE,
  kind: 'fq',
  codec: CODEC,
  speak,
  settle,
  dump: (fq, w) => putOptions(w, CODEC, fq),
  print,
};
