import { describe, expect, test } from 'vitest';
import { Tally } from './tally.ts';

const tallied = (...adds: readonly (readonly [number, number])[]): Tally => {
  const tally = new Tally();
  for (const [classid, bytes] of adds) tally.add(classid, bytes);
  return tally;
};

const contents = (tally: Tally) => ({
  packets: tally.packets,
  bytes: tally.bytes,
  exactness: { ...tally.exactness },
  rows: [...tally.rows()],
  unclassified: tally.unclassified(),
});

describe('a tally', () => {
  test('counts packets and bytes by class, in order of class ids, over several majors', () => {
    const tally = tallied([0xffff0001, 60], [0x10002, 100], [0x10002, 50], [0x10000, 1]);
    expect([...tally.rows()]).toEqual([
      { classid: 0x10000, packets: 1, bytes: 1 },
      { classid: 0x10002, packets: 2, bytes: 150 },
      { classid: 0xffff0001, packets: 1, bytes: 60 },
    ]);
    expect([tally.packets, tally.bytes]).toEqual([4, 211]);
  });

  test('counts what had no class by reason, most packets first', () => {
    const tally = tallied([0x10001, 5]);
    tally.miss('frame too short', 7);
    tally.miss('link type 9', 8);
    tally.miss('link type 9', 9);
    expect(tally.unclassified()).toEqual([
      { reason: 'link type 9', packets: 2, bytes: 17 },
      { reason: 'frame too short', packets: 1, bytes: 7 },
    ]);
    expect([tally.packets, tally.bytes]).toEqual([4, 29]);
  });

  test('stays exact beyond 32 bits', () => {
    const tally = tallied([1, 2 ** 32], [1, 2 ** 32 + 1]);
    expect([...tally.rows()]).toEqual([{ classid: 1, packets: 2, bytes: 2 ** 33 + 1 }]);
  });

  test('merges the same in any order and grouping', () => {
    const parts = () => {
      const a = tallied([0x10001, 5], [0x20001, 6]);
      a.exactness.exact = 2;
      const b = tallied([0x10001, 7]);
      b.miss('short', 1);
      const c = tallied([0xffff0003, 8]);
      c.miss('short', 2);
      c.exactness.unknowable = 1;
      return [a, b, c] as const;
    };
    const [a, b, c] = parts();
    const [d, e, f] = parts();
    const left = contents(a.merge(b).merge(c));
    expect(contents(f.merge(e.merge(d)))).toEqual(left);
    expect(left).toEqual({
      packets: 6,
      bytes: 29,
      exactness: { exact: 2, assumed: 0, unknowable: 1 },
      rows: [
        { classid: 0x10001, packets: 2, bytes: 12 },
        { classid: 0x20001, packets: 1, bytes: 6 },
        { classid: 0xffff0003, packets: 1, bytes: 8 },
      ],
      unclassified: [{ reason: 'short', packets: 2, bytes: 3 }],
    });
  });
});
