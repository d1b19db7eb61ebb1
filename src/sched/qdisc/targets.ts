import type { Targets } from './kind.ts';

const MOST_BUCKETS = 65536;
/** The largest power of two whose classes, from 1 on, leave a minor number for an outer class. */
const MOST_CLASSES = 32768;

/** Buckets that are there by themselves: `options` are the words for another number than the usual one. */
export function buckets(kind: string, usual: number, options: (divisor: number) => string): Targets {
  return {
    usual,
    most: MOST_BUCKETS,
    qdisc: (divisor) => (divisor === usual ? kind : `${kind} ${options(divisor)}`),
    class: null,
    outer: null,
  };
}

/** Classes that users make. */
export function classes(
  kind: string,
  words: NonNullable<Targets['class']> = () => kind,
  outer: Targets['outer'] = null,
): Targets {
  return { usual: 0, most: MOST_CLASSES, qdisc: () => kind, class: words, outer };
}

/** The same, of a kind whose options name a default class. */
export const withDefault = (row: Targets): Targets => ({
  ...row,
  qdisc: (divisor, rest) => `${row.qdisc(divisor)}${rest === undefined ? '' : ` default ${rest.toString(16)}`}`,
});

const UNITS = ['', 'K', 'M', 'G', 'T'] as const;

/** A rate of whole bits as tc prints it, in the largest unit that leaves nothing over. */
export function bitRate(bits: number): string {
  let whole = Math.max(1, Math.floor(bits));
  let unit = 0;
  for (; unit < UNITS.length - 1 && whole % 1000 === 0; unit++) whole /= 1000;
  return `${whole}${UNITS[unit]}bit`;
}
