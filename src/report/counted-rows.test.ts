import { describe, expect, test } from 'vitest';
import { CountedRows } from './counted-rows.ts';

/** Rows of one word for who, and one for where. */
const filled = (hosts: number, limit: number, places = 2): CountedRows => {
  const rows = new CountedRows(2, limit, 64);
  for (let who = 0; who < hosts; who++) {
    for (let where = 0; where < places; where++) rows.add(Int32Array.of(who, where), 100, 1);
    rows.add(Int32Array.of(who, 0), 50, 2);
  }
  return rows;
};

describe('rows that are counted', () => {
  test('each have their bytes, and their packets by how sure they are', () => {
    const rows = filled(1000, 10_000);
    expect([rows.size, rows.each]).toEqual([2000, 1]);
    const counts: unknown[] = [];
    rows.forEach(([who, where], count) => {
      if (who === 7) counts.push([where, count]);
    });
    expect(counts).toEqual([
      [0, { bytes: 150, exact: 0, assumed: 1, unknowable: 1 }],
      [1, { bytes: 100, exact: 0, assumed: 1, unknowable: 0 }],
    ]);
  });

  test('beyond the limit are a sample of who is there, each with all that is its own', () => {
    const rows = filled(20_000, 2000);
    expect([rows.size <= 2000, rows.each >= 20]).toEqual([true, true]);
    const held = new Map<number, number>();
    rows.forEach(([who = 0], { bytes }) => {
      held.set(who, (held.get(who) ?? 0) + bytes);
    });
    expect([...new Set(held.values())]).toEqual([250]);
    expect(Math.abs(held.size * rows.each - 20_000)).toBeLessThan(4000);
  });
});
