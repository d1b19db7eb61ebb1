import { closeSync, createReadStream, fstatSync, openSync, readSync, statSync } from 'node:fs';
import type { Transform } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import zlib from 'node:zlib';
import {
  type CaptureReader,
  type Chunks,
  type Cut,
  compressionOf,
  eachFrame,
  type Frame,
  openCapture,
  type Unpackers,
  UnpackNotes,
  unpacked,
} from '../src/capture/index.ts';
import { FormatError } from '../src/errors.ts';
import { unzstd } from './zstd.ts';

const CHUNK = 512 << 10;
/** Read first, for the format to be seen: until it is, what is read is copied twice, and 256 pages more are touched. */
const HEAD = 4 << 10;
/** Chunks between two looks at what else happens: signals, progress. */
const CHUNKS_A_TURN = 16;

/** Decompression for unpacked(). */
export const UNPACKERS: Unpackers = {
  async *deflate(compressed, behind) {
    const slices = compressed[Symbol.asyncIterator]();
    const { done, value } = await slices.next();
    if (done) throw new Error('unexpected end of file');
    const small = inflatedAtOnce(value);
    if (small === null) yield* inflated(zlib.createInflateRaw({ chunkSize: CHUNK }), value, slices, behind);
    else {
      behind(value.length - small.used);
      yield small.bytes;
    }
  },
  zstd: unzstd,
  crc32: (data, before) => zlib.crc32(data, before),
};

/**
 * A deflate stream that ends in its first slice, as those of bgzip do: a stream of node:zlib takes 0.3 ms to begin with,
 * this 0.02 ms. null: it does not end there, is damaged, or comes to more than a piece may be.
 */
function inflatedAtOnce(slice: Uint8Array): { readonly bytes: Uint8Array; readonly used: number } | null {
  try {
    const options = { info: true, finishFlush: zlib.constants.Z_SYNC_FLUSH, maxOutputLength: CHUNK };
    const { buffer, engine } = zlib.inflateRawSync(slice, options) as unknown as {
      readonly buffer: Uint8Array;
      readonly engine: { readonly bytesWritten: number };
    };
    return engine.bytesWritten < slice.length ? { bytes: buffer, used: engine.bytesWritten } : null;
  } catch {
    return null;
  }
}

/** What came out of a stream of node:zlib and is not yet taken, and whether it is over. */
class Pieces {
  readonly taken: Uint8Array[] = [];
  failure: Error | null = null;
  isOver = false;
  private wake = (): void => {};

  constructor(stream: Transform) {
    stream.on('data', (piece: Uint8Array) => this.change(() => this.taken.push(piece)));
    stream.on('end', () => this.change(() => (this.isOver = true)));
    stream.on('error', (error) => this.change(() => ([this.failure, this.isOver] = [error, true])));
  }

  change(by: () => void): void {
    by();
    this.wake();
  }

  /** What comes until something is done. Throws what went wrong. */
  async *until(isDone: () => boolean): AsyncGenerator<Uint8Array> {
    while (!isDone() && !this.isOver) {
      await new Promise<void>((resolve) => (this.wake = resolve));
      yield* this.taken.splice(0);
    }
    yield* this.taken.splice(0);
    if (this.failure) throw this.failure;
  }
}

/**
 * Through a stream of node:zlib, which decompresses in a thread of Node's pool. Each piece is taken as it comes, and not
 * when all of its chunk's have: a bomb was told of with 51 MB of memory, and with 117 MB then.
 */
async function* inflated(
  stream: Transform & { readonly bytesWritten: number },
  first: Uint8Array,
  slices: AsyncIterator<Uint8Array>,
  behind: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const pieces = new Pieces(stream);
  let given = 0;
  try {
    for (let slice = first; !pieces.isOver; ) {
      let isTaken = false;
      given += slice.length;
      stream.write(slice, () => pieces.change(() => (isTaken = true)));
      yield* pieces.until(() => isTaken);
      if (stream.bytesWritten < given) break;
      const { done, value } = await slices.next();
      if (done) break;
      slice = value;
    }
    stream.end();
    yield* pieces.until(() => false);
    behind(given - stream.bytesWritten);
  } finally {
    stream.destroy();
  }
}

/** A capture file being read: `path`, or `-` for standard input; pcap or pcapng, plain, gzip or zstd. */
export class CaptureFile {
  readonly path: string;
  /** Size in bytes; null where nobody knows (pipes, devices). Known once the first bytes were read. */
  total: number | null = null;
  /** Bytes read so far, compressed ones where the file is. */
  read = 0;
  readonly reader: CaptureReader;
  private readonly notes = new UnpackNotes();

  private readonly split: Taker['split'];

  /** `taker`: who will take what is read, for a room of his own and for parts that others take. */
  constructor(path: string, { room, split }: Omit<Taker, 'take'> = {}) {
    this.path = path;
    this.reader = openCapture(room);
    this.split = split;
  }

  /** Things worth telling that do not stop anything (a zstd window larger than every decompressor takes). */
  get warnings(): readonly string[] {
    return this.notes.warnings;
  }

  /** Where the file ends too early, if it does. A warning, not an error. */
  get cut(): Cut | null {
    return this.notes.cut ?? this.reader.cut;
  }

