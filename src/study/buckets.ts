import type { Qdisc } from '../kernel/index.ts';
import { ADVISED, findQdisc, type Rates, type Targets } from '../sched/qdisc/index.ts';
import { classidText } from '../u32.ts';

/** net/sched/sch_*.c: what a kind takes a class id of a filter for. */
export function targetsOf(kind: string): Targets {
  const targets = findQdisc(kind)?.targets ?? null;
  if (targets === null) throw new RangeError(`no filter spreads hosts over ${kind}`);
  return targets;
}

/** Why nobody makes classes of a qdisc, and what is done in place of that. */
export interface NoClasses {
  readonly message: string;
  readonly instead: string;
}

/** Of a qdisc whose kind takes no classes; `highest`: the highest minor number that filters give. */
export function noClassesOf({ kind, handle, settings, bandCount }: Qdisc, highest: number): NoClasses {
  const message = `${kind.kind} ${classidText(handle)} takes no classes`;
  const there = kind.buckets(settings);
  if (there !== null && there >= highest) {
    return { message, instead: `nothing to make: it has ${there} buckets, enough for the filter` };
  }
  const { targets } = kind;
  if (targets !== null) {
    const wanted = Math.min(2 ** Math.ceil(Math.log2(Math.max(highest, 1))), targets.most);
    return { message, instead: `its buckets are an option of the qdisc: ${targets.qdisc(wanted)}` };
  }
  if (kind.bands === null)
    return { message, instead: 'put the filter on a qdisc that has classes, such as htb or drr' };
  return { message: `${message}: its ${bandCount} come with it`, instead: 'give the filter classes that are there' };
}

export interface BucketSetup {
  readonly kind: string;
  readonly dev: string;
  /** Of the hash: `src,dst`. */
  readonly keys: string;
  /** The filter's words without the base class, whose divisor is `divisor`. Default: a hash of the keys. */
  readonly filter?: string;
  readonly divisor: number;
  /** Bits per second; used by htb, hfsc and the shaper. */
  readonly link: number;
  /** The kind whose one class gives a qdisc with buckets the rate of the link. Default: none, the buckets are the root. */
  readonly shaper?: string | null;
  /** Packets are tagged: their protocol is not that of IP, and one filter takes all. Default: false. */
  readonly tagged?: boolean;
}

/** Commands, and those that are repeated for each class that the filter can name. */
interface Parts {
  readonly before: readonly string[];
  readonly each: ((minor: string) => readonly string[]) | null;
  readonly after: readonly string[];
}

/**
 * Lines for `tc -batch`: the qdisc, every class the filter can name (in hex, as tc reads it), the filters. What no filter
 * takes has a class or bucket before there is a filter, and the filters come last: on the way nothing is dropped.
 */
export function setupCommands(setup: BucketSetup): string[] {
  const { before, each, after } = partsOf(setup);
  const lines = [...before];
  for (let i = 1; each !== null && i <= setup.divisor; i++) lines.push(...each(`1:${i.toString(16)}`));
  return [...lines, ...after];
}

/** The same for a shell: more than SHORT classes become a loop, whose numbers are hex too. */
export function setupScript(setup: BucketSetup): string[] {
  const { before, each, after } = partsOf(setup);
  if (each === null || setup.divisor <= SHORT) return setupCommands(setup).map((line) => `tc ${line}`);
  const loop = [
    `for i in $(seq 1 ${setup.divisor}); do`,
    '  c=1:$(printf %x $i)',
    ...each('$c').map((line) => `  tc ${line}`),
    'done',
  ];
  return [...before.map((line) => `tc ${line}`), ...loop, ...after.map((line) => `tc ${line}`)];
}

/** What takes all of it away again: the kernel puts its own default in the place of the root. */
export const rollbackCommands = ({ dev }: Pick<BucketSetup, 'dev'>): string[] => [`qdisc del dev ${dev} root`];

const SHORT = 16;
/** Minor numbers of the class around the others, and of the one for packets that no filter takes. */
const OUTER = 'ffff';
const REST = 0xfffe;
/** The largest divisor that leaves both of them alone. */
export const MOST_CLASSES = REST - 1;

/** Even rates of so many classes, in whole kilobits where they have any. */
export function evenRates(link: number, count: number): Rates {
  const each = link / count;
  return { link, each: each < 1000 ? each : each - (each % 1000) };
}

function partsOf(setup: BucketSetup): Parts {
  const row = targetsOf(setup.kind);
  return row.class === null ? bucketParts(setup, row) : classParts(setup, row, row.class);
}

/** Buckets are there with the qdisc. Its filters have to take everything: what they leave is dropped. */
function bucketParts(setup: BucketSetup, row: Targets): Parts {
  const { dev, divisor, link, shaper = null } = setup;
  const words = row.qdisc(divisor);
  const all = (at: string): string[] => [...catchAll(setup, at, `${at}1`), ...flowFilters(setup, at)];
  if (shaper === null) {
    return { before: [`qdisc replace dev ${dev} root handle 1: ${words}`], each: null, after: all('1:') };
  }
  const above = targetsOf(shaper);
  return {
    before: [
      `qdisc replace dev ${dev} root handle 1: ${above.qdisc(1, 1)}`,
      `class add dev ${dev} parent 1: classid 1:1 ${above.outer?.({ link, each: link }) ?? shaper}`,
      `qdisc add dev ${dev} parent 1:1 handle 2: ${words}`,
    ],
    each: null,
    after: all('2:'),
  };
}

/** A default class first, from which the filters take the packets away once all other classes are there. */
function classParts(setup: BucketSetup, row: Targets, words: NonNullable<Targets['class']>): Parts {
  const { kind, dev, divisor, link } = setup;
  const rates = evenRates(link, divisor + 1);
  const { outer } = row;
  const parent = outer === null ? '1:' : `1:${OUTER}`;
  const add = (above: string, id: string, options: string): string =>
    `class add dev ${dev} parent ${above} classid ${id} ${options}`;
  const each = (id: string): string[] => [
    add(parent, id, words(rates)),
    `qdisc add dev ${dev} parent ${id} ${ADVISED.leaf}`,
  ];
  const rest = `1:${REST.toString(16)}`;
  const [restClass = '', restLeaf = ''] = each(rest);
  const root = row.qdisc(divisor, REST);
  return {
    before: [
      `qdisc replace dev ${dev} root handle 1: ${root}`,
      ...(outer === null ? [] : [add('1:', parent, outer(rates))]),
      restClass,
      // A kind without a default class drops what no filter takes.
      ...(root === kind ? catchAll(setup, '1:', rest) : []),
      restLeaf,
    ],
    each,
    after: flowFilters(setup, '1:'),
  };
}

/** Takes ARP and whatever else is not IP. */
function catchAll({ dev, tagged = false }: BucketSetup, parent: string, classid: string): string[] {
  return tagged ? [] : [`filter add dev ${dev} parent ${parent} protocol all prio 3 matchall classid ${classid}`];
}

/** Keys of packets that are not IP would be kernel pointers: only tagged ones are not told apart by protocol. */
function flowFilters({ dev, keys, filter, divisor, tagged = false }: BucketSetup, parent: string): string[] {
  const words = `flow ${filter ?? `hash keys ${keys} divisor ${divisor}`} baseclass ${parent}1`;
  const protocols = tagged ? ['all'] : ['ip', 'ipv6'];
  return protocols.map(
    (protocol, i) => `filter add dev ${dev} parent ${parent} protocol ${protocol} prio ${i + 1} handle 1 ${words}`,
  );
}
