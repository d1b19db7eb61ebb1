import type { Class, Qdisc } from '../kernel/index.ts';
import { tcMajor, tcMinor } from '../u32.ts';

/** Settings that findings rest on, as the kinds of qdiscs keep them. */
interface Settings {
  readonly defcls?: number;
  readonly divisor?: number;
  readonly flows?: number;
  readonly priomap?: readonly number[];
}

const settings = (q: Qdisc): Settings => (q.settings ?? {}) as Settings;

/** What a kind does with a packet whose class is not one of its own. */
type Lost = 'default' | 'drop' | 'band' | 'own';

const LOST: Readonly<Record<string, Lost>> = {
  htb: 'default',
  hfsc: 'default',
  drr: 'drop',
  qfq: 'drop',
  sfq: 'drop',
  fq_codel: 'drop',
  prio: 'band',
  ets: 'band',
  multiq: 'band',
  cake: 'own',
};

export function lostAt(q: Qdisc): Lost {
  return LOST[q.kind.kind] ?? 'own';
}

/** sfq, fq_codel, drr, qfq: without a class of theirs, a packet is dropped as soon as any filter is attached. */
export const DROPPING: ReadonlySet<string> = new Set(['sfq', 'fq_codel', 'drr', 'qfq']);

/** htb and hfsc: classes below classes, filters on classes, a default class. */
export const HIERARCHIES: ReadonlySet<string> = new Set(['htb', 'hfsc']);

/** Highest minor that names a bucket; null: this kind has classes instead. */
export function bucketsOf(q: Qdisc): number | null {
  const { divisor, flows } = settings(q);
  if (q.kind.kind === 'sfq') return divisor ?? null;
  return q.kind.kind === 'fq_codel' ? (flows ?? null) : null;
}

/** `10:`, as tc writes a handle. */
export function handleText(q: Qdisc): string {
  return `${tcMajor(q.handle).toString(16)}:`;
}

export function defaultMinor(q: Qdisc): number {
  return settings(q).defcls ?? 0;
}

/** The class that unmatched packets go to; null: there is none, or it cannot hold packets. */
export function defaultClass(q: Qdisc): Class | null {
  const cl = defaultMinor(q) === 0 ? null : q.classes.get((q.handle + defaultMinor(q)) >>> 0);
  return cl === null || cl.children > 0 || cl.root ? null : cl;
}

/** Bands that the priomap gives to some priority, from 0; null: every band may be used. */
export function usedBands(q: Qdisc): ReadonlySet<number> | null {
  const { priomap } = settings(q);
  return priomap === undefined ? null : new Set(priomap);
}

/** The classes of a qdisc, by minor: those that users made, or bands. */
export function classMinors(q: Qdisc): number[] {
  if (q.kind.classes === null) return Array.from({ length: q.bandCount }, (_, band) => band + 1);
  return [...q.classes.walk()].filter(({ root }) => !root).map(({ id }) => tcMinor(id));
}

/** Where a packet goes whose class is missing (or, of htb and hfsc, cannot hold packets), and how bad that is. */
export function fateOfLost(q: Qdisc): { readonly effect: string; readonly lost: boolean } {
  const kind = q.kind.kind;
  if (DROPPING.has(kind)) return { effect: `${kind} drops those packets`, lost: true };
  if (kind === 'htb' || kind === 'hfsc') {
    const cl = defaultClass(q);
    if (cl !== null) {
      return {
        effect: `those packets go to the default class ${handleText(q)}${tcMinor(cl.id).toString(16)}`,
        lost: false,
      };
    }
    const end = kind === 'htb' ? 'htb sends those packets direct, unshaped' : 'hfsc drops those packets';
    return { effect: `${end}, as there is no default class that could take them`, lost: true };
  }
  return { effect: `${kind} puts those packets into the band of priority 0`, lost: false };
}
