import { type ChildProcess, type StdioOptions, spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { constants as osConstants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownerOf, ownName } from '../../owner.ts';
import { errorCode } from '../../system.ts';
import { systemText } from '../../system-errors.ts';
import { WriteError } from '../../write.ts';
import { FailedError } from '../errors.ts';
import { isTerminal } from '../output.ts';
import { readBytes } from '../reading.ts';
import { isUserNamespace, stageOf } from './host.ts';
import { FILES, namespaces, setupScript } from './isolation.ts';
import { ELEVATOR, ELEVATORS, standIn, TOOLS } from './stand-in.ts';

export interface Status {
  readonly text: string;
  readonly failed: boolean;
}

/** What a run has left. */
export interface Ended {
  /** Of the stand-ins. */
  readonly log: string;
  readonly status: Status;
  /** What the real tc lists in the namespaces and did not list before; null: nobody could be asked. */
  readonly left: readonly string[] | null;
  /** Folders of the host that the script could not see. */
  readonly missing: readonly string[];
}

/** The namespaces could not be made, and nothing was run. */
export class NotIsolatedError extends FailedError {}

/** Variables that a command is given besides our own. */
export type Environment = Readonly<Record<string, string>>;

/** Runs a command in namespaces of its own, on a copy of the file system. `most`: bytes of the log. Throws NotIsolatedError. */
export function runIsolated(
  command: readonly string[],
  scripts: readonly string[],
  env: Environment,
  most: number,
): Promise<Ended> {
  return withFolder(env, async (folder, begin) => {
    const stage = stageOf(folder, scripts);
    const trouble = written(folder, () => {
      writeFileSync(join(folder, FILES.setup), setupScript(stage));
      return openSync(join(folder, FILES.trouble), 'w');
    });
    const words = [...namespaces(join(folder, FILES.setup), isUserNamespace()), ...command];
    const child = begin(words, stage.path, [stdin(), trouble, trouble, 2]);
    closeSync(trouble);
    const status = await ended(child).catch((error: NodeJS.ErrnoException) => {
      throw new NotIsolatedError(`${words[0]}, of util-linux: ${systemText(error)}`);
    });
    if (linesOf(folder, FILES.ready).length === 0) throw new NotIsolatedError(reasonIn(folder));
    return {
      log: logIn(folder, most),
      status,
      left: stage.tc === null ? null : added(linesOf(folder, FILES.before), linesOf(folder, FILES.after)),
      missing: linesOf(folder, FILES.missing),
    };
  });
}

/** Runs a command among stand-ins in PATH, on this host; where it can be had, without its network. */
export function runUnsafe(command: readonly string[], env: Environment, most: number): Promise<Ended> {
  return withFolder(env, async (folder, begin) => {
    const words = hasOwnNetwork() ? ['unshare', '-rn', '--', ...command] : command;
    const child = begin(words, `${join(folder, FILES.tools)}:${process.env.PATH ?? ''}`, [stdin(), 2, 2]);
    const status = await ended(child).catch((error: NodeJS.ErrnoException) => {
      throw new FailedError(`${command[0]}: ${error.code === 'ENOENT' ? 'no such command' : systemText(error)}`);
    });
    killGroup(child);
    return { log: logIn(folder, most), status, left: null, missing: [] };
  });
}

/** A user and a network namespace of its own: root by name, and no device but lo. */
export function hasOwnNetwork(): boolean {
  return spawnSync('unshare', ['-rn', 'true'], { stdio: 'ignore' }).status === 0;
}

/** A group of processes may not read a terminal that it is not in front of. */
const stdin = (): 'ignore' | 'inherit' => (isTerminal.stdin() ? 'ignore' : 'inherit');

type Begin = (words: readonly string[], path: string, stdio: StdioOptions) => ChildProcess;

/**
 * Nothing outlives this: the folder goes, and with it every process of the group that `begin` started. Standard output is
 * for the record.
 */
async function withFolder<T>(given: Environment, work: (folder: string, begin: Begin) => Promise<T>): Promise<T> {
  sweep(tmpdir());
  const folder = folderIn(tmpdir());
  const children: ChildProcess[] = [];
  const clean = (): void => {
    for (const child of children) killGroup(child);
    quietly(() => rmSync(folder, { recursive: true, force: true }));
  };
  process.once('exit', clean);
  try {
    writeStandIns(folder);
    return await work(folder, ([file = '', ...args], path, stdio) => {
      const env = { ...process.env, ...given, PATH: path, CLS_FLOW_NETNS: '' };
      const child = spawn(file, args, { detached: true, stdio, env });
      children.push(child);
      return child;
    });
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

function writeStandIns(folder: string): void {
  const tools = join(folder, FILES.tools);
  const put = (name: string, text: string): void => writeFileSync(join(tools, name), text, { mode: 0o755 });
  const log = join(folder, FILES.log);
  written(folder, () => {
    mkdirSync(tools);
    writeFileSync(log, '');
    for (const tool of TOOLS) put(tool, standIn(log));
    for (const tool of ELEVATORS) put(tool, ELEVATOR);
  });
}

/** Throws WriteError: an error of write(2) names no file. */
function written<T>(folder: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw errorCode(error) === null ? error : new WriteError(folder, error as Error, 'none');
  }
}

/** Rejects with the system's error where it could not be started. */
function ended(child: ChildProcess): Promise<Status> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
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

const logIn = (folder: string, most: number): string => readBytes(join(folder, FILES.log), most).toString('utf8');

/** [] where there is no such file. */
function linesOf(folder: string, name: string): string[] {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
}

const added = (before: readonly string[], after: readonly string[]): string[] =>
  after.filter((line) => !before.includes(line));

/** The first complaint of the namespaces' programs. */
const reasonIn = (folder: string): string => linesOf(folder, FILES.trouble)[0] ?? 'the namespaces ended at once';
