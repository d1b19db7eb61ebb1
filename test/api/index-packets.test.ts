import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FileSource } from '../../node/file-source.ts';
import {
  type IndexedPackets,
  indexPackets,
  packets,
  type Question,
  QuestionError,
  timeText,
  type WalkedRecord,
} from '../../src/api/index.ts';
import { Frame } from '../../src/capture/index.ts';
import type { IndexedPacket } from '../../src/report/index.ts';
import { classText } from '../../src/u32.ts';
import { projectPath } from '../fuzz/corpus.ts';

const CAPTURE = projectPath('examples/household.pcapng');
const BYTES = new Uint8Array(readFileSync(CAPTURE));
const FILTER: Question = { filters: ['hash keys src,dst divisor 16'] };
const SCRIPT: Question = { script: readFileSync(projectPath('examples/household.tc'), 'utf8'), dev: 'wan0' };

async function records(question: Question): Promise<WalkedRecord[]> {
  const found: WalkedRecord[] = [];
  await packets(BYTES, question, (record) => found.push(record));
  return found;
}

function rowsOf({ index }: IndexedPackets): IndexedPacket[] {
  return Array.from({ length: index.packets }, (_, i) => index.row(i + 1) as IndexedPacket);
}

describe('indexPackets()', () => {
  it.each([
    ['a filter', FILTER],
    ['a script', SCRIPT],
  ])('has of each packet what packets() gives, with %s', async (_, question) => {
    const found = await indexPackets(BYTES, question);
    const expected = await records(question);
    expect(found).toMatchObject({ complete: true, limited: false, errors: [] });
    expect(expected.length).toBeGreaterThan(100);
    const seen = rowsOf(found).map(({ seconds, nanoseconds, length, classid, end, exactness }) => {
      const { fate, qdisc, reason } = end === null ? {} : (found.ends[end] ?? {});
      return [timeText(seconds, nanoseconds), length, classid && classText(classid), exactness, fate, qdisc, reason];
    });
    expect(seen).toEqual(
      expected.map(({ time, length, classid, exactness, fate, reason }) => [
        ...[time, length, reason === undefined ? classid : null, exactness],
        ...[fate?.fate, fate?.qdisc, reason],
      ]),
    );
  });

  it('has each packet read again, where it stands', async () => {
    const bytes = [new FileSource(CAPTURE), { name: 'again', bytes: BYTES }];
    const { index, captures } = await indexPackets(bytes, FILTER);
    expect(captures.map(({ name, first }) => [name, first])).toEqual([
      [CAPTURE, 1],
      ['again', index.packets / 2 + 1],
    ]);
    const frame = new Frame();
    for (let number = index.packets; number > 0; number -= 17) {
      const row = index.row(number);
      const reader = captures.findLast(({ first }) => first <= number)?.reader;
      reader?.seek(row?.offset ?? 0);
      reader?.push(BYTES.subarray(row?.offset));
      expect(reader?.next(frame)).toBe(true);
      expect(frame).toMatchObject({ seconds: row?.seconds, nanoseconds: row?.nanoseconds, length: row?.length });
    }
  });

  it('stops at its limit, and says so', async () => {
    const all = await records(FILTER);
    const exactly = await indexPackets(BYTES, FILTER, { limit: all.length });
    expect(exactly).toMatchObject({ complete: true, limited: false });
    const less = await indexPackets(BYTES, FILTER, { limit: all.length - 1 });
    expect(less).toMatchObject({ complete: false, limited: true });
    expect(less.index.packets).toBe(all.length - 1);
    expect(less.record).toMatchObject({ call: 'indexPackets', question: { limit: all.length - 1 } });
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 40, '7'])('has no limit of %s', async (limit) => {
    const asked = indexPackets(BYTES, FILTER, { limit: limit as number });
    await expect(asked).rejects.toThrow(QuestionError);
    await expect(asked).rejects.toMatchObject({ field: 'limit' });
  });

  it('keeps what came before a broken record', async () => {
    const found = await indexPackets(BYTES.subarray(0, BYTES.length - 7), FILTER);
    expect(found.index.packets).toBe((await records(FILTER)).length - 1);
    expect(found.complete).toBe(true);
    const broken = BYTES.slice();
    broken.set([1, 2, 3, 4], (found.index.row(50)?.offset ?? 0) + 4);
    const { complete, errors, index } = await indexPackets(broken, FILTER);
    expect([complete, errors.length, index.packets]).toEqual([false, 1, 49]);
  });
});
