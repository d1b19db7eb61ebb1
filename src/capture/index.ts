import { bytes, checkWhole } from '../argument.ts';
import { FormatError } from '../errors.ts';
import type { CaptureInterface, CaptureReader, Frame, RecordLayout } from './frame.ts';
import { isPcap, PcapReader } from './pcap.ts';
import { isPcapng, PcapngReader } from './pcapng.ts';
import { type Cut, MOST_ROOM, type Window } from './window.ts';

export { findRecord } from './boundary.ts';
export {
  type CaptureInterface,
  type CaptureReader,
  eachFrame,
  Frame,
  Heading,
  type RecordLayout,
  wholeFrame,
} from './frame.ts';
export type { Chunks } from './input.ts';
export { MAX_FRAME, PcapReader } from './pcap.ts';
export { MAX_BLOCK, MAX_INTERFACES, MAX_SECTIONS, PcapngReader } from './pcapng.ts';
export { compressionOf, FREE_OUTPUT, MAX_RATIO, unpacked } from './unpack.ts';
export { type Compression, type Unpackers, UnpackNotes } from './unpackers.ts';
export type { Cut } from './window.ts';
export { PcapngWriter, type PcapOptions, PcapWriter, type Sink } from './write.ts';
export { COMMON_WINDOW, MAX_WINDOW } from './zstd.ts';

export interface CaptureFormat {
  readonly name: string;
  /** Whether a file that begins with these bytes (four or more) is of this format. */
  matches(head: Uint8Array): boolean;
  /** `data`: a buffer to begin with. */
  open(data?: Uint8Array): CaptureReader;
}

/** Every capture format that is read. Compressed files are these, behind unpacked(). */
export const CAPTURES: readonly CaptureFormat[] = [
  { name: 'pcap', matches: isPcap, open: (data) => new PcapReader(data) },
  { name: 'pcapng', matches: isPcapng, open: (data) => new PcapngReader(data) },
];

const MAGIC = 4;
const NONE: readonly CaptureInterface[] = [];

/** A reader that finds out by itself which of CAPTURES it is given. `data`: a buffer to begin with. */
export function openCapture(data?: Uint8Array): CaptureReader {
  return new AnyReader(data);
}

class AnyReader implements CaptureReader {
  private reader: CaptureReader | null = null;
  /** Bytes of the magic number, while it is not complete. */
  private head: Uint8Array = new Uint8Array(0);
  private finished = false;
  private readonly data: Uint8Array | undefined;
  /** What room() gave while there was no reader. */
  private memory: Uint8Array = new Uint8Array(0);

  constructor(data?: Uint8Array) {
    this.data = data;
  }

  get window(): Window | null {
    return this.reader?.window ?? null;
  }

  get layout(): RecordLayout | null {
    return this.reader?.layout ?? null;
  }

  get offset(): number {
    return this.reader?.offset ?? 0;
  }

  get record(): number {
    return this.reader?.record ?? 0;
  }

  get cut(): Cut | null {
    return this.reader?.cut ?? null;
  }

  get interfaces(): readonly CaptureInterface[] {
    return this.reader?.interfaces ?? NONE;
  }

  push(chunk: Uint8Array): void {
    bytes(chunk, 'chunk');
    if (this.reader) {
      this.reader.push(chunk);
      return;
    }
    const head = new Uint8Array(this.head.length + chunk.length);
    head.set(this.head);
    head.set(chunk, this.head.length);
    this.head = head;
    const format = head.length < MAGIC ? undefined : CAPTURES.find((row) => row.matches(head));
    if (!format) return;
    this.reader = format.open(this.data);
    this.reader.push(head);
    this.head = new Uint8Array(0);
  }

  room(size: number): Uint8Array {
    if (this.reader) return this.reader.room(size);
    checkWhole(size, 0, MOST_ROOM, 'size');
    this.memory = new Uint8Array(size);
    return this.memory;
  }

  filled(size: number): void {
    if (this.reader) this.reader.filled(size);
    else {
      checkWhole(size, 0, this.memory.length, 'size');
      this.push(this.memory.subarray(0, size));
    }
  }

  finish(): void {
    this.finished = true;
    this.reader?.finish();
  }

  seek(offset: number): void {
    if (!this.reader) throw new FormatError(0, 'expected the start of the capture before a record is sought');
    this.reader.seek(offset);
  }

  next(frame: Frame): boolean {
    if (this.reader) return this.reader.next(frame);
    if (this.head.length >= MAGIC) throw new FormatError(0, `expected a capture: ${names()}`);
    if (this.finished) throw new FormatError(0, `file of ${this.head.length} bytes, expected a capture: ${names()}`);
    return false;
  }
}

function names(): string {
  return CAPTURES.map((row) => row.name).join(' or ');
}
