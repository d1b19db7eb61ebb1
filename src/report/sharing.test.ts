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
    set.forEach((words, at) => {
      seen.add(`${words[at]},${words[at + 1]}`);
    });
    expect(seen.size).toBe(5000);
    expect(seen.has('4999,-4999')).toBe(true);
  });

  test('beyond its limit holds a sample, of which each row stands for as many as there are left out for it', () => {
    const set = new WordSet(1, 64, 1000);
    const add = (from: number, to: number): void => {
      for (let i = from; i < to; i++) set.add(Int32Array.of(i));
    };
    add(0, 1000);
    expect([set.size, set.each]).toEqual([1000, 1]);
    add(0, 64_000);
    expect([set.size <= 1000, set.each >= 64]).toEqual([true, true]);
    // 1000 rows at most: the standard error is a thirtieth or so.
    expect(Math.abs(set.size * set.each - 64_000)).toBeLessThan(64_000 / 5);
    // Seen again, none counts twice.
    const { size } = set;
    add(0, 64_000);
    expect(set.size).toBe(size);
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
      sharing.flow.set([6, port, host, 9], 1);
      sharing.host.set([host], 1);
      sharing.add(classid, false);
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

describe('IPv6', () => {
  test('looks at all four words of an address, IPv4 at one; the families do not mix', () => {
    const sharing = new Sharing();
    for (const last of [1, 2]) {
      for (const isV6 of [false, true]) {
        sharing.flow.set([6, 80, 9, 0, 0, last, 9, 0, 0, 0], 1);
        sharing.host.set([9, 0, 0, last], 1);
        sharing.add(1, isV6);
      }
    }
    // IPv4: one flow of one host (the other words are not its own); IPv6: two of two.
    expect(sharing.perClass().get(1)).toEqual({ flows: 3, hosts: 3 });
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
