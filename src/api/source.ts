import { bytes as bytesRule } from '../argument.ts';
import {
  type CaptureReader,
  type Chunks,
  openCapture,
  type Unpackers,
  UnpackNotes,
  unpacked,
} from '../capture/index.ts';
import { ArgumentError, FormatError } from '../errors.ts';
import { PIECE, type Replaying } from '../replay/index.ts';

/** A Blob or File, as browsers and Node have them. */
export interface BlobLike {
  readonly size: number;
  stream(): { getReader(): ChunkReader };
}

interface ChunkReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/** The bytes of one capture: at once, in chunks of any size, or a Blob. pcap or pcapng. */
export type Bytes = Uint8Array | ArrayBuffer | Iterable<Uint8Array> | AsyncIterable<Uint8Array> | BlobLike;

/** A capture with the name that errors call it by. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: Bytes;
}

/** Somebody who reads a capture by himself, as `cls-flow/node` does with files. */
export interface CaptureSource {
  readonly name: string;
  /**
   * Has a capture taken, piece by piece, until the taker wants no more. Throws a FormatError where it is broken, and a
   * SourceError where it cannot be read; what came before was taken.
   */
  read(taker: CaptureTaker): Promise<SourceEnd>;
}

/** Captures that are read one after the other: packets are counted over all of them. */
export type Source = Bytes | NamedBytes | CaptureSource | readonly (NamedBytes | CaptureSource)[];

/** Who takes what a capture holds. */
export interface CaptureTaker {
  /** A buffer for the reader to begin with. */
  readonly room: Uint8Array | undefined;
  /** The engines, for sources that have several threads read a file; null: packets go one after the other. */
  readonly replay: Replaying | null;
  /** Takes all that the reader has; false: no more is wanted. `read` and `total`: bytes of the source, compressed if it is. */
  take(reader: CaptureReader, read: number, total: number | null): boolean;
  /** For sources that wait for nobody: has others take a turn from time to time, so that they can cancel; null: nobody can. */
  readonly turn: (() => Promise<void>) | null;
}

/** How a source ended. */
export interface SourceEnd {
  /** What is worth knowing and stopped nothing; where it ends in the middle of something, too. */
  readonly warnings: readonly string[];
  /** It ends in the middle of a record or of compressed data. */
  readonly cut: boolean;
}

/** A source could not be read: a file that is not there, an iterator that throws. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
}

/** The sources one by one. */
export function sourcesOf(source: Source, unpackers: Unpackers | null): readonly CaptureSource[] {
  if (Array.isArray(source) && source.every(isNamed)) return source.map((one) => sourceOf(one, unpackers));
  return [isNamed(source) ? sourceOf(source, unpackers) : new BytesSource('capture', source as Bytes, unpackers)];
}

const isNamed = (source: unknown): source is NamedBytes | CaptureSource =>
  typeof source === 'object' && source !== null && 'name' in source && ('bytes' in source || 'read' in source);

function sourceOf(source: NamedBytes | CaptureSource, unpackers: Unpackers | null): CaptureSource {
  return 'read' in source ? source : new BytesSource(source.name, source.bytes, unpackers);
}

/** Bytes between two turns of others: some hundredths of a second, of which a turn takes a few thousandths at most. */
const TURN = 8 << 20;

/** The same in chunks, however small. */
const CHUNKS_A_TURN = 4096;

/** A capture whose bytes somebody has, or brings. */
class BytesSource implements CaptureSource {
  readonly name: string;
  private readonly bytes: Bytes;
  private readonly unpackers: Unpackers | null;

  constructor(name: string, bytes: Bytes, unpackers: Unpackers | null) {
    this.name = name;
    this.bytes = bytes;
    this.unpackers = unpackers;
  }

