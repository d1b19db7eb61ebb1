import type { Qdisc } from '../kernel/index.ts';
import { findQdisc, type Rates, type Targets } from '../sched/qdisc/index.ts';
import { classidText } from '../u32.ts';

const OUTER = 0xffff;

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
  const row = targetsOf(kind);
  const rates: Rates = { link, each: link / divisor };
  const { outer } = row;
  const lines = [`qdisc replace dev ${dev} root handle 1: ${row.qdisc(divisor)}`];
  if (outer !== null) lines.push(`class add dev ${dev} parent 1: ${OUTER_ID}${outer(rates)}`);
  const parent = outer === null ? '1:' : `1:${OUTER.toString(16)}`;
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
