import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import {
  type CaptureReader,
  type Cut,
  Frame,
  openCapture,
  type Sink,
  type Unpackers,
  UnpackNotes,
  unpacked,
} from '../src/capture/index.ts';
import { FormatError } from '../src/errors.ts';

const CHUNK = 256 << 10;

/**
 * Compressed bytes given to fzstd at once: what they become is held until it is asked for, and four bytes can become
 * 128 KiB. (Deflate makes at most 1032 bytes of one.)
 */
const ZSTD_SLICE = 1 << 10;

/** Decompression for unpacked(): node:zlib, and fzstd, which reads all frames in a row on every Node. */
export const UNPACKERS: Unpackers = { gzip: gunzip, zstd: unzstd };

async function* gunzip(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const stream = createGunzip({ chunkSize: CHUNK });
  const pieces: Uint8Array[] = [];
  let failure: Error | null = null;
  stream.on('data', (piece: Uint8Array) => pieces.push(piece));
  const closed = new Promise<void>((resolve) => {
    stream.on('end', resolve);
    stream.on('error', (error) => {
      failure = error;
      resolve();
    });
  });
  try {
    for await (const chunk of compressed) {
      const written = new Promise<void>((resolve) => stream.write(chunk, () => resolve()));
      await Promise.race([written, closed]);
      yield* pieces.splice(0);
      if (failure) throw failure;
    }
    stream.end();
    await closed;
    yield* pieces;
    if (failure) throw failure;
  } finally {
    stream.destroy();
  }
}

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
  readonly reader: CaptureReader = openCapture();
  readonly #notes = new UnpackNotes();

  constructor(path: string) {
    this.path = path;
  }

  /** Things worth telling that do not stop anything (a zstd window larger than every decompressor takes). */
  get warnings(): readonly string[] {
    return this.#notes.warnings;
  }

  /** Where the file ends too early, if it does. A warning, not an error. */
  get cut(): Cut | null {
    return this.#notes.cut ?? this.reader.cut;
  }

  /**
   * Yields the reader each time it has got more bytes: pull frames until next() says false, then ask again.
   * One promise for each chunk of 256 KiB, none for a frame. Throws what fs throws if the file cannot be read.
   */
  async *batches(): AsyncGenerator<CaptureReader> {
    for await (const piece of unpacked(this.#chunks(), UNPACKERS, this.#notes)) {
      this.reader.push(piece);
      yield this.reader;
    }
    const { cut } = this.#notes;
    if (cut && this.reader.interfaces.length === 0) throw new FormatError(cut.offset, cut.message);
    this.reader.finish();
    yield this.reader;
  }

  async *#chunks(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.path === '-' ? process.stdin : this.#fileChunks()) {
      this.read += chunk.length;
      yield chunk;
    }
  }

  /** Always the same buffer: who gets a chunk is done with it when asking for the next. */
  async *#fileChunks(): AsyncGenerator<Uint8Array> {
    const handle = await open(this.path);
    try {
      const about = await handle.stat();
      if (about.isFile()) this.total = about.size;
      const buffer = new Uint8Array(CHUNK);
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, CHUNK);
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  }
}

/**
 * Calls `onFrame` for each frame of a capture, with the same Frame every time; false stops reading.
 * `onBatch` is called about four times a MiB, for progress. Returns the file, for what is to be said about it.
 * Throws FormatError or LimitError where the file is broken: frames before that point were delivered.
 */
export async function readFrames(
  path: string,
  onFrame: (frame: Frame) => unknown,
  onBatch?: (file: CaptureFile) => void,
): Promise<CaptureFile> {
  const file = new CaptureFile(path);
  const frame = new Frame();
  for await (const reader of file.batches()) {
    while (reader.next(frame)) if (onFrame(frame) === false) return file;
    onBatch?.(file);
  }
  return file;
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
