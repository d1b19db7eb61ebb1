import { FormatError } from '../errors.ts';
import type { Input } from './input.ts';
import type { Cut } from './window.ts';

/**
 * Compressed bytes are judged and handed over in slices of this size. Each is a way to Node's pool and back: a million
 * packets of a gzip file took 0.81 s with slices of 16 KiB, and 0.62 s so.
 */
export const SLICE = 64 << 10;
/** Slices where the data is damaged: what a decompressor had of the one in which it fails is lost. */
const FINER = [SLICE, 256, 1] as const;

/**
 * Decompression, supplied by the rim: compressed slices in (valid until the next is asked for), pieces of bounded size
 * out. All that a slice gives is given before the next is asked for. What it throws becomes a FormatError.
 */
export interface Unpackers {
  /** One deflate stream (RFC 1951). It says how many bytes of the slices it got stand behind its end. */
  deflate(compressed: AsyncIterable<Uint8Array>, behind: (bytes: number) => void): AsyncIterable<Uint8Array>;
  /** zstd frames in a row, without checksums; a slice holds bytes of one frame, and an empty one follows its last. */
  zstd(compressed: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** CRC-32 of gzip, of data behind data that has this one. */
  crc32(data: Uint8Array, before: number): number;
}
export type Compression = 'gzip' | 'zstd';

/** What was learnt on the way; filled while the chunks flow. */
export class UnpackNotes {
  compression: Compression | null = null;
  readonly warnings: string[] = [];
  /** Set if the compressed data ends too early. A warning, not an error. */
  cut: Cut | null = null;
}

/** What is new of pieces that come once more after rewind(). */
export class Fresh {
  private made = 0;
  private known = 0;

  /** Bytes of the data so far. */
  get size(): number {
    return this.known;
  }

  /** The next piece of the same data, or what of it did not come before; null: nothing. */
  of(piece: Uint8Array): Uint8Array | null {
    this.made += piece.length;
    const more = this.made - this.known;
    if (more <= 0) return null;
    this.known = this.made;
    return more >= piece.length ? piece : piece.subarray(piece.length - more);
  }

  again(): void {
    this.made = 0;
  }

  /** Other data comes now. */
  clear(): void {
    this.made = 0;
    this.known = 0;
  }
}

/** One deflate stream, all of it up to where it is damaged; nothing more is said of one that ends too early. */
export async function* carefully(input: Input, deflate: Unpackers['deflate']): AsyncGenerator<Uint8Array> {
  const fresh = new Fresh();
  let sound = Number.POSITIVE_INFINITY;
  input.mark();
  for (const size of FINER) {
    const slices = new Slices(input, size, sound);
    try {
      for await (const piece of deflate(slices.all(), (bytes) => input.giveBack(bytes))) {
        const more = fresh.of(piece);
        if (more !== null) yield more;
      }
      return;
    } catch (error) {
      if (input.failed) throw error;
      if (input.ended) return;
      sound = slices.last;
      if (size === 1 || !(await input.rewind())) throw new FormatError(sound, `gzip data: ${messageOf(error)}`);
      fresh.again();
    }
  }
}

/** What comes next of an input, in slices of SLICE up to an offset and in others from there. */
class Slices {
  /** Where the last one begins. */
  last = 0;
  private readonly input: Input;
  private readonly size: number;
  private readonly until: number;

  constructor(input: Input, size: number, until: number) {
    this.input = input;
    this.size = size;
    this.until = until;
  }

  async *all(): AsyncGenerator<Uint8Array> {
    const { input, size, until } = this;
    for (;;) {
      const most = input.offset < until ? Math.min(SLICE, until - input.offset) : size;
      const slice = await input.view(1, most);
      if (slice.length === 0) return;
      this.last = input.offset;
      input.take(slice.length);
      yield slice;
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
