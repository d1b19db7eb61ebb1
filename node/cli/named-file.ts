import { readFileSync } from 'node:fs';
import { encodeUtf8 } from '../../src/lang/index.ts';
import { type WriteOptions, writeAtomically } from '../write.ts';
import { decoded, warnOfCarriageReturns } from './decode.ts';
import { FailedError, fileProblem } from './errors.ts';
import { readStdin } from './stdin.ts';
import { waiting } from './waiting.ts';

/** Files that the command line names, and what a user is told where one of them cannot be read or written. */

/** FailedError, or CommandLineError where the file is all that a command has. */
type Failure = new (message: string) => Error;

/** A whole file as text; `-` is standard input. */
export function readText(path: string, failure: Failure = FailedError): string {
  return read(() => readBytes(path), path, failure);
}

/** A file, where `-` is standard input. */
export function readBytes(file: string): Buffer {
  return file === '-' ? readStdin() : waiting(file, () => readFileSync(file));
}

/** A script of tc commands; `-` is standard input. */
export function readCommands(file: string, failure: Failure = FailedError): string {
  const text = readText(file, failure);
  warnOfCarriageReturns(text, file);
  return text;
}

function read(bytes: () => Uint8Array, name: string, failure: Failure): string {
  try {
    return decoded(bytes(), name);
  } catch (error) {
    throw readFailure(error, name, failure);
  }
}

/** The whole text, or the file as it was. */
export async function writeText(path: string, text: string, options: WriteOptions = {}): Promise<void> {
  await writeAtomically(path, (sink) => sink(encodeUtf8(text)), options);
}

/** What is said of a file that could not be read; another error stays what it is. */
export function readFailure(error: unknown, name: string, failure: Failure = FailedError): unknown {
  const problem = fileProblem(error);
  return problem === null ? error : new failure(`${name === '-' ? 'standard input' : name}: ${problem.message}`);
}
