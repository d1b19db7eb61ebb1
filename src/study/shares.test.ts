import { describe, expect, it } from 'vitest';
import { Census, chanceOfNoCollision, expectedSharing, spread } from './shares.ts';

describe('the birthday problem', () => {
  it('gives 8 hosts in 8 buckets 0.24 % to be all alone: 8!/8^8', () => {
    expect(chanceOfNoCollision(8, 8)).toBeCloseTo(40320 / 8 ** 8, 12);
    expect((100 * chanceOfNoCollision(8, 8)).toFixed(2)).toBe('0.24');
  });

  it('gives 23 people in a year less than one half, and 22 more', () => {
    expect(chanceOfNoCollision(23, 365)).toBeLessThan(0.5);
    expect(chanceOfNoCollision(22, 365)).toBeGreaterThan(0.5);
  });

  it('leaves nobody alone where there are more hosts than buckets', () => {
    expect(chanceOfNoCollision(9, 8)).toBe(0);
  });

  it.each([
    [8, 8, 61],
    [30, 256, 11],
    [100, 1024, 9],
    [250, 1024, 22],
  ])('lets %i hosts in %i buckets share by %i %%', (hosts, classes, percent) => {
    expect(Math.round(100 * expectedSharing(hosts, classes))).toBe(percent);
  });
});

const measure = (pairs: readonly (readonly [number, number])[], limit = 16) =>
  new Census(limit).measure(
    Int32Array.from(pairs, ([host]) => host),
    Int32Array.from(pairs, ([, place]) => place),
  );

describe('a census', () => {
  it('counts who shares, the fullest class, and the fairness of one class each: x = 1, 1/2, 1/2', () => {
    const { sharing, worst, classes, jain, worstShare } = measure([
      [0, 3],
      [1, 5],
      [2, 5],
    ]);
    expect([sharing, worst, classes]).toEqual([2, 2, 2]);
    expect(jain).toBeCloseTo(2 ** 2 / (3 * (1 + 1 / 4 + 1 / 4)), 12);
    expect(worstShare).toBeCloseTo(1 / 4, 12);
  });

  it('gives a host in two classes both of its parts: x = 1 + 1/2, 1/2', () => {
    const { sharing, jain, worstShare } = measure([
      [0, 1],
      [0, 2],
      [1, 2],
    ]);
    expect(sharing).toBe(2);
    expect(jain).toBeCloseTo(2 ** 2 / (2 * (9 / 4 + 1 / 4)), 12);
    expect(worstShare).toBeCloseTo(1 / 4, 12);
  });

  it('counts a host once in a class in which it appears twice', () => {
    expect(
      measure([
        [0, 1],
        [0, 1],
        [1, 2],
      ]),
    ).toEqual({ sharing: 0, worst: 1, classes: 2, jain: 1, worstShare: 0.5 });
  });

  it('forgets the placement before', () => {
    const census = new Census(4);
    census.measure(Int32Array.of(0, 1), Int32Array.of(0, 0));
    expect(census.measure(Int32Array.of(0, 1), Int32Array.of(0, 1)).sharing).toBe(0);
    expect([0, 1, 2].map((place) => census.hostsOf(place))).toEqual([1, 1, 0]);
  });

  it('of nobody is fair', () => {
    expect(measure([])).toEqual({ sharing: 0, worst: 0, classes: 0, jain: 1, worstShare: 1 });
  });
});

describe('a spread', () => {
  it('is mean, least and most', () => {
    expect(spread([1, 2, 6])).toEqual({ mean: 3, min: 1, max: 6 });
  });

  it('of nothing is refused', () => {
    expect(() => spread([])).toThrow(RangeError);
  });
});
