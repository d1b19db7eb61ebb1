import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { Frame, PcapWriter } from '../src/capture/index.ts';
import { FormatError, LimitError } from '../src/errors.ts';
import { readFrames } from './files.ts';

const folder = mkdtempSync(join(tmpdir(), 'cls-flow-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A pcap of `count` frames of 1000 bytes; frame n holds nothing but n mod 251. */
function pcap(count: number): Buffer {
  const chunks: Uint8Array[] = [];
  const writer = new PcapWriter({ linkType: 1 }, (chunk) => chunks.push(chunk));
  for (let n = 0; n < count; n++) {
    const data = new Uint8Array(1000).fill(n % 251);
    writer.write(Object.assign(new Frame(), { data, end: 1000, length: 1000, linkType: 1, seconds: n }));
  }
  writer.finish();
  return Buffer.concat(chunks);
}

/** A zstd frame of raw blocks (RFC 8878, section 3.1.1), 100 000 bytes each. */
function zstd(data: Buffer, windowDescriptor = 0x58): Buffer {
  const parts: Buffer[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, windowDescriptor])];
  for (let at = 0; at < data.length; at += 100_000) {
    const block = data.subarray(at, at + 100_000);
    const last = at + 100_000 >= data.length ? 1 : 0;
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | last, 0, 3);
    parts.push(header, block);
  }
  return Buffer.concat(parts);
}

/** Run-length blocks: each four bytes become 128 KiB. */
function zstdBomb(blocks: number): Buffer {
  const block = Buffer.from([0, 0, 0, 0]);
  block.writeUIntLE((0x20000 << 3) | 2, 0, 3);
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x58]), ...new Array(blocks).fill(block)]);
}

