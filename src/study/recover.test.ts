import { describe, expect, it } from 'vitest';
import { jhash2 } from '../hash/index.ts';
import { type Sample, searchSeeds } from './recover.ts';

/**
 * Recorded from Linux 6.1.192: `flow hash keys src,dst divisor 1024` over drr classes from 1:1 on, by their counters,
 * with hashrnd 0xe0529bc2.
 */
const HASHRND = 0xe0529bc2;
const RECORDED: readonly Sample[] = [
  { keys: Int32Array.of(0xc0a80101, 0x08080808), bucket: 0x6b - 1 },
  { keys: Int32Array.of(0xc0a80102, 0x01010101), bucket: 0x23 - 1 },
  { keys: Int32Array.of(0x5db8d822, 0xc0a80103), bucket: 0x232 - 1 },
  { keys: Int32Array.of(0x0a000001, 0xcb007105), bucket: 0x366 - 1 },
];
const AROUND = 1 << 16;

describe('a search for seeds', () => {
  it('finds the one that a kernel used, and no other nearby', () => {
    const left: number[] = [];
    expect(searchSeeds(RECORDED, 1024, HASHRND - AROUND, 2 * AROUND, left)).toEqual([HASHRND]);
    expect(left).toHaveLength(4);
    // 131072 seeds, of which one in 1024 fits by chance.
    expect(left[0]).toBeGreaterThan(64);
    expect(left[0]).toBeLessThan(256);
    expect(left[3]).toBe(1);
  });

  it('finds nothing where one pair is wrong', () => {
    const wrong = RECORDED.map((sample, i) => (i === 1 ? { ...sample, bucket: sample.bucket + 1 } : sample));
    expect(searchSeeds(wrong, 1024, HASHRND - 10, 20)).toEqual([]);
  });

  it('goes past 2^31 and to the last seed', () => {
    const keys = Int32Array.of(1);
    for (const seed of [0x7fffffff, 0x80000000, 0xffffffff]) {
      const samples = [{ keys, bucket: jhash2(keys, 1, seed) & 0xffff }];
      expect(searchSeeds(samples, 65536, seed - 3, 4)).toContain(seed);
    }
  });

  it.each([
    [1, 8],
    [2, 1024],
    [3, 16],
    [4, 16],
    [5, 1000],
    [2, 7],
    [1, 1],
  ])('tries with %i keys and divisor %i just what jhash2 says', (count, divisor) => {
    const keys = Int32Array.from({ length: count }, (_, i) => 0x9e3779b9 * (i + 1));
    const all = Array.from({ length: 2000 }, (_, seed) => seed);
    const expected = all.filter((seed) => (jhash2(keys, count, seed) >>> 0) % divisor === 0);
    expect(searchSeeds([{ keys, bucket: 0 }], divisor, 0, 2000)).toEqual(expected);
  });

  it('returns the first of many, and counts them all', () => {
    const left: number[] = [];
    const all = searchSeeds([{ keys: Int32Array.of(1), bucket: 0 }], 2, 0, 2000);
    expect(searchSeeds([{ keys: Int32Array.of(1), bucket: 0 }], 2, 0, 2000, left, 5)).toEqual(all.slice(0, 5));
    expect(left).toEqual([all.length]);
  });

  it('without a sample is refused', () => {
    expect(() => searchSeeds([], 8, 0, 1)).toThrow(RangeError);
  });
});