  async read({ room, take, turn }: CaptureTaker): Promise<SourceEnd> {
    const reader = openCapture(room);
    const notes = new UnpackNotes();
    const total = sizeOf(this.bytes);
    let read = 0;
    let since = 0;
    let number = 0;
    const counted = async function* (chunks: Chunks): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        read += chunk.length;
        // Chunks without bytes would never come to a turn.
        if (turn !== null && ++number % CHUNKS_A_TURN === 0) await turn();
        yield chunk;
      }
    };
    for await (const chunk of unpacked(counted(chunksOf(this.bytes)), this.unpackers ?? NO_UNPACKERS, notes)) {
      for (let at = 0; at < chunk.length; at += PIECE) {
        reader.push(chunk.subarray(at, at + PIECE));
        if (!take(reader, read, total)) return endOf(reader, notes);
        since += Math.min(PIECE, chunk.length - at);
        if (turn === null || since < TURN) continue;
        since = 0;
        await turn();
      }
    }
    if (notes.cut && reader.interfaces.length === 0) throw new FormatError(notes.cut.offset, notes.cut.message);
    reader.finish();
    take(reader, read, total);
    return endOf(reader, notes);
  }
}

function endOf(reader: CaptureReader, notes: UnpackNotes): SourceEnd {
  return endOfCapture(notes.warnings, notes.cut ?? reader.cut);
}

/** What is to be said of a capture that was read. */
export function endOfCapture(
  warnings: readonly string[],
  cut: { readonly offset: number; readonly message: string } | null,
): SourceEnd {
  const all = cut === null ? warnings : [...warnings, `cut off at byte ${cut.offset}: ${cut.message}`];
  return { warnings: all, cut: cut !== null };
}

function sizeOf(bytes: Bytes): number | null {
  if (typeof bytes !== 'object' || bytes === null) return null;
  if (bytes instanceof Uint8Array) return bytes.length;
  if (bytes instanceof ArrayBuffer) return bytes.byteLength;
  return isBlob(bytes) ? bytes.size : null;
}

const isBlob = (bytes: object): bytes is BlobLike =>
  'stream' in bytes && typeof bytes.stream === 'function' && 'size' in bytes;

/** The bytes as chunks. Whatever their iterator throws becomes a SourceError. */
async function* chunksOf(bytes: Bytes): AsyncGenerator<Uint8Array> {
  if (bytes instanceof ArrayBuffer) yield viewOf(bytes);
  else if (bytes instanceof Uint8Array) yield whole(bytes);
  else if (typeof bytes === 'object' && bytes !== null && isBlob(bytes)) yield* blobChunks(bytes);
  else yield* iterated(bytes);
}

/** Bytes that are there. A view whose buffer was transferred has none left, and looks like an empty file. */
function whole(chunk: unknown): Uint8Array {
  try {
    bytesRule(chunk, 'its bytes');
    return chunk as Uint8Array;
  } catch (error) {
    throw error instanceof ArgumentError ? new SourceError(error.message) : error;
  }
}

function viewOf(buffer: ArrayBuffer): Uint8Array {
  try {
    return new Uint8Array(buffer);
  } catch {
    throw new SourceError('its buffer is detached');
  }
}

async function* blobChunks(blob: BlobLike): AsyncGenerator<Uint8Array> {
  const chunks = blob.stream().getReader();
  try {
    for (;;) {
      const { done, value } = await failing(() => chunks.read());
      if (done || value === undefined) return;
      yield value;
    }
  } finally {
    await chunks.cancel().catch(() => undefined);
  }
}

async function* iterated(bytes: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  const chunks = iteratorOf(bytes);
  try {
    for (;;) {
      const { done, value } = await failing(() => chunks.next());
      if (done) return;
      yield whole(value);
    }
  } finally {
    await chunks.return?.();
  }
}

function iteratorOf(bytes: unknown): AsyncIterator<unknown> | Iterator<unknown> {
  const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = Object(bytes) as Partial<
    AsyncIterable<unknown> & Iterable<unknown>
  >;
  const iterate = later ?? now;
  if (typeof bytes === 'string' || typeof iterate !== 'function') {
    throw new SourceError('expected bytes: a Uint8Array, an ArrayBuffer, chunks of them or a Blob');
  }
  try {
    return Reflect.apply(iterate, bytes, []);
  } catch (error) {
    throw unreadable(error);
  }
}

async function failing<T>(read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw unreadable(error);
  }
}

const unreadable = (cause: unknown): SourceError =>
  new SourceError(`reading failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });

/** Without decompression: compressed captures are refused, with the way out. */
const NO_UNPACKERS: Unpackers = {
  deflate: () => refused('gzip'),
  zstd: () => refused('zstd'),
  crc32: () => 0,
};

function refused(compression: string): never {
  throw new SourceError(`${compression} data: decompress it, or give options.unpackers (UNPACKERS of cls-flow/node)`);
}
