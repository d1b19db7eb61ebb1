import { fstatSync, statSync, writeSync } from 'node:fs';
import { devNull } from 'node:os';
import { styleText } from 'node:util';
import { escapeRest } from '../../src/lang/index.ts';
import { systemText } from '../system-errors.ts';

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const PAUSE_MS = 1;

/** Whoever read our output has seen enough (`| head`): no error, only the end. */
export class PipeClosed extends Error {
  override readonly name = 'PipeClosed';
}

/** Standard output takes nothing: a full disk, a closed descriptor. */
export class OutputError extends Error {
  override readonly name = 'OutputError';
}

/**
 * Writes all of a text, waiting for a slow reader. Not through process.stdout, which would collect in memory what a
 * pipe does not take at once.
 */
function writeText(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE' || code === 'EOF') throw new PipeClosed();
      if (code !== 'EAGAIN') throw new OutputError(`the output could not be written: ${systemText(error as Error)}`);
      pause();
    }
  }
}

/** A pipe that somebody set to non-blocking is full: there is nothing to do until it is not. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
}

/** To standard output, at once. */
export function print(text: string): void {
  writeText(STDOUT, text);
}

/** Standard error: what is worth telling besides the result. If nobody hears it, nothing can be done. */
export function say(text: string): void {
  sayRaw(`${text}\n`);
}

/** The same, with whatever newlines the text has. */
export function sayRaw(text: string): void {
  try {
    writeText(STDERR, escapeRest(text));
  } catch (error) {
    if (!(error instanceof PipeClosed || error instanceof OutputError)) throw error;
  }
}

/** node:tty brings streams and sockets along, 5 ms of the start: it is asked where there may be a terminal. */
function isTerminalAt(descriptor: number): boolean {
  try {
    if (process.platform !== 'win32' && !mayBeTerminal(descriptor)) return false;
  } catch {
    return false;
  }
  return process.getBuiltinModule('node:tty').isatty(descriptor);
}

function mayBeTerminal(descriptor: number): boolean {
  const file = fstatSync(descriptor);
  return file.isCharacterDevice() && file.rdev !== statSync(devNull).rdev;
}

export const isTerminal = {
  stdin: () => isTerminalAt(STDIN),
  stdout: () => isTerminalAt(STDOUT),
  stderr: () => isTerminalAt(STDERR),
} as const;

export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'cyan';
export type Paint = (style: Style, text: string) => string;

/** Colours for a stream: on a terminal unless NO_COLOR says no, or wherever FORCE_COLOR says yes. */
export function painter(stream: 'stdout' | 'stderr'): Paint {
  const { FORCE_COLOR: force, NO_COLOR: no } = process.env;
  const coloured = force === undefined || force === '' ? !no && isTerminal[stream]() : force !== '0';
  return (style, text) => (coloured ? styleText(style, text, { validateStream: false }) : text);
}
