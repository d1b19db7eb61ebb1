import { readSync } from 'node:fs';
import { errorCode } from '../system.ts';
import { waiting } from './waiting.ts';

const STDIN = 0;
const CHUNK = 64 << 10;
const PAUSE_MS = 1;

/** All of standard input. A pipe that somebody set to non-blocking is empty at times, which readFileSync() takes for an error. */
export function readStdin(): Buffer {
  return waiting(STDIN, readAll);
}

function readAll(): Buffer {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK);
    const size = readSome(chunk);
    if (size === 0) return Buffer.concat(chunks);
    if (size > 0) chunks.push(chunk.subarray(0, size));
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
  }
}

/** -1: there is nothing yet; 0: there is no more. */
function readSome(chunk: Buffer): number {
  try {
    return readSync(STDIN, chunk);
  } catch (error) {
    const code = errorCode(error);
    // What Windows says at the end of a pipe.
    if (code === 'EOF') return 0;
    if (code === 'EAGAIN') return -1;
    throw error;
  }
}
