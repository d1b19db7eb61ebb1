import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { constants as osConstants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { counted, encodeUtf8, escapeText } from '../../src/lang/index.ts';
import { ownerOf, ownName } from '../owner.ts';
import { errorCode } from '../system.ts';
import { systemText } from '../system-errors.ts';
import { WriteError, writeAtomically } from '../write.ts';
import type { RecordFlags } from './commands/record.ts';
import { CommandLineError, FailedError } from './errors.ts';
import { limitsOf } from './limits.ts';
import { isTerminal, say, sayRaw } from './output.ts';
import { checkOutputs } from './outputs.ts';
import { readBytes } from './reading.ts';
import { escapes } from './record/escapes.ts';
import { ELEVATOR, ELEVATORS, standIn, TOOLS } from './record/stand-in.ts';
import { readLog, transcript } from './record/transcript.ts';
import { Output } from './result.ts';

const FAILED = 1;
/** A file larger than this is no script that anybody wrote. */
const SCRIPT_MAX = 1 << 20;
const ESCAPES_TOLD = 5;

/** `cls-flow record -- COMMAND`: runs it among stand-ins, and writes what it asked of tc. Returns the exit code. */
export async function record(command: readonly string[], flags: RecordFlags): Promise<number> {
  checkRunnable(command);
  checkOutputs([flags.output], command);
  const how = { isolated: canUnshare(), most: limitsOf(flags).text };
  tellBefore(command, how.isolated);
  if (flags.yes !== true && isTerminal.stdin() && isTerminal.stderr() && !(await agreed())) {
    say('cls-flow: not run');
    return FAILED;
  }
  const { output } = flags;
  if (output === undefined) return run(command, how, printed);
  // Opened before the script is run: it would be run in vain.
  return writeAtomically(output, (sink) => run(command, how, (text) => sink(encodeUtf8(text))));
}

function printed(text: string): void {
  const output = new Output();
  output.write(text);
  output.flush();
}

interface How {
  /** In namespaces of its own. */
  readonly isolated: boolean;
  /** Bytes of what the stand-ins write down. */
  readonly most: number;
}

/** Runs the command, and gives the batch file to `write`. Returns the exit code. */
async function run(command: readonly string[], how: How, write: (text: string) => void): Promise<number> {
  const { log, status } = await runAmongStandIns(command, how);
  const { text, commands, elsewhere, unwritable } = transcript(readLog(log), command.join(' '));
  say(`cls-flow: ${status.text}; ${counted(commands, 'tc command')} recorded`);
  if (elsewhere > 0) say(`cls-flow: ${counted(elsewhere, 'tc command')} of other network namespaces are comments only`);
  if (unwritable > 0)
    say(`cls-flow: ${counted(unwritable, 'tc command')} cannot stand in a batch file and are comments only`);
  tellEscapes(command);
  write(text);
  return status.failed ? FAILED : 0;
}

function tellBefore(command: readonly string[], isolated: boolean): void {
  say(`cls-flow: runs ${escapeText(command.join(' '))}`);
  say('cls-flow: tc, ip, iptables, nft, ipset and modprobe are written down only; all else it does is really done');
  if (!isolated) say('cls-flow: no "unshare -rn" here: a tool that escapes the stand-ins would act on this host');
}

/** Without readline's own keys, so that Ctrl-C ends us as ever; the end of the input is a no. */
async function agreed(): Promise<boolean> {
  sayRaw('Run it? [y/N] ');
  const asking = createInterface({ input: process.stdin, terminal: false });
  const answer = await new Promise<string>((resolve) => {
    asking.once('line', resolve).once('close', () => resolve(''));
  });
  asking.close();
  return /^y(es)?$/i.test(answer.trim());
}

/** The likeliest mistake, told in words instead of an errno. */
function checkRunnable([file = '']: readonly string[]): void {
  if (!file.includes('/')) return;
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) throw new FailedError(`${file}: no such file`);
  try {
    accessSync(file, constants.X_OK);
  } catch {
    throw new CommandLineError(`${file}: not executable`, null, `try: cls-flow record -- sh ${file}`);
  }
}

/** A user and a network namespace of its own: root by name, and no device but lo. */
function canUnshare(): boolean {
  return spawnSync('unshare', ['-rn', 'true'], { stdio: 'ignore' }).status === 0;
}

interface Ended {
  readonly log: string;
  readonly status: Status;
}