  /**
   * Calls `take` with the reader each time it has got more bytes: pull frames until next() says false, then return true
   * to get more. Throws what fs throws if the file cannot be read, and what the reader throws.
   */
  async take(take: Taker['take']): Promise<void> {
    const { reader, path } = this;
    let isWanted: boolean;
    if (path === '-') isWanted = await this.unpacked(process.stdin, take);
    else if (statSync(path).isFile()) isWanted = await this.file(take);
    // A pipe may keep us waiting, and Ctrl-C must not wait with us.
    else isWanted = await this.unpacked(createReadStream(path, { highWaterMark: CHUNK }), take);
    if (!isWanted) return;
    reader.finish();
    take(reader);
  }

  private async file(take: Taker['take']): Promise<boolean> {
    const descriptor = openSync(this.path, 'r');
    try {
      this.total = fstatSync(descriptor).size;
      const head = new Uint8Array(4);
      const isPlain = compressionOf(head.subarray(0, readSync(descriptor, head, 0, head.length, 0))) === null;
      if (isPlain) return await this.plain(descriptor, take);
      return await this.unpacked(this.chunks(descriptor), take, (offset) => this.chunks(descriptor, offset));
    } finally {
      closeSync(descriptor);
    }
  }

  /** A promise for each turn, none for a chunk: with four async generators inside each other W1 took 0.47 s, and 0.43 s so. */
  private async plain(descriptor: number, take: Taker['take']): Promise<boolean> {
    const { reader } = this;
    let split: Split | null = null;
    try {
      for (let chunk = 1; ; chunk++) {
        if (this.fill(descriptor, chunk === 1 ? HEAD : CHUNK, split?.until ?? Number.POSITIVE_INFINITY)) {
          if (!take(reader)) return false;
        } else if (split === null) return true;
        else {
          this.read = await split.finish(descriptor);
          reader.window?.seek(this.read);
          split = null;
        }
        if (chunk === 2) split = this.split?.(this) ?? null;
        if (chunk % CHUNKS_A_TURN === 0) await setImmediate();
      }
    } finally {
      split?.stop();
    }
  }

  /**
   * Straight into the reader's window: a copy of its own would cost 0.1 s a GiB. Reading waits here and not in a
   * thread of the pool, as the way there and back costs 25 µs a chunk: a third of what classifying it does.
   */
  private fill(descriptor: number, wanted: number, until: number): boolean {
    const { reader } = this;
    const size = readSync(descriptor, reader.room(wanted), 0, Math.min(wanted, until - this.read), this.read);
    if (size > 0) reader.filled(size);
    this.read += size;
    return size > 0;
  }

  private async unpacked(
    chunks: Chunks,
    take: Taker['take'],
    again: ((offset: number) => Chunks) | null = null,
  ): Promise<boolean> {
    for await (const piece of unpacked(this.counted(chunks), UNPACKERS, this.notes, again)) {
      this.reader.push(piece);
      if (!take(this.reader)) return false;
    }
    const { cut } = this.notes;
    if (cut && this.reader.interfaces.length === 0) throw new FormatError(cut.offset, cut.message);
    return true;
  }

  private async *counted(chunks: Chunks): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.read += chunk.length;
      yield chunk;
    }
  }

  /** Always the same buffer: who gets a chunk is done with it when asking for the next. */
  private *chunks(descriptor: number, from = 0): Generator<Uint8Array> {
    const buffer = new Uint8Array(CHUNK);
    for (let offset = from; ; ) {
      const size = readSync(descriptor, buffer, 0, CHUNK, offset);
      if (size === 0) return;
      offset += size;
      yield buffer.subarray(0, size);
    }
  }
}

/** Parts of a file that others take while this thread takes the first. */
export interface Split {
  /** Where the first part ends. */
  readonly until: number;
  /** Waits for the others; the offset from which this thread is to go on. The reader may be used for what they left. */
  finish(descriptor: number): Promise<number>;
  /** Nothing of theirs is wanted any more. */
  stop(): void;
}

/** Who takes what a capture holds: all that the reader has, each time it got more bytes. */
export interface Taker {
  /** A buffer for the reader to begin with. */
  readonly room?: Uint8Array | undefined;
  /** Has others take the later parts of a plain file, once the first chunks of it were taken; null: there are none. */
  readonly split?: ((file: CaptureFile) => Split | null) | undefined;
  /** False: nothing more is wanted. */
  take(reader: CaptureReader): boolean;
}

/**
 * Has a capture taken, batch by batch; `onBatch` is called about twice a MiB, for progress. Returns the file, for
 * what is to be said about it. Throws FormatError or LimitError where the file is broken: what came before was taken.
 */
export async function readCapture(
  path: string,
  taker: Taker,
  onBatch?: (file: CaptureFile) => void,
): Promise<CaptureFile> {
  const file = new CaptureFile(path, taker);
  await file.take((reader) => {
    const isWanted = taker.take(reader);
    if (isWanted) onBatch?.(file);
    return isWanted;
  });
  return file;
}

/** The same, frame by frame: calls `onFrame` with the same Frame every time; false stops reading. */
export function readFrames(
  path: string,
  onFrame: (frame: Frame) => unknown,
  onBatch?: (file: CaptureFile) => void,
): Promise<CaptureFile> {
  return readCapture(path, { take: eachFrame(onFrame) }, onBatch);
}
