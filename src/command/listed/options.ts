import { getSize, getTime } from '../../lang/index.ts';
import { bucketSize } from './bucket.ts';

/** How words that tc prints of a qdisc or a class are typed again. */

/** One word that tc prints. */
interface Row {
  /** Words behind it that belong to it; null: all up to the next known word. */
  readonly values: number | null;
  /** What is typed instead of it. Default: the same word. */
  readonly as?: string;
  /** It tells nothing that can be typed: counters, versions. */
  readonly left?: true;
  readonly typed?: (value: string) => string;
  /** It is a bucket, which this word's rate fills. */
  readonly rate?: string;
}

export type Rows = Readonly<Record<string, Row>>;

const FLAG: Row = { values: 0 };
const VALUE: Row = { values: 1 };
const LIST: Row = { values: null };
const LEFT: Row = { values: 1, left: true };
/** `127p`, `10sec`, `18b`, `10pps`: tc prints a unit that it does not take. */
const NUMBER: Row = { values: 1, typed: (value) => value.replace(/(?:pps|sec|p|b)$/, '') };
/** `1600b/8`: behind the slash stands the size of a cell, which tc works out again. */
const SIZE: Row = { values: 1, typed: (value) => value.replace(/\/.*/, '') };
/** `15Kb`, of which tc takes only the number of bytes. */
const BYTES: Row = { values: 1, typed: (value) => String(getSize(value) ?? value) };
/** A time of which tc takes the number of milliseconds. */
const MILLISECONDS: Row = { values: 1, typed: (value) => String((getTime(value) ?? 0) / 1000) };
const bucket = (rate: string): Row => ({ ...SIZE, rate });

function rows(kinds: Readonly<Record<string, Row>>, ...words: readonly string[]): Rows {
  return { ...Object.fromEntries(words.flatMap((line) => line.split(' ')).map((word) => [word, VALUE])), ...kinds };
}

const flags = (words: string): Rows => Object.fromEntries(words.split(' ').map((word) => [word, FLAG]));

const FIFO: Rows = { limit: NUMBER };
const LINK: Rows = { overhead: NUMBER, linklayer: VALUE, mpu: BYTES };
/** The kernel counts in 1024 ns and cuts off: of what it lists it makes the same again if it is asked for one more. */
const TIME: Row = { values: 1, typed: (value) => value.replace(/^\d+(?=us$)/, (number) => String(Number(number) + 1)) };
const CODEL: Rows = { limit: NUMBER, ecn: FLAG, target: TIME, interval: TIME, ce_threshold: TIME };
const PIE = rows({ limit: NUMBER, ...flags('ecn bytemode dq_rate_estimator') }, 'target tupdate alpha beta');
const RED_FLAGS = flags('ecn harddrop adaptive nodrop');
/** What `-d` adds; tc makes it of avpkt and burst. */
const RED_DETAILS: Rows = { ewma: LEFT, Plog: LEFT, Scell_log: LEFT, probability: VALUE };

/** The words that tc prints of each kind of qdisc that is modelled. */
const QDISC_ROWS: Readonly<Record<string, Rows>> = {
  noqueue: {},
  mq: {},
  drr: {},
  qfq: {},
  ingress: { '----------------': { values: 0, left: true } },
  clsact: { '----------------': { values: 0, left: true } },
  pfifo: FIFO,
  bfifo: FIFO,
  pfifo_head_drop: FIFO,
  pfifo_fast: { bands: LEFT, priomap: { ...LIST, left: true } },
  prio: { bands: VALUE, priomap: LIST, 'multiqueue:': LEFT },
  multiq: { bands: LEFT },
  ets: rows({ quanta: LIST, priomap: LIST }, 'bands strict'),
  htb: rows({ direct_packets_stat: LEFT, ver: LEFT, offload: FLAG }, 'r2q default direct_qlen'),
  hfsc: { default: VALUE },
  sfq: rows(
    { limit: NUMBER, perturb: NUMBER, headdrop: FLAG, flows: SIZE, ewma: LEFT, ...flags('ecn harddrop') },
    'quantum depth divisor min max probability',
  ),
  tbf: {
    ...LINK,
    ...rows(
      {
        burst: bucket('rate'),
        mtu: bucket('peakrate'),
        minburst: bucket('peakrate'),
        lat: { ...VALUE, as: 'latency' },
      },
      'rate peakrate limit',
    ),
  },
  fq_codel: { ...CODEL, ...rows({}, 'flows quantum ce_threshold_selector memory_limit drop_batch') },
  codel: CODEL,
  fq: rows(
    {
      limit: NUMBER,
      flow_limit: NUMBER,
      quantum: BYTES,
      initial_quantum: BYTES,
      ...flags('nopacing horizon_cap horizon_drop'),
    },
    'buckets orphan_mask maxrate defrate low_rate_threshold refill_delay ce_threshold',
    'timer_slack horizon',
  ),
  pie: PIE,
  fq_pie: { ...PIE, ...rows({}, 'flows quantum memory_limit ecn_prob') },
  cake: rows(
    flags(
      'autorate-ingress besteffort diffserv3 diffserv4 diffserv8 precedence flowblind srchost dsthost hosts flows ' +
        'dual-srchost dual-dsthost triple-isolate nat nonat wash nowash ingress ack-filter ack-filter-aggressive ' +
        'no-ack-filter split-gso no-split-gso raw atm noatm ptm',
    ),
    'bandwidth rtt overhead mpu memlimit fwmark',
  ),
  red: { ...RED_FLAGS, ...RED_DETAILS, ...rows({ qevent: { values: 3 } }, 'limit min max') },
  choke: { ...RED_FLAGS, ...RED_DETAILS, limit: NUMBER, min: NUMBER, max: NUMBER },
  sfb: rows(
    {
      rehash: MILLISECONDS,
      db: MILLISECONDS,
      limit: NUMBER,
      max: NUMBER,
      target: NUMBER,
      penalty_rate: NUMBER,
      penalty_burst: NUMBER,
    },
    'increment decrement',
  ),
};

