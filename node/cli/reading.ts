import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { errorCode } from '../system.ts';
import { tooLong } from './limits.ts';
import { waiting } from './waiting.ts';

const STDIN = 0;
const PIECE = 64 << 10;
const PAUSE_MS = 1;

/** All bytes of a file; `-` is standard input. Throws a TooMuchError where there are more than `most`. */
export function readBytes(file: string, most: number): Buffer {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (const piece of piecesOf(file)) {
    size += piece.length;
    if (size > most) throw tooLong(file, most);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, size);
}

/** A file piece by piece, each a copy of its own. */
export function* piecesOf(file: string): Generator<Uint8Array> {
  const descriptor = file === '-' ? STDIN : waiting(file, () => openSync(file, 'r'));
  try {
    yield* piecesFrom(descriptor);
  } catch (error) {
    throw withName(error, file);
  } finally {
    if (descriptor !== STDIN) close(descriptor);
  }
}

/** What was read is there, whatever close(2) answers. */
function close(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch (error) {
    if (errorCode(error) === null) throw error;
  }
}

function* piecesFrom(descriptor: number): Generator<Uint8Array> {
  const room = Buffer.allocUnsafe(PIECE);
  const isPrompt = fstatSync(descriptor).isFile();
  for (;;) {
    const size = isPrompt ? readSome(descriptor, room) : waiting(descriptor, () => readSome(descriptor, room));
    if (size === 0) return;
    if (size > 0) yield new Uint8Array(room.subarray(0, size));
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
  }
}

/** An error of fstat(2) or read(2) names no file. */
function withName(error: unknown, file: string): unknown {
  if (errorCode(error) === null) return error;
  return Object.assign(error as Error, { path: file === '-' ? 'standard input' : file });
}

/** -1: there is nothing yet, as in a pipe that somebody set to non-blocking; 0: there is no more. */
function readSome(descriptor: number, room: Uint8Array): number {
  try {
    return readSync(descriptor, room);
  } catch (error) {
    const code = errorCode(error);
    // What Windows says at the end of a pipe.
    if (code === 'EOF') return 0;
    if (code === 'EAGAIN') return -1;
    throw error;
  }
}
