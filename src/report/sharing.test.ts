import { describe, expect, test } from 'vitest';
import { fairness, Sharing } from './sharing.ts';
import { WordSet } from './word-set.ts';

describe('a set of rows of words', () => {
  test('holds each row once and keeps them all while it grows', () => {
    const set = new WordSet(2);
    const rows = Array.from({ length: 5000 }, (_, i) => Int32Array.of(i, -i));
    expect(rows.every((row) => set.add(row))).toBe(true);
    expect(rows.some((row) => set.add(row))).toBe(false);
    expect(set.size).toBe(5000);
    const seen = new Set<string>();
    set.forEach((row) => {
      seen.add(row.join());
    });
    expect(seen.size).toBe(5000);
    expect(seen.has('4999,-4999')).toBe(true);
  });

  test('takes a row of zeros for a row', () => {
    const set = new WordSet(1);
    expect([set.add(Int32Array.of(0)), set.add(Int32Array.of(0)), set.size]).toEqual([true, false, 1]);
  });
});

describe('who shares a class', () => {
  test('is counted in distinct flows and hosts', () => {
    const sharing = new Sharing();
    const see = (classid: number, host: number, port: number): void => {
      sharing.flow.set([4, host, 9, 0, 0, 0, 0, 0, 0, port, 6], 1);
      sharing.host.set([4, host, 0, 0, 0], 1);
      sharing.add(classid);
    };
    see(0xffff0001, 1, 80);
    see(0xffff0001, 1, 80);
    see(0xffff0001, 1, 443);
    see(0xffff0001, 2, 80);
    see(0x10001, 1, 80);
    expect(sharing.perClass()).toEqual(
      new Map([
        [0xffff0001, { flows: 3, hosts: 2 }],
        [0x10001, { flows: 1, hosts: 1 }],
      ]),
    );
  });
});

describe("Jain's index", () => {
  test('is 1 where every host has a class of its own', () => {
    expect(fairness([1, 1, 1, 1])).toEqual({ jain: 1, worstShare: 0.25 });
  });

  test('of three hosts, two of which share: shares 1, 1/2, 1/2', () => {
    const fair = fairness([1, 2]);
    // (1 + 1/2 + 1/2)² / (3 * (1 + 1/4 + 1/4))
    expect(fair?.jain).toBeCloseTo(4 / 4.5, 12);
    expect(fair?.worstShare).toBe(0.25);
  });

  test('of nobody is not there', () => {
    expect(fairness([])).toBeNull();
    expect(fairness([0])).toBeNull();
  });
});
