import { describe, expect, test } from 'vitest';
import { NumberedEnds } from './numbered-ends.ts';
import { type IndexedPacket, type PacketColumns, PacketIndex } from './packet-index.ts';

const CHUNK = 65536;
const PACKET: IndexedPacket = {
  offset: 24,
  seconds: 1_700_000_000,
  nanoseconds: 123_456_789,
  length: 60,
  classid: 0x1002a,
  end: 3,
  exactness: 'assumed',
};

const columnsOf = (chunk: PacketColumns) =>
  Object.values(chunk).filter((one): one is ArrayBufferView & PacketColumns['flags'] => ArrayBuffer.isView(one));

function filled(packets: number): PacketIndex {
  const index = new PacketIndex();
  for (let i = 0; i < packets; i++) index.add({ ...PACKET, offset: 24 + 76 * i, classid: i });
  return index;
}

test('a packet takes 29 bytes, and chunks that are full are left where they are', () => {
  const index = filled(CHUNK);
  const [first] = index.chunks;
  expect(first && columnsOf(first).reduce((sum, { byteLength }) => sum + byteLength, 0)).toBe(29 * CHUNK);
  for (let i = 0; i < 2 * CHUNK; i++) index.add(PACKET);
  expect(index.packets).toBe(3 * CHUNK);
  expect(index.chunks.map(({ buffer }) => buffer.byteLength)).toEqual([29 * CHUNK, 29 * CHUNK, 29 * CHUNK]);
  expect(index.chunks[0]).toBe(first);
});

test.each([
  ['all columns', {}],
  ['no class', { classid: null }],
  ['class 0', { classid: 0 }],
  ['the highest class', { classid: 0xffffffff }],
  ['no end', { end: null }],
  ['an exact result', { exactness: 'exact' }],
  ['an unknowable one', { exactness: 'unknowable' }],
  ['an offset above four gigabytes', { offset: 2 ** 45 + 1 }],
  ['the longest', { length: 0xffffffff }],
  ['1970', { seconds: 0, nanoseconds: 0 }],
  ['before 1970', { seconds: -2, nanoseconds: 999_999_999 }],
  ['2106', { seconds: 0xffffffff, nanoseconds: 999_999_999 }],
] as const)('a row is as it was added: %s', (_, other) => {
  const index = filled(CHUNK);
  const row = { ...PACKET, ...other };
  index.add(row);
  expect(index.row(CHUNK + 1)).toEqual(row);
  expect(index.row(CHUNK)).toEqual({ ...PACKET, offset: 24 + 76 * (CHUNK - 1), classid: CHUNK - 1 });
});

test('times that 64 bits of nanoseconds do not hold are kept at the ends', () => {
  const index = new PacketIndex();
  for (const seconds of [2 ** 60, -(2 ** 60)]) index.add({ ...PACKET, seconds });
  expect([index.row(1)?.seconds, index.row(2)?.seconds]).toEqual([9_223_372_035, -9_223_372_035]);
});

test.each([0, -1, 3, 0.5, 1.5, Number.NaN, 2 ** 53])('there is no packet %d of two', (number) => {
  expect(filled(2).row(number)).toBeNull();
});

test('is the same on the other side of a transfer', () => {
  const index = filled(CHUNK + 7);
  const rows = [1, CHUNK, CHUNK + 1, CHUNK + 7].map((number) => index.row(number));
  const chunks = structuredClone(index.chunks, { transfer: index.chunks.map(({ buffer }) => buffer) });
  const there = new PacketIndex(chunks);
  expect(there.packets).toBe(CHUNK + 7);
  expect([1, CHUNK, CHUNK + 1, CHUNK + 7].map((number) => there.row(number))).toEqual(rows);
  expect(index.chunks[0]?.buffer.byteLength).toBe(0);
});

describe('ends by number', () => {
  const names = (fates: readonly string[]) => ({ names: (number: number) => ({ fate: fates[number] ?? '' }) });

  test('are the same for the same end and reason, also when the numbers of the walk are others', () => {
    const numbers = { ends: names(['queued', 'dropped']) };
    const ends = new NumberedEnds(numbers);
    expect([ends.of(0, null), ends.of(1, null), ends.of(0, null), ends.of(0, 'shot')]).toEqual([0, 1, 0, 2]);
    numbers.ends = names(['dropped', 'queued']);
    expect([ends.of(0, null), ends.of(1, null), ends.of(1, 'shot')]).toEqual([1, 0, 2]);
    expect(ends.rows).toEqual([{ fate: 'queued' }, { fate: 'dropped' }, { fate: 'queued', reason: 'shot' }]);
  });

  test('a reason alone is one, and nothing at all is none', () => {
    const ends = new NumberedEnds({ ends: names([]) });
    expect([ends.of(-1, null), ends.of(-5, 'not IP')]).toEqual([null, 0]);
    expect(ends.rows).toEqual([{ reason: 'not IP' }]);
  });
});
