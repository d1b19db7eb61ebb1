import type { Targets } from './kind.ts';

const MOST_BUCKETS = 65536;
/** The largest power of two whose classes, from 1 on, leave a minor number for an outer class. */
const MOST_CLASSES = 32768;

/** Buckets that are there by themselves: `option` says how many there are instead of the usual number. */
export function buckets(kind: string, usual: number, option: string, queues: number | null = null): Targets {
  return {
    usual,
    most: MOST_BUCKETS,
    queues,
    qdisc: (divisor) => (divisor === usual ? kind : `${kind} ${option} ${divisor}`),
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
  return { usual: 0, most: MOST_CLASSES, queues: null, qdisc: () => kind, class: words, outer };
}

/** A rate of whole bits, as tc reads it. */
export const bitRate = (bits: number): string => `${Math.max(1, Math.floor(bits))}bit`;
