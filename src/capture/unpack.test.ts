import { describe, expect, it } from 'vitest';
import { FormatError, LimitError } from '../errors.ts';
import { compressionOf, type Unpackers, UnpackNotes, unpacked } from './index.ts';
import { ZstdHeaders } from './zstd.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));

/** A decompressor that makes one piece of `grow` times the size of each slice. */
function growing(grow: number): Unpackers {
  async function* unpack(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const slice of compressed) yield new Uint8Array(slice.length * grow);
  }
  return { deflate: unpack, zstd: unpack, crc32: () => 0 };
}

const turned = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 0xff);

/** Decompressors that turn each bit, fail at a byte 0xee, and where their data ends. What they had of a slice is lost then. */
const failing: Unpackers = { deflate: fail, zstd: fail, crc32: () => 0 };
async function* fail(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const slice of compressed) {
    if (slice.includes(0xee)) throw new Error('bad bits');
    yield turned(slice);
  }
  throw new Error('unexpected end');
}

async function pieces(chunks: Uint8Array[], unpackers: Unpackers, notes = new UnpackNotes()): Promise<Uint8Array[]> {
  const out: Uint8Array[] = [];
  for await (const piece of unpacked(chunks, unpackers, notes)) {
    if (piece.length > 0) out.push(piece);
  }
  return out;
}

async function sizes(chunks: Uint8Array[], unpackers: Unpackers, notes = new UnpackNotes()): Promise<number[]> {
  return (await pieces(chunks, unpackers, notes)).map(({ length }) => length);
}

