import type { Cut, Window } from './window.ts';

const EMPTY = new Uint8Array(0);
/** Of a file that says nothing of it. */
export const UNNAMED: CaptureInterface = { linkType: 0, snapLength: 0, name: '' };

/** Which way a packet went at the interface where it was seen: into the machine, or out of it. */
export const Heading = { UNKNOWN: 0, IN: 1, OUT: 2 } as const;
export type Heading = (typeof Heading)[keyof typeof Heading];

/**
 * One captured frame, as the capture file tells it. Readers fill the same Frame again and again:
 * the bytes are `data[at..end)` of a buffer that the reader owns and reuses at its next call.
 */
export class Frame {
  data: Uint8Array = EMPTY;
  at = 0;
  end = 0;
  /** Bytes on the wire; more than `end - at` where the capture was cut by a snap length. */
  length = 0;
  /** LINKTYPE_ number of the interface the frame was seen on. */
  linkType = 0;
  /** Time stamp: whole seconds since 1970 (may be negative or absurd in a broken file) and nanoseconds 0…999999999. */
  seconds = 0;
  nanoseconds = 0;
  /** Where it was seen. */
  interface: CaptureInterface = UNNAMED;
  /** Which way it went there, where the record says so (epb_flags of pcapng). */
  heading: Heading = Heading.UNKNOWN;
}

/** One interface a capture was taken on. pcap has exactly one, without a name. */
export interface CaptureInterface {
  /** LINKTYPE_ number. */
  readonly linkType: number;
  /** Longest frame kept, bytes; 0: no limit. */
  readonly snapLength: number;
  /** As the file says, non-ASCII bytes escaped as `\xHH`; '' if it does not say. */
  readonly name: string;
  /** Its own MAC address, where the file says it (if_MACaddr of pcapng). */
  readonly mac?: Uint8Array;
}

/** How the records stand in the window, for those who walk them by themselves. */
export interface RecordLayout {
  /** pcap: 16 bytes of header, lengths in their usual order; pcapng: enhanced packet blocks. */
  readonly format: 'pcap' | 'pcapng';
  readonly little: boolean;
  /** Bit n: packets of interface n are Ethernet frames, and their times all in the unit that words() gives. */
  readonly ethernet: number;
  /** Nanoseconds in one unit of their times. */
  readonly unit: number;
  /** A time as the two words that a record has for it, rounded up. */
  words(seconds: number, nanoseconds: number): readonly [number, number];
}

/** Chunks in, frames out. Synchronous: who owns the file pushes chunks, who counts pulls frames. */
export interface CaptureReader {
  /**
   * Hands over the next bytes of the file. They are copied: the caller may reuse its buffer.
   * Memory stays bounded if frames are pulled until next() says false before the next push.
   */
  push(chunk: Uint8Array): void;
  /** The same without a copy: room for at least `size` bytes, to be filled from its beginning and then told of. */
  room(size: number): Uint8Array;
  filled(size: number): void;
  /** Says that no more bytes will come. */
  finish(): void;
  /**
   * Forgets the bytes that are there: the next ones are those from this offset of the (decompressed) file on, where a
   * record must begin. What the file says of its records must have been read before: of pcap the first 24 bytes, of
   * pcapng all up to there. Throws a FormatError where it was not, or where no record can begin.
   */
  seek(offset: number): void;
  /**
   * Fills `frame` with the next packet; false when more bytes are needed (or, after finish(), when there are none).
   * Throws a FormatError when the file is broken; frames before that point were delivered.
   */
  next(frame: Frame): boolean;
  /** The bytes that are there: `at` may be moved to where another record begins. null before the first of them. */
  readonly window: Window | null;
  /** How records stand there; null: only next() can tell. */
  readonly layout: RecordLayout | null;
  /** Bytes of the (decompressed) file consumed so far: where the next record begins. */
  readonly offset: number;
  /** Where the record begins that next() gave last: what seek() takes. */
  readonly record: number;
  /** Once next() said false after finish(): set if the last record was cut off. A warning, not an error. */
  readonly cut: Cut | null;
  /** Interfaces met so far, in the order of the file (pcapng: over all sections). */
  readonly interfaces: readonly CaptureInterface[];
}

/** Takes the frames that a reader has, one by one, in the same Frame; `onFrame` answers false to stop, and so does this. */
export function eachFrame(onFrame: (frame: Frame) => unknown): (reader: CaptureReader) => boolean {
  const frame = new Frame();
  return (reader) => {
    while (reader.next(frame)) if (onFrame(frame) === false) return false;
    return true;
  };
}

/** A frame of which all bytes are there, captured at no time in particular. */
export function wholeFrame(data: Uint8Array, linkType: number): Frame {
  return Object.assign(new Frame(), { data, end: data.length, length: data.length, linkType });
}