const CLASS_ROWS: Readonly<Record<string, Rows>> = {
  htb: {
    ...LINK,
    ...rows({ level: LEFT, burst: bucket('rate'), cburst: bucket('ceil'), mpu: BYTES }, 'prio quantum rate ceil'),
  },
  hfsc: rows(flags('sc rt ls ul'), 'm1 d m2'),
  drr: { quantum: VALUE },
  qfq: rows({}, 'weight maxpkt'),
};

/** A kind and its options as they are typed. */
export interface Typed {
  readonly words: readonly string[];
  /** What could not be read, a sentence each. */
  readonly unread: readonly string[];
}

/** The words of a qdisc of this kind. A kind that is not modelled keeps its words. */
export function qdiscOptions(kind: string, printed: readonly string[]): Typed {
  const known = QDISC_ROWS[kind];
  if (known === undefined) return { words: printed, unread: [] };
  const { words, unread } = typedAgain(printed, known);
  const { without, add, lost } = MENDS[kind]?.(printed, kind) ?? NOTHING;
  const left = words.filter((word, i) => !without.includes(word) && !without.includes(words[i - 1] ?? ''));
  return { words: [...left, ...add], unread: [...unread, ...lost] };
}

/** What has to be done about words of a kind that do not say all. */
interface Mend {
  /** Words that go, with the value behind them. */
  readonly without: readonly string[];
  readonly add: readonly string[];
  /** What is lost by it, a sentence each. */
  readonly lost: readonly string[];
}

const NOTHING: Mend = { without: [], add: [], lost: [] };

const average = (_: readonly string[], kind: string): Mend => ({
  ...NOTHING,
  add: ['avpkt', '1000'],
  lost: [`tc does not print the avpkt of ${kind}: 1000 is taken`],
});

const MENDS: Readonly<Record<string, (printed: readonly string[], kind: string) => Mend>> = {
  fq_codel: (printed) => ({ ...NOTHING, add: printed.includes('ecn') ? [] : ['noecn'] }),
  cake: (printed) => ({ ...NOTHING, without: behind(printed, 'bandwidth') === 'unlimited' ? ['bandwidth'] : [] }),
  red: average,
  choke: average,
  /** A limit and a divisor that are asked for bound the flows too; the usual ones are better not asked for. */
  sfq: (printed) => ({
    ...(printed.includes('ewma') ? NO_RED : NOTHING),
    without: [
      ...(printed.includes('ewma') ? NO_RED.without : []),
      ...(/^127p?$/.test(behind(printed, 'limit')) ? ['limit'] : []),
      ...(Number(behind(printed, 'flows')) > Number(behind(printed, 'divisor')) ? ['divisor'] : []),
    ],
  }),
  /** Its JSON has the bucket of a peak rate, not the rate. */
  tbf: (printed) =>
    printed.includes('peakrate') || !(printed.includes('minburst') || printed.includes('mtu'))
      ? NOTHING
      : { ...NOTHING, without: ['minburst', 'mtu'], lost: ['the peakrate of tbf is not in the JSON of tc'] },
};

const behind = (words: readonly string[], word: string): string => words[words.indexOf(word) + 1] ?? '';

const NO_RED: Mend = {
  without: ['min', 'max', 'probability', 'ecn', 'harddrop'],
  add: [],
  lost: ['tc does not print the redflowlimit of sfq: its queue is taken without RED'],
};

/** The words of a class of this kind; null: users make no such classes. */
export function classOptions(kind: string, printed: readonly string[]): Typed | null {
  const known = CLASS_ROWS[kind];
  return known === undefined ? null : typedAgain(printed, known);
}

/** Whether tc prints this word of such a class: its JSON has counters beside them. */
export const isClassOption = (kind: string, word: string): boolean => Object.hasOwn(CLASS_ROWS[kind] ?? {}, word);

function typedAgain(printed: readonly string[], known: Rows): Typed {
  const words: string[] = [];
  const unread: string[] = [];
  for (let at = 0; at < printed.length; ) {
    const word = printed[at++] ?? '';
    const row = rowOf(known, word);
    const from = at;
    if (row?.values == null) while (at < printed.length && rowOf(known, printed[at] ?? '') === undefined) at++;
    else at += row.values;
    if (row === undefined) unread.push(`"${[word, ...printed.slice(from, at)].join(' ')}" is not known here`);
    else if (row.left !== true) {
      const values = printed.slice(from, at).map((value) => row.typed?.(value) ?? value);
      const { rate } = row;
      words.push(
        row.as ?? word,
        ...(rate === undefined ? values : values.map((size) => bucketSize(size, behind(printed, rate)))),
      );
    }
  }
  return { words, unread };
}

const rowOf = (known: Rows, word: string): Row | undefined => (Object.hasOwn(known, word) ? known[word] : undefined);
