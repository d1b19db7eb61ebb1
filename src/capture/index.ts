import { FormatError } from '../errors.ts';
import type { CaptureInterface, CaptureReader, Cut, Frame } from './frame.ts';
import { isPcap, PcapReader } from './pcap.ts';
import { isPcapng, PcapngReader } from './pcapng.ts';

export { type CaptureInterface, type CaptureReader, type Cut, Frame } from './frame.ts';
export { MAX_FRAME, PcapReader } from './pcap.ts';
export { MAX_BLOCK, MAX_INTERFACES, PcapngReader } from './pcapng.ts';
export {
  type Chunks,
  type Compression,
  compressionOf,
  FREE_OUTPUT,
  MAX_RATIO,
  type Unpack,
  type Unpackers,
  UnpackNotes,
  unpacked,
} from './unpack.ts';
export { PcapngWriter, type PcapOptions, PcapWriter, type Sink } from './write.ts';
export { COMMON_WINDOW, MAX_WINDOW } from './zstd.ts';

export interface CaptureFormat {
  readonly name: string;
  /** Whether a file that begins with these bytes (four or more) is of this format. */
  matches(head: Uint8Array): boolean;
  open(): CaptureReader;
}

/** Every capture format that is read. Compressed files are these, behind unpacked(). */
export const CAPTURES: readonly CaptureFormat[] = [
  { name: 'pcap', matches: isPcap, open: () => new PcapReader() },
  { name: 'pcapng', matches: isPcapng, open: () => new PcapngReader() },
];

const MAGIC = 4;
const NONE: readonly CaptureInterface[] = [];

/** A reader that finds out by itself which of CAPTURES it is given. */
export function openCapture(): CaptureReader {
  return new AnyReader();
}

class AnyReader implements CaptureReader {
  #reader: CaptureReader | null = null;
  /** Bytes of the magic number, while it is not complete. */
  #head: Uint8Array = new Uint8Array(0);
  #finished = false;

  get offset(): number {
    return this.#reader?.offset ?? 0;
  }

  get cut(): Cut | null {
    return this.#reader?.cut ?? null;
  }

  get interfaces(): readonly CaptureInterface[] {
    return this.#reader?.interfaces ?? NONE;
  }

  push(chunk: Uint8Array): void {
    if (this.#reader) {
      this.#reader.push(chunk);
      return;
    }
    const head = new Uint8Array(this.#head.length + chunk.length);
    head.set(this.#head);
    head.set(chunk, this.#head.length);
    this.#head = head;
    const format = head.length < MAGIC ? undefined : CAPTURES.find((row) => row.matches(head));
    if (!format) return;
    this.#reader = format.open();
    this.#reader.push(head);
    this.#head = new Uint8Array(0);
  }

  finish(): void {
    this.#finished = true;
    this.#reader?.finish();
  }

  next(frame: Frame): boolean {
    if (this.#reader) return this.#reader.next(frame);
    if (this.#head.length >= MAGIC) throw new FormatError(0, `expected a capture: ${names()}`);
    if (this.#finished) throw new FormatError(0, `file of ${this.#head.length} bytes, expected a capture: ${names()}`);
    return false;
  }
}

function names(): string {
  return CAPTURES.map((row) => row.name).join(' or ');
}