interface Status {
  readonly text: string;
  readonly failed: boolean;
}

/** Nothing outlives this: the folder goes, and with it every process of the script's group. */
async function runAmongStandIns(command: readonly string[], { isolated, most }: How): Promise<Ended> {
  sweep(tmpdir());
  const folder = folderIn(tmpdir());
  let child: ChildProcess | null = null;
  const clean = (): void => {
    if (child !== null) killGroup(child);
    quietly(() => rmSync(folder, { recursive: true, force: true }));
  };
  process.once('exit', clean);
  try {
    const log = join(folder, 'log');
    writeStandIns(folder, log);
    child = start(command, folder, isolated);
    const status = await ended(child, command);
    killGroup(child);
    return { log: readBytes(log, most).toString('utf8'), status };
  } finally {
    clean();
    process.off('exit', clean);
  }
}

const MARK = 'cls-flow-record-';

function folderIn(temporary: string): string {
  try {
    return mkdtempSync(join(temporary, `${MARK}${ownName()}-`));
  } catch (error) {
    if (errorCode(error) === null) throw error;
    throw new FailedError(`${temporary}: ${systemText(error as Error)}`);
  }
}

/** Removes the folders of runs that were killed; those whose script still writes there are the next run's. */
function sweep(temporary: string): void {
  for (const name of entriesOf(temporary)) {
    const owner = name.startsWith(MARK) ? ownerOf(name.slice(MARK.length).replace(/-\w+$/, '')) : null;
    if (owner?.isGone) quietly(() => sweepOne(join(temporary, name)));
  }
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function sweepOne(folder: string): void {
  const about = lstatSync(folder, { throwIfNoEntry: false });
  const isOwn = about?.isDirectory() && about.uid === (process.geteuid?.() ?? about.uid);
  if (isOwn) rmSync(folder, { recursive: true, force: true });
}

function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // The next run tries again.
  }
}

/** Throws WriteError: an error of write(2) names no file. */
function writeStandIns(folder: string, log: string): void {
  const put = (name: string, text: string): void => writeFileSync(join(folder, name), text, { mode: 0o755 });
  try {
    writeFileSync(log, '');
    for (const tool of TOOLS) put(tool, standIn(log));
    for (const tool of ELEVATORS) put(tool, ELEVATOR);
  } catch (error) {
    throw errorCode(error) === null ? error : new WriteError(folder, error as Error, 'none');
  }
}

/**
 * In a group of its own, so that all of it can be ended. Such a group may not read a terminal; standard output is for
 * the record.
 */
function start(command: readonly string[], folder: string, isolated: boolean): ChildProcess {
  const [file = '', ...args] = isolated ? ['unshare', '-rn', '--', ...command] : command;
  return spawn(file, args, {
    detached: true,
    stdio: [isTerminal.stdin() ? 'ignore' : 'inherit', 2, 2],
    env: { ...process.env, PATH: `${folder}:${process.env.PATH ?? ''}`, CLS_FLOW_NETNS: '' },
  });
}

function ended(child: ChildProcess, [file = '']: readonly string[]): Promise<Status> {
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(new FailedError(`${file}: ${error.code === 'ENOENT' ? 'no such command' : systemText(error)}`));
    });
    child.once('exit', (code, signal) => {
      const text = signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
      resolve({ text, failed: code !== 0 });
    });
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, osConstants.signals.SIGKILL);
  } catch (error) {
    // All of it has ended by itself; macOS says EPERM while it is not yet buried.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Looks at what can be read of the command: the script, and scripts among its arguments. */
function tellEscapes(command: readonly string[]): void {
  for (const file of command) {
    const found = escapes(scriptText(file));
    for (const { line, what } of found.slice(0, ESCAPES_TOLD)) {
      say(`${escapeText(file)}:${line}: not recorded: ${escapeText(what)}`);
    }
    if (found.length > ESCAPES_TOLD) say(`${escapeText(file)}: not recorded: ${found.length - ESCAPES_TOLD} more`);
  }
}

/** '': it is no script, or cannot be read. */
function scriptText(file: string): string {
  let text = '';
  quietly(() => {
    const about = statSync(file, { throwIfNoEntry: false });
    if (about?.isFile() === true && about.size <= SCRIPT_MAX) text = readFileSync(file, 'utf8');
  });
  return text.includes('\0') ? '' : text;
}
