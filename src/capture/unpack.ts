import { FormatError, LimitError } from '../errors.ts';
import type { Cut } from './window.ts';
import { isZstd, ZstdHeaders } from './zstd.ts';

/** Output may be this many times the input … */
export const MAX_RATIO = 1000;
/** … once there is this much of it: short files of zeros are no bombs. */
export const FREE_OUTPUT = 16 << 20;

export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Compressed bytes are judged and handed over in pieces of this size: what came before damage is delivered. Each is a way
 * to Node's pool and back: a million packets of a gzip file took 0.81 s with pieces of 16 KiB, and 0.62 s so.
 */
const SLICE = 64 << 10;

/**
 * Decompression, supplied by the rim: compressed chunks of at most 64 KiB in (valid until the next is asked for; of one
 * zstd frame each), pieces of bounded size out, all members or frames of the input in a row. What it throws becomes a
 * FormatError.
 */
export type Unpack = (compressed: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
export type Unpackers = Readonly<Record<Compression, Unpack>>;
export type Compression = 'gzip' | 'zstd';

/** What was learnt on the way; filled while the chunks flow. */
export class UnpackNotes {
  compression: Compression | null = null;
  readonly warnings: string[] = [];
  /** Set if the compressed data ends too early. A warning, not an error. */
  cut: Cut | null = null;
}

/** The compression whose magic number the data begins with (RFC 1952; RFC 8878), or null. */
export function compressionOf(head: Uint8Array): Compression | null {
  if (head.length >= 3 && head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return 'gzip';
  return isZstd(head) ? 'zstd' : null;
}

/**
 * The plain bytes of a file that may be compressed. Stops with a LimitError as soon as the output exceeds
 * MAX_RATIO times the input (offsets then count compressed bytes).
 */
export async function* unpacked(chunks: Chunks, unpackers: Unpackers, notes: UnpackNotes): AsyncGenerator<Uint8Array> {
  const input = new Input(chunks);
  try {
    const compression = compressionOf(await input.head());
    notes.compression = compression;
    if (compression === null) yield* input.rest();
    else yield* inflate(input, compression, unpackers[compression], notes);
  } finally {
    await input.close();
  }
}

async function* inflate(
  input: Input,
  name: Compression,
  unpack: Unpack,
  notes: UnpackNotes,
): AsyncGenerator<Uint8Array> {
  const headers = name === 'zstd' ? new ZstdHeaders() : null;
  let output = 0;
  try {
    for await (const piece of unpack(checked(input, headers, notes))) {
      output += piece.length;
      if (output > FREE_OUTPUT && output > MAX_RATIO * input.offset) {
        throw new LimitError(input.offset, `${name} data inflates more than ${MAX_RATIO} times`);
      }
      yield piece;
    }
    if (headers && !headers.whole) throw new FormatError(input.offset, 'ends inside a frame');
  } catch (error) {
    if (error instanceof LimitError || (error instanceof FormatError && !input.ended)) throw error;
    // What goes wrong after the last byte was handed over is that there are no more of them.
    if (!input.ended) throw new FormatError(input.offset, `${name} data: ${messageOf(error)}`);
    notes.cut = { offset: input.offset, message: `${name} data cut off: ${messageOf(error)}` };
  }
}

async function* checked(input: Input, headers: ZstdHeaders | null, notes: UnpackNotes): AsyncGenerator<Uint8Array> {
  for await (const chunk of input.rest(SLICE)) {
    if (headers) yield* framed(chunk, headers, notes);
    else yield chunk;
  }
}

/** Parts of a chunk that are of one frame each: node:zlib passes over what follows a frame in the same chunk. */
function* framed(chunk: Uint8Array, headers: ZstdHeaders, notes: UnpackNotes): Generator<Uint8Array> {
  for (let at = 0; at < chunk.length; ) {
    const size = headers.check(chunk.subarray(at));
    notes.warnings.push(...headers.warnings.splice(0));
    yield chunk.subarray(at, at + size);
    at += size;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The chunks of a file, with a look at the first four bytes, counted. */
class Input {
  /** Bytes handed over so far. */
  offset = 0;
  ended = false;
  private first: Uint8Array = new Uint8Array(0);
  private readonly source: Iterator<Uint8Array> | AsyncIterator<Uint8Array>;

  constructor(chunks: Chunks) {
    this.source = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  }

  async head(): Promise<Uint8Array> {
    while (this.first.length < 4) {
      const held = this.first;
      const { done, value } = await this.source.next();
      if (done) break;
      this.first = held.length === 0 && value.length >= 4 ? value : joined(held, value);
    }
    return this.first;
  }

  /** Everything, in chunks of at most `size` bytes. */
  async *rest(size = Number.POSITIVE_INFINITY): AsyncGenerator<Uint8Array> {
    let chunk = this.first;
    for (;;) {
      for (let at = 0; at < chunk.length; at += size) {
        const slice = chunk.subarray(at, at + size);
        this.offset += slice.length;
        yield slice;
      }
      const { done, value } = await this.source.next();
      if (done) break;
      chunk = value;
    }
    this.ended = true;
  }

  async close(): Promise<void> {
    await this.source.return?.();
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
