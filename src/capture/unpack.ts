import { FormatError, LimitError } from '../errors.ts';
import { type Chunks, Input } from './input.ts';
import type { Compression, Unpackers, UnpackNotes } from './unpackers.ts';
import { isZstd } from './zstd.ts';

/**
 * Output may be this many times the input: deflate makes 1032 of a byte at most, of zeros alone. Captures that repeat
 * themselves come to 300 with gzip; members of 64 KiB of zeros come to 600.
 */
export const MAX_RATIO = 500;
/** … once there is this much of it: short files of zeros are no bombs. */
export const FREE_OUTPUT = 16 << 20;

/** Bytes of the longest magic number. */
const MAGIC = 4;

/** Loaded where something is compressed. */
const INFLATERS = {
  gzip: async () => (await import('./gzip.ts')).gunzipped,
  zstd: async () => (await import('./unzstd.ts')).unzstd,
} as const;

/** The compression whose magic number the data begins with (RFC 1952; RFC 8878), or null. */
export function compressionOf(head: Uint8Array): Compression | null {
  if (head.length >= 3 && head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return 'gzip';
  return isZstd(head) ? 'zstd' : null;
}

/**
 * The plain bytes of a file that may be compressed: all that comes before damage, then a FormatError. Stops with a
 * LimitError as soon as the output exceeds MAX_RATIO times the input. (Offsets then count compressed bytes.)
 * `again`: the chunks from an offset on, where they can be read a second time. Of a pipe 32 MiB are kept for that.
 */
export async function* unpacked(
  chunks: Chunks,
  unpackers: Unpackers,
  notes: UnpackNotes,
  again: ((offset: number) => Chunks) | null = null,
): AsyncGenerator<Uint8Array> {
  const input = new Input(chunks, again);
  try {
    const compression = compressionOf(await input.view(MAGIC, MAGIC));
    notes.compression = compression;
    if (compression === null) yield* input.rest();
    else {
      const inflated = await INFLATERS[compression]();
      yield* limited(input, compression, inflated(input, unpackers, notes));
    }
  } finally {
    await input.close();
  }
}

async function* limited(
  input: Input,
  name: Compression,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let output = 0;
  for await (const piece of pieces) {
    if (output === 0) expectNoOther(name, piece);
    const most = Math.max(FREE_OUTPUT, MAX_RATIO * input.furthest) - output;
    output += piece.length;
    yield piece.length > most ? piece.subarray(0, most) : piece;
    if (piece.length > most) {
      throw new LimitError(input.furthest, `${name} data inflates more than ${MAX_RATIO} times: decompress it before`);
    }
  }
}

/** Compressed once is enough: what else could be inside is bounded by nothing. */
function expectNoOther(name: Compression, piece: Uint8Array): void {
  const inner = compressionOf(piece);
  if (inner !== null) throw new FormatError(0, `${inner} data inside ${name} data: decompress it once before`);
}
