import { describe, expect, it } from 'vitest';
import { tryExactness } from './exactness.ts';

/** The same trial as `npm run fuzz`, a little of it. */
const SCRIPTS = 400;

describe('a result that is called exact', () => {
  it(`does not change with what is not known, over ${SCRIPTS} random scripts`, () => {
    const trials = Array.from({ length: SCRIPTS }, (_, i) => tryExactness(1000 * i));
    expect(trials.map(({ broken }) => broken).filter((broken) => broken !== null)).toEqual([]);
    // Most rest on something; but where nothing is exact nothing is tried.
    const exact = trials.reduce((sum, trial) => sum + trial.exact, 0);
    expect(exact).toBeGreaterThan(SCRIPTS);
  });
});