function file(name: string, content: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function seconds(path: string): Promise<{ seen: number[]; file: Awaited<ReturnType<typeof readFrames>> }> {
  const seen: number[] = [];
  const read = await readFrames(path, (frame) => {
    expect(frame.data[frame.at]).toBe(frame.seconds % 251);
    seen.push(frame.seconds);
  });
  return { seen, file: read };
}

const COUNT = 700;
const ALL = Array.from({ length: COUNT }, (_, n) => n);
const whole = pcap(COUNT);
const [front, back] = [whole.subarray(0, 300_007), whole.subarray(300_007)];
const STORED = Buffer.from([0, 0xff, 0xff, 0, 0]);
const skippable = Buffer.from('502a4d1803000000ffffff', 'hex');

describe('readFrames', () => {
  it.each([
    ['plain', whole],
    ['gzip', gzipSync(whole)],
    ['two gzip members', Buffer.concat([gzipSync(front), gzipSync(back)])],
    ['zstd', zstd(whole)],
    ['two zstd frames among skippable ones', Buffer.concat([skippable, zstd(front), skippable, zstd(back), skippable])],
  ])('reads %s, with the progress of the file as it lies there', async (name, content) => {
    const reads: number[] = [];
    const seen: number[] = [];
    const read = await readFrames(
      file(name, content),
      (frame) => {
        seen.push(frame.seconds);
      },
      (progress) => reads.push(progress.read),
    );
    expect(seen).toEqual(ALL);
    expect(read).toMatchObject({ read: content.length, total: content.length, cut: null, warnings: [] });
    expect(reads.length).toBeGreaterThan(1);
    expect(reads).toEqual(reads.toSorted((a, b) => a - b));
  });

  it('stops when told to', async () => {
    let count = 0;
    await readFrames(file('stop', gzipSync(whole)), () => ++count < 10);
    expect(count).toBe(10);
  });

  it.each([
    ['plain', whole.subarray(0, -1), 699, /^record cut off/],
    ['gzip', gzipSync(whole, { level: 0 }).subarray(0, -20), 699, /^gzip data cut off/],
    ['zstd', zstd(whole).subarray(0, -1), 600, /^zstd data cut off/],
  ])('gives the frames of a cut %s file and says that it is cut', async (name, content, least, message) => {
    const { seen, file: read } = await seconds(file(`cut-${name}`, content));
    expect(seen.length).toBeGreaterThanOrEqual(least);
    expect(seen).toEqual(ALL.slice(0, seen.length));
    expect(read.cut?.message).toMatch(message);
  });

  it('is told so where nothing at all came out of a cut file', async () => {
    const reading = readFrames(file('stump', gzipSync(whole).subarray(0, 15)), () => {});
    await expect(reading).rejects.toMatchObject({ name: 'FormatError', offset: 15, message: /^gzip data cut off/ });
  });

  it('gives the frames before damage in a gzip file, then a FormatError', async () => {
    const packed = gzipSync(whole, { level: 0 });
    // The length of the third stored block, which then does not agree with its complement (RFC 1951, section 3.2.4).
    const third = 10 + 2 * (5 + 65535) + 1;
    packed.writeUInt16LE(packed.readUInt16LE(third) ^ 1, third);
    const seen: number[] = [];
    const reading = readFrames(file('damaged', packed), (frame) => seen.push(frame.seconds));
    await expect(reading).rejects.toMatchObject({ name: 'FormatError', message: /^gzip data: / });
    expect(seen.length).toBeGreaterThan(100);
  });

  it.each([
    ['checksum', -8, /^gzip data: checksum 0x[0-9a-f]+, expected 0x/],
    ['length', -4, /^gzip data: length \d+, expected 711224 of/],
  ])('holds a gzip member against its %s, and gives its frames', async (name, at, message) => {
    const packed = gzipSync(whole);
    packed[packed.length + at] = (packed.at(at) ?? 0) ^ 1;
    const seen: number[] = [];
    const reading = readFrames(file(`wrong-${name}`, packed), (frame) => seen.push(frame.seconds));
    await expect(reading).rejects.toMatchObject({ name: 'FormatError', offset: packed.length + at, message });
    expect(seen).toEqual(ALL);
  });

  it('gives all frames up to the damaged byte of a gzip file, also from a second member', async () => {
    // Header; one stored block (RFC 1951, section 3.2.4); one of the type that is none.
    const stored = Buffer.concat([gzipSync('').subarray(0, 10), STORED, back.subarray(0, 0xffff), Buffer.alloc(99, 6)]);
    const damaged = 10 + STORED.length + 0xffff;
    const first = gzipSync(front);
    const seen: number[] = [];
    const reading = readFrames(file('damaged-later', Buffer.concat([first, stored])), (f) => seen.push(f.seconds));
    await expect(reading).rejects.toMatchObject({ offset: first.length + damaged, message: /^gzip data: / });
    expect(seen).toEqual(ALL.slice(0, Math.floor((front.length + 0xffff - 24) / 1016)));
  });

  it.each([
    ['gzip', Buffer.concat([gzipSync(front), gzipSync(''), gzipSync(back), Buffer.alloc(700), Buffer.from('foo')])],
    ['zstd', Buffer.concat([zstd(front), zstd(back), Buffer.from('foo')])],
  ])('passes over garbage behind %s data, with a warning', async (name, content) => {
    const { seen, file: read } = await seconds(file(`garbage-${name}`, content));
    expect(seen).toEqual(ALL);
    const at = name === 'gzip' ? content.length - 703 : content.length - 3;
    expect(read).toMatchObject({
      cut: null,
      warnings: [`${name} data ends at byte ${at}: trailing garbage behind it is ignored`],
    });
  });

  it('reads a thousand small members, and headers with names, comments and extra fields', async () => {
    const members: Buffer[] = [];
    for (let at = 0; at < whole.length; at += 700) members.push(gzipSync(whole.subarray(at, at + 700)));
    const [plain = Buffer.alloc(0)] = members;
    const extra = Buffer.from([...plain.subarray(0, 10), 2, 0, 7, 7, ...Buffer.from('name\0comment\0')]);
    extra[3] = 4 + 8 + 16;
    members[0] = Buffer.concat([extra, plain.subarray(10)]);
    const { seen } = await seconds(file('members', Buffer.concat(members)));
    expect(seen).toEqual(ALL);
  });

  it('does not decompress twice', async () => {
    const nested = file('nested', gzipSync(zstd(whole)));
    await expect(readFrames(nested, () => {})).rejects.toMatchObject({
      message: 'zstd data inside gzip data: decompress it once before',
    });
  });

  it('stops at bombs, also at those that come all at once', async () => {
    const zeros = file('bomb.gz', gzipSync(Buffer.concat([pcap(0), Buffer.alloc(64 << 20)])));
    await expect(readFrames(zeros, () => {})).rejects.toThrow(LimitError);
    await expect(readFrames(file('bomb.zst', zstdBomb(10_000)), () => {})).rejects.toThrow(FormatError);
  });

  it('warns of a zstd window above 8 MiB and refuses one above 128 MiB', async () => {
    const { file: read } = await seconds(file('wide', zstd(whole, 0x70)));
    expect(read.warnings).toEqual([expect.stringContaining('16777216')]);
    await expect(seconds(file('wider', zstd(whole, 0x90)))).rejects.toThrow(LimitError);
  });

  it('says what the system says of a file that is not there', async () => {
    await expect(readFrames(join(folder, 'none'), () => {})).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each([
    ['plain', whole],
    ['gzip', gzipSync(whole)],
  ])('reads standard input from a pipe, %s', (_, content) => {
    const program = `
      import { readFrames } from ${JSON.stringify(new URL('../dist/node/files.js', import.meta.url).href)};
      let count = 0;
      const file = await readFrames('-', () => { count++; });
      console.log(count, file.read, file.total);`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', program], { input: content });
    expect(run.stderr.toString()).toBe('');
    expect(run.stdout.toString()).toBe(`${COUNT} ${content.length} null\n`);
  });
});
