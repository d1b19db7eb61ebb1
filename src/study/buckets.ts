/** What a kind of qdisc offers to a filter that spreads hosts, and the commands that set it up. */
export interface Buckets {
  /** Buckets it has when nothing is said. */
  readonly usual: number;
  /** The largest divisor it can take: class ids count from 1 and end at 0xffff. */
  readonly most: number;
  /** Words of the root qdisc's kind and options. */
  readonly qdisc: (divisor: number) => string;
  /** Words of each class; null: the buckets are there by themselves. */
  readonly class: ((rates: Rates) => string) | null;
  /** Minor number of an outer class, for kinds that share one rate out. */
  readonly outer?: { readonly minor: number; readonly words: (rates: Rates) => string };
}

export interface Rates {
  /** Of the link, in bits per second. */
  readonly link: number;
  /** Of each class. */
  readonly each: number;
}

const SFQ_BUCKETS = 1024;
const FQ_CODEL_FLOWS = 1024;
const MOST_BUCKETS = 65536;
/** The largest power of two whose classes, from 1 on, leave a minor number for an outer class. */
const MOST_CLASSES = 32768;
const OUTER = 0xffff;

const rate = (bits: number): string => `${Math.max(1, Math.floor(bits))}bit`;

/**
 * net/sched/sch_*.c: what each takes a class id of a filter for. sfq: sfq_classify(), minor 1 … divisor; fq_codel:
 * fq_codel_classify(), 1 … flows; the others look a class up.
 */
export const BUCKETS = {
  sfq: {
    usual: SFQ_BUCKETS,
    most: MOST_BUCKETS,
    qdisc: (divisor) => (divisor === SFQ_BUCKETS ? 'sfq' : `sfq divisor ${divisor}`),
    class: null,
  },
  fq_codel: {
    usual: FQ_CODEL_FLOWS,
    most: MOST_BUCKETS,
    qdisc: (divisor) => (divisor === FQ_CODEL_FLOWS ? 'fq_codel' : `fq_codel flows ${divisor}`),
    class: null,
  },
  drr: { usual: 0, most: MOST_CLASSES, qdisc: () => 'drr', class: () => 'drr' },
  qfq: { usual: 0, most: MOST_CLASSES, qdisc: () => 'qfq', class: () => 'qfq weight 1' },
  htb: {
    usual: 0,
    most: MOST_CLASSES,
    qdisc: () => 'htb',
    class: ({ link, each }) => `htb rate ${rate(each)} ceil ${rate(link)}`,
    outer: { minor: OUTER, words: ({ link }) => `htb rate ${rate(link)}` },
  },
  hfsc: {
    usual: 0,
    most: MOST_CLASSES,
    qdisc: () => 'hfsc',
    class: ({ each }) => `hfsc ls m2 ${rate(each)}`,
    outer: { minor: OUTER, words: ({ link }) => `hfsc ls m2 ${rate(link)} ul m2 ${rate(link)}` },
  },
} as const satisfies Readonly<Record<string, Buckets>>;

export type BucketKind = keyof typeof BUCKETS;
export const BUCKET_KINDS = Object.keys(BUCKETS) as BucketKind[];

export interface BucketSetup {
  readonly kind: BucketKind;
  readonly dev: string;
  readonly keys: string;
  readonly divisor: number;
  /** Bits per second; used by htb and hfsc. */
  readonly link: number;
}

/**
 * Lines for `tc -batch`: the qdisc, every class the filter can name (in hex, as tc reads it), the filter. All packets
 * are taken, so that none is left to a default.
 */
export function setupCommands({ kind, dev, keys, divisor, link }: BucketSetup): string[] {
  const row: Buckets = BUCKETS[kind];
  const rates: Rates = { link, each: link / divisor };
  const { outer } = row;
  const lines = [`qdisc replace dev ${dev} root handle 1: ${row.qdisc(divisor)}`];
  if (outer) lines.push(`class add dev ${dev} parent 1: classid 1:${outer.minor.toString(16)} ${outer.words(rates)}`);
  const parent = outer ? `1:${outer.minor.toString(16)}` : '1:';
  for (let i = 1; row.class !== null && i <= divisor; i++) {
    lines.push(`class add dev ${dev} parent ${parent} classid 1:${i.toString(16)} ${row.class(rates)}`);
  }
  lines.push(
    `filter add dev ${dev} parent 1: protocol all prio 1 handle 1 flow hash keys ${keys} divisor ${divisor} baseclass 1:1`,
  );
  return lines;
}

/** The same for a shell: more than SHORT classes become a loop, whose numbers are hex too. */
export function setupScript(setup: BucketSetup): string[] {
  const lines = setupCommands(setup);
  const isClass = (line: string): boolean => /^class .* classid 1:[0-9a-f]+ /.test(line) && !line.includes(OUTER_ID);
  const classes = lines.filter(isClass);
  if (classes.length <= SHORT) return lines.map((line) => `tc ${line}`);
  const [first = ''] = classes;
  const loop = `for i in $(seq 1 ${setup.divisor}); do tc ${first.replace('classid 1:1 ', 'classid 1:$(printf %x $i) ')}; done`;
  const head = lines.slice(0, lines.indexOf(first));
  return [...head.map((line) => `tc ${line}`), loop, `tc ${lines.at(-1)}`];
}

const SHORT = 16;
const OUTER_ID = `classid 1:${OUTER.toString(16)} `;
