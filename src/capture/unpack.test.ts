import { describe, expect, it } from 'vitest';
import { FormatError, LimitError } from '../errors.ts';
import { compressionOf, type Unpackers, UnpackNotes, unpacked } from './index.ts';
import { ZstdHeaders } from './zstd.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));

/** A decompressor that makes one piece of `grow` times the size of each chunk. */
function growing(grow: number): Unpackers {
  async function* unpack(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of compressed) yield new Uint8Array(chunk.length * grow);
  }
  return { gzip: unpack, zstd: unpack };
}

const failing: Unpackers = { gzip: fail, zstd: fail };
async function* fail(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of compressed) {
    if (chunk[3] === 0xee) throw new Error('bad bits');
    yield chunk;
  }
  throw new Error('unexpected end');
}

async function sizes(chunks: Uint8Array[], unpackers: Unpackers, notes = new UnpackNotes()): Promise<number[]> {
  const out: number[] = [];
  for await (const piece of unpacked(chunks, unpackers, notes)) out.push(piece.length);
  return out;
}

const GZIP = '1f8b0800';

/** RFC 8878: magic, descriptor, window descriptor; then blocks with a 3-byte little-endian header. */
const FRAME = '28b52ffd 00 58';
const LAST_RAW_3 = '190000 aabbcc';

describe('unpacked', () => {
  it('hands plain data through as it is', async () => {
    expect(await sizes([hex('a1b2'), hex('c3d4'), hex('00')], growing(9))).toEqual([4, 1]);
  });

  it('recognises gzip and zstd, skippable frames too, also when the first chunks are tiny', async () => {
    expect(compressionOf(hex('1f8b08'))).toBe('gzip');
    expect(compressionOf(hex('28b52ffd'))).toBe('zstd');
    expect(compressionOf(hex('5e2a4d18'))).toBe('zstd');
    expect(compressionOf(hex('602a4d18'))).toBeNull();
    const notes = new UnpackNotes();
    expect(await sizes([hex('1f'), hex('8b'), hex('08'), hex('00')], growing(3), notes)).toEqual([12]);
    expect(notes.compression).toBe('gzip');
  });

  it('lets a small file inflate without bound, and a long one a thousand times', async () => {
    const head = new Uint8Array(1 << 10);
    head.set(hex(GZIP));
    expect(await sizes([head], growing(16 << 10))).toEqual([16 << 20]);
    await expect(sizes([head], growing((16 << 10) + 1))).rejects.toThrow(LimitError);
    const tail = new Uint8Array(256 << 10);
    expect(await sizes([head, tail], growing(1000))).toHaveLength(5);
    await expect(sizes([head, tail], growing(1001))).rejects.toMatchObject({ offset: 65 << 10 });
  });

  it('makes a FormatError of what the decompressor throws, at the compressed byte', async () => {
    await expect(sizes([hex(GZIP), hex('000000ee')], failing)).rejects.toMatchObject({
      name: 'FormatError',
      offset: 8,
      message: 'gzip data: bad bits',
    });
  });

  it('hands zstd frames over one by one, as node:zlib passes over what follows one in a chunk', async () => {
    const frame = FRAME + LAST_RAW_3;
    const skippable = '502a4d18 02000000 ffff';
    const [size, other] = [hex(frame).length, hex(skippable).length];
    const file = hex(frame + skippable + frame + frame);
    expect(await sizes([file], growing(1))).toEqual([size, other, size, size]);
    expect(await sizes([file.subarray(0, 5), file.subarray(5)], growing(1))).toEqual([5, size - 5, other, size, size]);
  });

  it('takes what is thrown after the last byte for a cut', async () => {
    const notes = new UnpackNotes();
    expect(await sizes([hex(GZIP), hex('01')], failing, notes)).toEqual([4, 1]);
    expect(notes.cut).toEqual({ offset: 5, message: 'gzip data cut off: unexpected end' });
  });
});

function check(text: string, step = 1000): ZstdHeaders {
  const headers = new ZstdHeaders();
  const bytes = hex(text);
  for (let at = 0; at < bytes.length; ) at += headers.check(bytes.subarray(at, at + step));
  return headers;
}

describe('zstd headers', () => {
  it.each([
    ['one frame', FRAME + LAST_RAW_3],
    ['with a checksum', `28b52ffd 04 58 ${LAST_RAW_3} 01020304`],
    ['of one segment of three bytes', `28b52ffd 20 03 ${LAST_RAW_3}`],
    ['with an eight-byte content size', `28b52ffd c0 58 0300000000000000 ${LAST_RAW_3}`],
    ['with a run-length block of 5 before the last', `${FRAME} 2a0000 77 ${LAST_RAW_3}`],
    [
      'two frames and skippable ones',
      `502a4d18 02000000 ffff ${FRAME}${LAST_RAW_3}${FRAME}${LAST_RAW_3} 5f2a4d18 00000000`,
    ],
  ])('are followed to the end: %s, however it is cut into chunks', (_, text) => {
    for (const step of [1, 2, 3, 5, 1000]) expect(check(text, step).whole).toBe(true);
    expect(check(text.trimEnd().slice(0, -2)).whole).toBe(false);
  });

  it('accept a window of 8 MiB silently, warn above, refuse more than 128 MiB', () => {
    expect(check('28b52ffd 00 68').warnings).toEqual([]);
    expect(check('28b52ffd 00 69').warnings).toHaveLength(1);
    expect(check('28b52ffd 00 88').warnings).toHaveLength(1);
    expect(() => check('28b52ffd 00 89')).toThrow(LimitError);
    expect(() => check('28b52ffd a0 01000008')).toThrow(LimitError);
  });

  it('refuse endless tiny blocks, for which a decompressor would move its window each time', () => {
    const tiny = (count: number): string => `28b52ffd 00 88 ${'0a0000 00 '.repeat(count)}`;
    expect(check(tiny(127)).whole).toBe(false);
    expect(() => check(tiny(140))).toThrow(LimitError);
  });

  it.each([
    ['a second frame that is none', `${FRAME}${LAST_RAW_3} 0102030405`, 12],
    ['a dictionary', '28b52ffd 01 58 07', 0],
    ['the reserved bit', '28b52ffd 08 58', 0],
    ['a block of the reserved type', `${FRAME} 1e0000`, 6],
    ['a block larger than any may be', `${FRAME} 090010`, 6],
  ])('are refused for %s', (_, text, offset) => {
    expect(() => check(text)).toThrow(expect.objectContaining({ name: 'FormatError', offset }));
    expect(() => check(text)).toThrow(FormatError);
  });
});
