import { describe, expect, it } from 'vitest';
import { tryEngines } from './engines.ts';

/** The same trial as `npm run fuzz`, a little of it: enough to see at once that something is wrong. */
const CHAINS = 40;

describe('the compiled engine', () => {
  it(`counts as the plain one does, over ${CHAINS} random chains of 1000 frames`, () => {
    const trials = Array.from({ length: CHAINS }, (_, i) => tryEngines(1000 + i));
    expect(trials.map(({ difference }) => difference).filter((difference) => difference !== null)).toEqual([]);
    expect(trials.filter(({ compiled }) => compiled).length).toBeGreaterThan(CHAINS / 4);
  });
});
