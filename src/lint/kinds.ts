import type { Class, Qdisc } from '../kernel/index.ts';
import { tcMajor, tcMinor } from '../u32.ts';

/** What a kind does with a packet whose class is not one of its own; htb's way past all classes counts as default. */
export function lostAt({ kind }: Qdisc): 'default' | 'drop' | 'band' | 'own' {
  return kind.unmatched === 'direct' ? 'default' : kind.unmatched;
}

/** Without a class of its own, a packet is dropped as soon as any filter is attached. */
export const drops = ({ kind }: Qdisc): boolean => kind.unmatched === 'drop';

/** htb and hfsc: classes below classes, filters on classes, a default class. */
export const isHierarchy = ({ kind }: Qdisc): boolean => kind.classes?.tree === true;

/** Highest minor that names a bucket; null: this kind has classes instead. */
export function bucketsOf(q: Qdisc): number | null {
  return q.kind.buckets(q.settings);
}

/** `10:`, as tc writes a handle. */
export function handleText(q: Qdisc): string {
  return `${tcMajor(q.handle).toString(16)}:`;
}

export function defaultMinor(q: Qdisc): number {
  return q.kind.defaultMinor(q.settings);
}

/** The class that unmatched packets go to; null: there is none, or it cannot hold packets. */
export function defaultClass(q: Qdisc): Class | null {
  const cl = defaultMinor(q) === 0 ? null : q.classes.get((q.handle + defaultMinor(q)) >>> 0);
  return cl === null || cl.children > 0 || cl.root ? null : cl;
}

/** Bands that the priomap gives to some priority, from 0; null: every band may be used. */
export function usedBands(q: Qdisc): ReadonlySet<number> | null {
  return q.kind.usedBands(q.settings);
}

/** The classes of a qdisc, by minor: those that users made, or bands. */
export function classMinors(q: Qdisc): number[] {
  if (q.kind.classes === null) return Array.from({ length: q.bandCount }, (_, band) => band + 1);
  return [...q.classes.walk()].filter(({ root }) => !root).map(({ id }) => tcMinor(id));
}

/** Where a packet goes whose class is missing (or, of htb and hfsc, cannot hold packets), and how bad that is. */
export function fateOfLost(q: Qdisc): { readonly effect: string; readonly lost: boolean } {
  const { kind, unmatched } = q.kind;
  if (unmatched === 'drop') return { effect: `${kind} drops those packets`, lost: true };
  if (unmatched === 'default' || unmatched === 'direct') {
    const cl = defaultClass(q);
    if (cl !== null) {
      return {
        effect: `those packets go to the default class ${handleText(q)}${tcMinor(cl.id).toString(16)}`,
        lost: false,
      };
    }
    const end = unmatched === 'direct' ? `${kind} sends those packets direct, unshaped` : `${kind} drops those packets`;
    return { effect: `${end}, as there is no default class that could take them`, lost: true };
  }
  return { effect: `${kind} puts those packets into the band of priority 0`, lost: false };
}
