import { describe, expect, it } from 'vitest';
import { Cells, Flag, sizesOf, Table, type TableMemory, wordsOf } from './table.ts';
import { invert, Tuple } from './tuple.ts';

const TCP = 6;

function tupleOf(port: number): Tuple {
  const tuple = new Tuple();
  tuple.proto = TCP;
  tuple.src[0] = 0x0a000001;
  tuple.dst[0] = 0xc0000201 | 0;
  tuple.srcAll = port;
  tuple.dstAll = 443;
  return tuple;
}

function open(table: Table, port: number, now: number): number {
  const reply = new Tuple();
  invert(tupleOf(port), reply);
  const entry = table.insert(tupleOf(port), reply, 0, now);
  table.setDeadline(entry, now + 1e9);
  return entry;
}

/** A memory with room for so many entries. */
function memoryOf(room: number): TableMemory {
  const { entries, index, state } = sizesOf(1, room);
  const buffer = new ArrayBuffer(entries + index + state);
  return { buffer, entries: 0, index: entries, state: entries + index, room };
}

const view = ({ buffer, index, state }: TableMemory) => ({
  entries: new Int32Array(buffer),
  times: new Float64Array(buffer),
  index: new Int32Array(buffer, index),
  state: new Int32Array(buffer, state),
});

describe('a table in a memory that others look into', () => {
  it('keeps what it had, and shows it where it says', () => {
    const table = new Table(1);
    open(table, 1, 0);
    const memory = memoryOf(4096);
    table.share(memory);
    const entry = open(table, 2, 5);
    const { entries, times, state } = view(memory);
    const { stride, meta, end } = wordsOf(1);
    expect(state[Cells.TOP]).toBe(2);
    expect(entries[entry * stride + meta]).toBe(TCP | (Flag.LIVE << 16));
    expect(times[(entry * stride + end) / 2]).toBe(5 + 1e9);
    expect([table.find(tupleOf(1), 6), table.find(tupleOf(2), 6)]).toEqual([0, entry << 2]);
  });

  it('finds every entry again while it grows in place', () => {
    const table = new Table(1);
    table.share(memoryOf(1 << 14));
    const entries = Array.from({ length: 10_000 }, (_, port) => open(table, port, 0));
    expect(entries.map((_, port) => table.find(tupleOf(port), 1) >> 2)).toEqual(entries);
  });

  it('moves out when there is no room: nothing is found there any more, and there is no place', () => {
    const table = new Table(1);
    const memory = memoryOf(1024);
    table.share(memory);
    const entries = Array.from({ length: 1024 }, (_, port) => open(table, port, 0));
    const { index, state } = view(memory);
    const slots = 2 * ((state[Cells.MASK] ?? 0) + 1);
    expect(index.subarray(0, slots).filter((word) => word !== 0).length).toBeGreaterThanOrEqual(1024);
    entries.push(open(table, 1024, 0));
    expect(index.subarray(0, slots).every((word) => word === 0)).toBe(true);
    expect([state[Cells.CAPACITY], state[Cells.FREE]]).toEqual([0, -1]);
    expect(entries.map((_, port) => table.find(tupleOf(port), 1) >> 2)).toEqual(entries);
  });

  it('shows no place where there was no room from the beginning', () => {
    const table = new Table(1);
    const memory = memoryOf(512);
    table.share(memory);
    open(table, 1, 0);
    const { state } = view(memory);
    expect([state[Cells.CAPACITY], state[Cells.TOP], state[Cells.FREE]]).toEqual([0, 0, -1]);
  });

  it('forgets the expired, and gives their entries to others', () => {
    const table = new Table(1);
    table.share(memoryOf(4096));
    for (let port = 0; port < 1024; port++) open(table, port, port < 600 ? 0 : 3e9);
    expect(table.size).toBe(1024);
    open(table, 5000, 3e9);
    expect(table.size).toBe(425);
    expect(table.find(tupleOf(5000), 3e9)).toBeGreaterThanOrEqual(0);
    expect(table.find(tupleOf(700), 3e9)).toBeGreaterThanOrEqual(0);
    expect(table.find(tupleOf(1), 3e9)).toBe(-1);
  });
});
