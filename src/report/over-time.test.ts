import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OverTime } from './over-time.ts';

type Moment = readonly [seconds: number, nanoseconds?: number];

function counted(bins: number, moments: readonly Moment[]): OverTime<string> {
  const time = new OverTime<string>(bins);
  for (const [seconds, nanoseconds = 0] of moments) time.add('a', seconds, nanoseconds, 100);
  return time;
}

const shown = (time: OverTime<string>) => {
  const [[, { packets, bytes }] = ['', { packets: [], bytes: [] }]] = time.rows();
  expect(bytes).toEqual(packets.map((count) => 100 * count));
  return { began: time.began, width: time.width, packets };
};

describe('packets over time', () => {
  test('of nobody have no beginning', () => {
    expect(shown(counted(4, []))).toEqual({ began: null, width: 2 ** -10, packets: [] });
  });

  test('of one moment are in one bin, of a 1024th of a second', () => {
    const moments: Moment[] = [
      [7, 500_000_000],
      [7, 500_976_562],
      [7, 500_000_000],
    ];
    expect(shown(counted(4, moments))).toEqual({ began: 7.5, width: 2 ** -10, packets: [3] });
    // The next bin begins at 7.5009765625.
    expect(shown(counted(4, [...moments, [7, 500_976_563]])).packets).toEqual([3, 1]);
  });

  test('the width doubles when there are no bins any more', () => {
    expect(shown(counted(4, [[8], [9], [10], [11]]))).toEqual({ began: 8, width: 1, packets: [1, 1, 1, 1] });
    expect(shown(counted(4, [[8], [9], [10], [11], [12]]))).toEqual({ began: 8, width: 2, packets: [2, 2, 1] });
    expect(shown(counted(4, [[9], [10], [11], [12]]))).toEqual({ began: 9, width: 1, packets: [1, 1, 1, 1] });
    // Bins begin at multiples of their width.
    expect(shown(counted(4, [[9], [13]]))).toEqual({ began: 8, width: 2, packets: [1, 0, 1] });
  });

  test.each<[string, Moment[], object]>([
    ['time goes back', [[11], [8], [10], [9]], { began: 8, width: 1, packets: [1, 1, 1, 1] }],
    ['before 1970', [[-2, 999_999_999], [0], [1]], { began: -2, width: 1, packets: [1, 0, 1, 1] }],
    ['1970 and 2106', [[0], [0xffffffff, 999_999_999]], { began: 0, width: 2 ** 30, packets: [1, 0, 0, 1] }],
    ['a gap of years', [[1_700_000_000], [1_600_000_000]], { width: 2 ** 25, packets: [1, 0, 0, 1] }],
    ['absurd times', [[1.8e19], [-1.8e19]], { began: -(2 ** 42), width: 2 ** 42, packets: [1, 0, 1] }],
  ])('%s', (_, moments, expected) => {
    expect(shown(counted(4, moments))).toMatchObject(expected);
  });

  test('two bins are enough for all times', () => {
    expect(shown(counted(2, [[-1], [0]]))).toMatchObject({ began: -1, packets: [1, 1] });
    expect(shown(counted(2, [[-(2 ** 41)], [2 ** 40]]))).toMatchObject({ packets: [1, 1] });
  });

  test('each has its own bins, all the same ones', () => {
    const time = new OverTime<string>(4);
    time.add('a', 8, 0, 10);
    time.add('b', 11, 0, 20);
    time.add('b', 10, 0, 30);
    expect([...time.rows()]).toEqual([
      ['a', { packets: [1, 0, 0, 0], bytes: [10, 0, 0, 0] }],
      ['b', { packets: [0, 0, 1, 1], bytes: [0, 0, 30, 20] }],
    ]);
  });

  const moment = fc.tuple(
    fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
    fc.integer({ min: 0, max: 999_999_999 }),
  );

  test('every packet is in the bin of its time, in whatever order they come, and another width of half would not do', () => {
    fc.assert(
      fc.property(
        fc.array(moment, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 2, max: 9 }),
        (moments, bins) => {
          const found = shown(counted(bins, moments));
          const { began, width, packets } = found;
          expect(shown(counted(bins, moments.toReversed()))).toEqual(found);
          expect(packets.length).toBeLessThanOrEqual(bins);
          // In nanoseconds, of which the narrowest bin has a half more.
          const binOf = ([seconds, nanoseconds]: readonly [number, number], of: number): number => {
            const halves = 2n * (BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds));
            const size = BigInt(2e9 * of);
            return Number((halves - (((halves % size) + size) % size)) / size);
          };
          const expected = new Array<number>(packets.length).fill(0);
          for (const each of moments) {
            const at = binOf(each, width) - (began ?? 0) / width;
            expected[at] = (expected[at] ?? 0) + 1;
          }
          expect(packets).toEqual(expected);
          if (width === 2 ** -10) return;
          const halves = moments.map((each) => (width > 2 ** -10 ? binOf(each, width / 2) : 0));
          expect(Math.max(...halves) - Math.min(...halves)).toBeGreaterThanOrEqual(bins);
        },
      ),
    );
  });
});