/** The header of a gzip member. */
const GZIP = '1f8b0800 00000000 0003';

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
    const tiny = [...hex(`${GZIP} 01020304`)].map((byte) => Uint8Array.of(byte));
    expect(await sizes(tiny, growing(3), notes)).toEqual([3, 3, 3, 3]);
    expect(notes.compression).toBe('gzip');
  });

  it('lets a small file inflate without bound, and a long one 500 times, to the byte', async () => {
    const [header, small] = [hex(GZIP), new Uint8Array(1 << 10)];
    expect(await sizes([header, small], growing(16 << 10))).toEqual([16 << 20]);
    await expect(sizes([header, small], growing((16 << 10) + 1))).rejects.toThrow(LimitError);
    expect(await sizes([header, small, new Uint8Array(256 << 10)], growing(500))).toHaveLength(5);

    let made = 0;
    const reading = async (): Promise<void> => {
      for await (const piece of unpacked([header, new Uint8Array(256 << 10)], growing(501), new UnpackNotes())) {
        made += piece.length;
      }
    };
    await expect(reading()).rejects.toMatchObject({ name: 'FormatError', offset: 10 + (64 << 10) });
    expect(made).toBe(500 * (10 + (64 << 10)));
  });

  it('gives all that comes before damage, and names the byte', async () => {
    const sound = Uint8Array.from({ length: 100_000 }, (_, i) => i % 200);
    const damaged = Uint8Array.from([...hex(GZIP), ...sound, 0xee, ...new Uint8Array(70_000)]);
    const out: number[] = [];
    const reading = async (again: boolean): Promise<void> => {
      out.length = 0;
      const from = (offset: number): Uint8Array[] => [damaged.subarray(offset)];
      for await (const piece of unpacked([damaged], failing, new UnpackNotes(), again ? from : null))
        out.push(...piece);
    };
    const error = { name: 'FormatError', offset: 10 + sound.length, message: 'gzip data: bad bits' };
    await expect(reading(true)).rejects.toMatchObject(error);
    expect(out).toEqual([...turned(sound)]);
    await expect(reading(false)).rejects.toMatchObject(error);
    expect(out).toEqual([...turned(sound)]);
  });

  it('gives the blocks of a zstd frame that come before damage', async () => {
    const block = (byte: string): string => `180000 ${byte.repeat(3)}`;
    const notes = new UnpackNotes();
    const out: Uint8Array[] = [];
    const reading = async (): Promise<void> => {
      const file = hex(`${FRAME} ${block('aa')} ${block('bb')} ${block('ee')} ${LAST_RAW_3}`);
      for await (const piece of unpacked([file], failing, notes)) out.push(piece);
    };
    await expect(reading()).rejects.toMatchObject({ offset: 18, message: 'zstd data: this block is damaged' });
    expect(Buffer.concat(out)).toEqual(Buffer.from(turned(hex(`${FRAME} ${block('aa')} ${block('bb')}`))));
  });

  it('passes what a broken file could not be read on as it is', async () => {
    const error = Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'read' });
    function* chunks(): Generator<Uint8Array> {
      yield hex(`${GZIP} 00`);
      throw error;
    }
    const reading = async (): Promise<void> => {
      for await (const _ of unpacked(chunks(), growing(1), new UnpackNotes()));
    };
    await expect(reading()).rejects.toBe(error);
  });

  it('hands zstd frames over one by one, as node:zlib passes over what follows one in a chunk', async () => {
    const frame = FRAME + LAST_RAW_3;
    const skippable = '502a4d18 02000000 ffff';
    const [size, other] = [hex(frame).length, hex(skippable).length];
    const file = hex(frame + skippable + frame + frame);
    expect(await sizes([file], growing(1))).toEqual([size, other, size, size]);
    expect(await sizes([file.subarray(0, 5), file.subarray(5)], growing(1))).toEqual([5, size - 5, other, size, size]);
  });

  it('hands zstd frames over without their checksum', async () => {
    const [stripped] = await pieces([hex(`28b52ffd 04 58 ${LAST_RAW_3}`)], growing(1));
    expect(stripped).toHaveLength(12);
    const file = hex(`28b52ffd 04 58 ${LAST_RAW_3} 01020304`);
    const seen: Uint8Array[] = [];
    const spy: Unpackers = {
      ...failing,
      async *zstd(compressed) {
        for await (const slice of compressed) seen.push(slice.slice());
        yield* [];
      },
    };
    await expect(pieces([file], spy)).rejects.toMatchObject({
      offset: 12,
      message: 'zstd data: checksum 0x4030201, expected 0x51d8e999 of what the frame holds',
    });
    expect(seen).toEqual([hex(FRAME + LAST_RAW_3), new Uint8Array(0)]);
  });

  it.each([
    ['zeros behind the last member', '00'.repeat(600), []],
    ['anything else', `00${'41'.repeat(600)}`, ['zstd data ends at byte 12: trailing garbage behind it is ignored']],
    ['a few bytes', '41', ['zstd data ends at byte 12: trailing garbage behind it is ignored']],
  ])('passes over %s', async (_, behind, warnings) => {
    const notes = new UnpackNotes();
    expect(await sizes([hex(FRAME + LAST_RAW_3 + behind)], growing(1), notes)).toEqual([12]);
    expect(notes).toMatchObject({ warnings, cut: null });
  });

  it('takes the first bytes of another frame for a cut', async () => {
    const notes = new UnpackNotes();
    await pieces([hex(`${FRAME}${LAST_RAW_3} 28b5`)], growing(1), notes);
    expect(notes).toMatchObject({ warnings: [], cut: { offset: 14 } });
  });

  it('holds a zstd frame against the size that it states', async () => {
    await expect(sizes([hex(`28b52ffd 20 03 ${LAST_RAW_3}`)], growing(1))).rejects.toMatchObject({
      message: 'zstd data: frame of 12 bytes, expected the 3 that it states',
    });
  });

  it('takes what is thrown after the last byte for a cut', async () => {
    const notes = new UnpackNotes();
    expect(await sizes([hex(GZIP), hex('01')], failing, notes)).toEqual([1]);
    expect(notes.cut).toEqual({ offset: 11, message: 'gzip data cut off: it ends inside a member' });
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
