import { scriptLines } from '../../src/command/index.ts';
import { encodeUtf8 } from '../../src/lang/index.ts';
import { type WriteOptions, writeAtomically } from '../write.ts';
import { decoded, decodedLines, warnOfCarriageReturns } from './decode.ts';
import { FailedError, fileProblem } from './errors.ts';
import { type Limits, tooMany } from './limits.ts';
import { piecesOf, readBytes } from './reading.ts';

/** Files that the command line names, and what a user is told where one of them cannot be read or written. */

/** FailedError, or CommandLineError where the file is all that a command has. */
type Failure = new (message: string) => Error;

/** A whole file as text. */
export function readText(path: string, { text }: Limits, failure: Failure = FailedError): string {
  return named(path, failure, () => decoded(readBytes(path, text), path));
}

/** A script of tc commands; `-` is standard input. */
export function readCommands(file: string, limits: Limits, failure: Failure = FailedError): string {
  const text = readText(file, limits, failure);
  warnOfCarriageReturns(text, file);
  checkCount(text, file, limits);
  return text;
}

/** A command takes two bytes at least: most texts are not read twice. */
function checkCount(text: string, file: string, { commands }: Limits): void {
  if (text.length <= 2 * commands) return;
  let count = 0;
  for (const _ of scriptLines(text)) if (++count > commands) throw tooMany(file, commands, 'lines and commands');
}

/**
 * The lines of a table, which is read as it is asked for. Throws a TooMuchError where more of them than `entries` are not
 * blank.
 */
export function* readLines(path: string, { text, entries }: Limits): Generator<string> {
  let count = 0;
  try {
    for (const line of decodedLines(piecesOf(path), path, text)) {
      if (!BLANK.test(line) && ++count > entries) throw tooMany(path, entries, 'lines');
      yield line;
    }
  } catch (error) {
    throw readFailure(error, path);
  }
}

const BLANK = /^\s*$/;

/** What `read` makes of a file that may not be readable. */
export function named<T>(name: string, failure: Failure, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw readFailure(error, name, failure);
  }
}

/** What is reported of a file that could not be read; another error stays what it is. */
export function readFailure(error: unknown, name: string, failure: Failure = FailedError): unknown {
  const problem = fileProblem(error);
  return problem === null ? error : new failure(`${name === '-' ? 'standard input' : name}: ${problem.message}`);
}

/** The whole text, or the file as it was. */
export async function writeText(path: string, text: string, options: WriteOptions = {}): Promise<void> {
  await writeBytes(path, encodeUtf8(text), options);
}

/** The same of bytes. */
export async function writeBytes(path: string, bytes: Uint8Array, options: WriteOptions = {}): Promise<void> {
  await writeAtomically(path, (sink) => sink(bytes), options);
}
