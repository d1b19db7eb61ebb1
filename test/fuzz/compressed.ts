import { UNPACKERS } from '../../node/files.ts';
import { UnpackNotes, unpacked } from '../../src/capture/index.ts';
import { FormatError } from '../../src/errors.ts';
import type { Random } from './random.ts';

/** What becomes of a compressed file: the bytes that come out, and how it ends. */
interface Outcome {
  readonly bytes: Buffer;
  readonly end: string;
}

/** Bits flipped, bytes overwritten, lost or doubled, the end cut off; or nothing of it. */
export function damagedBytes(random: Random, original: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(original);
  const at = random.below(bytes.length);
  switch (random.below(6)) {
    case 0:
      return bytes;
    case 1:
      return bytes.subarray(0, at);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(9))]);
    case 3:
      return Buffer.concat([bytes, random.bytes(1 + random.below(9))]);
    case 4:
      bytes.fill(random.below(256), at, at + random.below(100));
      return bytes;
    default:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      return bytes;
  }
}

/**
 * Decompresses a file as it lies there, and again as a pipe in pieces of any size: both must come to the same, a result or
 * a FormatError.
 */
export async function unpackTwice(random: Random, file: Uint8Array): Promise<Outcome> {
  const lying = await outcome([file], (offset) => [file.subarray(offset)]);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < file.length; ) {
    const size = 1 + random.below(random.oneIn(3) ? 20 : 20_000);
    pieces.push(file.subarray(at, at + size));
    at += size;
  }
  const piped = await outcome(pieces, null);
  if (lying.end === piped.end && lying.bytes.equals(piped.bytes)) return lying;
  throw new Error(
    `a file and a pipe differ:\n  ${lying.bytes.length} bytes, ${lying.end}\n  ${piped.bytes.length} bytes, ${piped.end}`,
  );
}

async function outcome(
  chunks: readonly Uint8Array[],
  again: ((offset: number) => readonly Uint8Array[]) | null,
): Promise<Outcome> {
  const notes = new UnpackNotes();
  const bytes: Uint8Array[] = [];
  let end = '';
  try {
    for await (const piece of unpacked(chunks, UNPACKERS, notes, again)) bytes.push(piece.slice());
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    end = `${error.name} at ${error.offset}: ${error.message}`;
  }
  return { bytes: Buffer.concat(bytes), end: JSON.stringify([end, notes.cut, notes.warnings]) };
}
