import { describe, expect, test } from 'vitest';
import { Hnode, type Knode } from './u32-tables.ts';

const TABLE = 0x80000000;

/** A table's filters are told apart by their classid here. */
const filter = (handle: number, classid: number): Knode => ({ handle, classid }) as Knode;

describe('the numbers of filters in a bucket (gen_new_kid)', () => {
  test('begin at 800, go on at 1 behind fff, and then are fff for all others', () => {
    const table = new Hnode(TABLE, 1, 1);
    const given = Array.from({ length: 4098 }, (_, i) => {
      const handle = table.freeNode(TABLE);
      table.insert(filter(handle, i));
      return handle & 0xfff;
    });
    expect(given.slice(0, 2)).toEqual([0x800, 0x801]);
    expect(given.slice(2046, 2050)).toEqual([0xffe, 0xfff, 1, 2]);
    expect(given.slice(4093)).toEqual([0x7fe, 0x7ff, 0xfff, 0xfff, 0xfff]);
    const bucket = table.buckets[0] ?? [];
    expect(bucket.slice(0, 2).map(({ handle }) => handle & 0xfff)).toEqual([1, 2]);
    expect(bucket.slice(-4).map(({ classid }) => classid)).toEqual([2047, 4095, 4096, 4097]);
    // The first of that number is the one that a request means.
    expect(table.find(TABLE + 0xfff)?.classid).toBe(2047);
  });

  test('that were let go are given again, the lowest first', () => {
    const table = new Hnode(TABLE, 1, 1);
    const made = Array.from({ length: 5 }, (_, i) => {
      const node = filter(table.freeNode(TABLE), i);
      table.insert(node);
      return node;
    });
    for (const at of [3, 1]) {
      const node = made[at];
      if (node !== undefined) table.remove(node);
    }
    expect([0, 1, 2].map(() => table.freeNode(TABLE) & 0xfff)).toEqual([0x801, 0x803, 0x805]);
    expect(() => table.reserve(TABLE + 0x801)).toThrow();
    table.release(TABLE + 0x801);
    expect(table.reserve(TABLE + 0x801)).toBe(TABLE + 0x801);
  });

  test('are taken in each bucket by itself', () => {
    const table = new Hnode(TABLE, 1, 256);
    expect([0x1000, 0x2000, 0x1000].map((bucket) => (table.freeNode(TABLE | bucket) >>> 0) - TABLE)).toEqual([
      0x1800, 0x2800, 0x1801,
    ]);
  });
});
