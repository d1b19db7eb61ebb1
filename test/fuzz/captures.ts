import { type CaptureReader, Frame, openCapture, PcapngWriter, PcapWriter } from '../../src/capture/index.ts';
import { FormatError } from '../../src/errors.ts';
import type { Trial } from './generate.ts';
import type { Random } from './random.ts';

const LENGTHS = [0, 1, 3, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffc, 12, 20];

/** Small files of both formats holding the given frames, all of one link type. */
export function smallCaptures(frames: readonly Trial[]): Uint8Array[] {
  const linkType = frames[0]?.linkType ?? 1;
  const described = [{ linkType, snapLength: 0, name: 'eth0' }];
  return [
    written((sink) => new PcapWriter({ linkType }, sink), frames),
    written((sink) => new PcapWriter({ linkType, unit: 'us' }, sink), frames),
    written((sink) => new PcapngWriter(described, sink), frames),
  ];
}

function written(
  open: (sink: (chunk: Uint8Array) => void) => { write(frame: Frame): void; finish(): void },
  trials: readonly Trial[],
): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = open((chunk) => chunks.push(chunk));
  for (const { linkType, bytes } of trials) {
    const frame = new Frame();
    Object.assign(frame, { linkType, data: bytes, at: 0, end: bytes.length, length: bytes.length });
    writer.write(frame);
  }
  writer.finish();
  return new Uint8Array(Buffer.concat(chunks));
}

/** A copy with length-like words overwritten, bits flipped, its byte order turned, or its end cut off. */
export function brokenCapture(random: Random, original: Uint8Array): Uint8Array {
  const bytes = original.slice();
  const view = new DataView(bytes.buffer);
  for (let turns = 1 + random.below(3); turns > 0; turns--) {
    const at = random.below(random.oneIn(2) ? Math.min(bytes.length, 120) : bytes.length);
    if (random.oneIn(2)) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    else if (at + 4 <= bytes.length) view.setUint32(at & ~3, random.pick(LENGTHS), random.oneIn(2));
  }
  return random.oneIn(3) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}

/**
 * Reads a file whole and again in small pieces: both must give the same frames and the same end, a result or a
 * FormatError. Throws otherwise, and if frames come without bytes being consumed.
 */
export function readTwice(random: Random, file: Uint8Array): void {
  const whole = outcome([file]);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < file.length; ) {
    const size = 1 + random.below(random.oneIn(2) ? 7 : 400);
    pieces.push(file.subarray(at, at + size));
    at += size;
  }
  const cut = outcome(pieces);
  if (whole !== cut) throw new Error(`depends on how the file is cut into chunks:\n  ${whole}\n  ${cut}`);
}

function outcome(chunks: readonly Uint8Array[]): string {
  const reader = openCapture();
  const frame = new Frame();
  const seen: (string | number)[] = [];
  try {
    for (const chunk of chunks) {
      reader.push(chunk);
      drain(reader, frame, seen);
    }
    reader.finish();
    drain(reader, frame, seen);
    seen.push(reader.cut === null ? 'whole' : `cut at ${reader.cut.offset}: ${reader.cut.message}`);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    if (!(error.offset >= 0)) throw new Error(`an error at no offset: ${error.message}`);
    seen.push(`${error.name} at ${error.offset}: ${error.message}`);
  }
  return seen.join(' ');
}

function drain(reader: CaptureReader, frame: Frame, seen: (string | number)[]): void {
  for (let before = reader.offset; reader.next(frame); before = reader.offset) {
    if (reader.offset <= before) throw new Error(`a frame without bytes at ${before}`);
    if (!(frame.at >= 0 && frame.at <= frame.end && frame.end <= frame.data.length)) {
      throw new Error(`a frame outside its buffer: ${frame.at} to ${frame.end} of ${frame.data.length}`);
    }
    if (!Number.isFinite(frame.seconds) || !(frame.nanoseconds >= 0 && frame.nanoseconds < 1e9)) {
      throw new Error(`no time: ${frame.seconds} s, ${frame.nanoseconds} ns`);
    }
    seen.push(frame.seconds, frame.nanoseconds, frame.linkType, frame.length, sum(frame));
  }
}

function sum(frame: Frame): number {
  let total = frame.end - frame.at;
  for (let at = frame.at; at < frame.end; at++) total = (Math.imul(total, 31) + (frame.data[at] ?? 0)) | 0;
  return total;
}
