/**
 * How far a result can be trusted: `exact` is the kernel's own answer, `assumed` is right if what we were not told
 * is as we suppose (a seed, a mark of 0, no NAT), `unknowable` rests on something no capture holds (a kernel pointer).
 */
export type Exactness = 'exact' | 'assumed' | 'unknowable';

/** The weaker of two: a result is only as sure as the least sure thing it rests on. */
export function weaker(a: Exactness, b: Exactness): Exactness {
  if (a === 'unknowable' || b === 'exact') return a;
  return b === 'unknowable' || a === 'exact' ? b : a;
}
