import { randomBytes } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Transform } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import {
  type CaptureReader,
  type Cut,
  compressionOf,
  Frame,
  openCapture,
  type Sink,
  type Unpackers,
  UnpackNotes,
  unpacked,
} from '../src/capture/index.ts';
import { FormatError } from '../src/errors.ts';

const CHUNK = 512 << 10;
/** Read first, for the format to be seen: until it is, what is read is copied twice, and 256 pages more are touched. */
const HEAD = 4 << 10;
/** Chunks between two looks at what else happens: signals, progress. */
const CHUNKS_A_TURN = 16;

/**
 * Compressed bytes given to fzstd at once: what they become is held until it is asked for, and four bytes can become
 * 128 KiB. (Deflate makes at most 1032 bytes of one.)
 */
const ZSTD_SLICE = 1 << 10;

/** Decompression for unpacked(): node:zlib, and fzstd where that has no zstd. */
export const UNPACKERS: Unpackers = {
  gzip: (compressed) => inflated(zlib.createGunzip({ chunkSize: CHUNK }), compressed),
  zstd: (compressed) => {
    const create = (zlib as { createZstdDecompress?: typeof zlib.createGunzip }).createZstdDecompress;
    return create ? inflated(create({ chunkSize: CHUNK }), compressed) : unzstd(compressed);
  },
};

/**
 * Through a stream of node:zlib, which decompresses in a thread of Node's pool. Each piece is taken as it comes, and not
 * when all of its chunk's have: a bomb was told of with 51 MB of memory, and with 117 MB then.
 */
async function* inflated(stream: Transform, compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let failure: Error | null = null;
  let isOver = false;
  let wake = (): void => {};
  const then = (change: () => void): void => {
    change();
    wake();
  };
  stream.on('data', (piece: Uint8Array) => then(() => pieces.push(piece)));
  stream.on('end', () => then(() => (isOver = true)));
  stream.on('error', (error) => then(() => ([failure, isOver] = [error, true])));
  async function* until(isDone: () => boolean): AsyncGenerator<Uint8Array> {
    while (!isDone() && !isOver) {
      await new Promise<void>((resolve) => (wake = resolve));
      yield* pieces.splice(0);
    }
    if (failure) throw failure;
  }
  try {
    for await (const chunk of compressed) {
      let isTaken = false;
      stream.write(chunk, () => then(() => (isTaken = true)));
      yield* until(() => isTaken);
    }
    stream.end();
    yield* until(() => false);
  } finally {
    stream.destroy();
  }
}

/**
 * In this thread, unlike what node:zlib does. A worker was tried, which decompressed one chunk while the one before was
 * classified: a million packets took 1.7 s instead of 1.1 (5 turns), as decompressing is nine tenths of the work, and
 * each chunk's way there and back comes on top.
 */
async function* unzstd(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const stream = new Decompress((piece) => pieces.push(piece));
  for await (const chunk of compressed) {
    for (let at = 0; at < chunk.length; at += ZSTD_SLICE) {
      // fzstd keeps what it could not use yet; the chunk belongs to somebody else.
      stream.push(chunk.slice(at, at + ZSTD_SLICE));
      yield* pieces.splice(0);
    }
  }
  stream.push(new Uint8Array(0), true);
  yield* pieces;
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
      return await (isPlain ? this.plain(descriptor, take) : this.unpacked(this.chunks(descriptor), take));
    } finally {
      closeSync(descriptor);
    }
  }

  /** A promise for each turn, none for a chunk: with four async generators inside each other W1 took 0.47 s, and 0.43 s so. */
  private async plain(descriptor: number, take: Taker['take']): Promise<boolean> {
    const { reader } = this;
    let split: Split | null = null;
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
    chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    take: Taker['take'],
  ): Promise<boolean> {
    for await (const piece of unpacked(this.counted(chunks), UNPACKERS, this.notes)) {
      this.reader.push(piece);
      if (!take(this.reader)) return false;
    }
    const { cut } = this.notes;
    if (cut && this.reader.interfaces.length === 0) throw new FormatError(cut.offset, cut.message);
    return true;
  }

  private async *counted(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.read += chunk.length;
      yield chunk;
    }
  }

  /** Always the same buffer: who gets a chunk is done with it when asking for the next. */
  private *chunks(descriptor: number): Generator<Uint8Array> {
    const buffer = new Uint8Array(CHUNK);
    for (;;) {
      const size = readSync(descriptor, buffer);
      if (size === 0) return;
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

/** Takes the frames of a capture one by one, in the same Frame; `onFrame` says false to stop. */
export function frameTaker(onFrame: (frame: Frame) => unknown): Taker {
  const frame = new Frame();
  return {
    take(reader) {
      while (reader.next(frame)) if (onFrame(frame) === false) return false;
      return true;
    },
  };
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
  return readCapture(path, frameTaker(onFrame), onBatch);
}

/**
 * Writes a file whole or not at all: under a temporary name in the same folder, renamed when `produce` is done,
 * removed if anything fails. Returns what `produce` does.
 */
export async function writeAtomically<T>(path: string, produce: (sink: Sink) => T | Promise<T>): Promise<T> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  const descriptor = openSync(temporary, 'wx');
  let isOpen = true;
  // Ctrl-C ends the process here and now.
  const forget = (): void => unlinkSync(temporary);
  process.once('exit', forget);
  try {
    const made = await produce((chunk) => writeAll(descriptor, chunk));
    fsyncSync(descriptor);
    isOpen = false;
    closeSync(descriptor);
    renameSync(temporary, path);
    return made;
  } catch (error) {
    if (isOpen) closeSync(descriptor);
    unlinkSync(temporary);
    throw error;
  } finally {
    process.off('exit', forget);
  }
}

/** write(2) may take less than it is given. */
function writeAll(descriptor: number, chunk: Uint8Array): void {
  for (let at = 0; at < chunk.length; ) at += writeSync(descriptor, chunk, at);
}
