import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { Readable } from 'node:stream';
import { tell } from '../../node/cli/errors.ts';
import { createProgram } from '../../node/cli/program.ts';
import { answer } from './core.ts';

/*
 * The command line many times in one process: a Node that nodes.ts starts. What each run prints is sent and not printed.
 */

/** What is wanted. */
export type Job = CommandJob | LibraryJob;

export interface CommandJob {
  readonly args: readonly string[];
  /** The file that comes through the pipe; null: none does. */
  readonly stdin: string | null;
}

/** The file through the library; see core.ts for `least`. */
export interface LibraryJob {
  readonly file: string;
  readonly least: number;
}

export interface Ended {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

const STDOUT = 1;
const STDERR = 2;

const printed: Readonly<Record<number, Buffer[]>> = { [STDOUT]: [], [STDERR]: [] };
const { writeSync } = fs;

/** As writeSync(), but for the two descriptors. */
function write(descriptor: number, bytes: Uint8Array, at = 0): number {
  const kept = printed[descriptor];
  if (kept === undefined) return writeSync(descriptor, bytes, at);
  kept.push(Buffer.from(bytes.subarray(at)));
  return bytes.length - at;
}

function textOf(descriptor: number): string {
  return Buffer.concat(printed[descriptor]?.splice(0) ?? []).toString();
}

/** Standard input, begun when it is first wanted. */
function pipe(file: string): void {
  let stdin: Readable | null = null;
  const get = (): Readable => {
    stdin ??= spawn('cat', [file], { stdio: ['ignore', 'pipe', 'ignore'] }).stdout;
    return stdin;
  };
  Object.defineProperty(process, 'stdin', { get, configurable: true });
}

/** As node/cli/main.ts does. */
async function run({ args, stdin }: CommandJob): Promise<Ended> {
  if (stdin !== null) pipe(stdin);
  let exit = 0;
  const program = createProgram(
    '',
    async (command, typed) => {
      exit = await command.run(...(typed as never[]));
    },
    args[0],
  );
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    const told = tell(error, args);
    exit = told.exit;
    printed[STDERR]?.push(Buffer.from(told.text));
  }
  return { exit, stdout: textOf(STDOUT), stderr: textOf(STDERR) };
}

const ask = ({ file, least }: LibraryJob): Ended => ({
  exit: 0,
  stdout: answer(new Uint8Array(fs.readFileSync(file)), least),
  stderr: '',
});

Object.assign(fs, { writeSync: write });
syncBuiltinESMExports();
process.on('message', async (job: Job) => process.send?.('file' in job ? ask(job) : await run(job)));
