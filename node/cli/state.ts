import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { environment, QuestionError, readSets, readState, type SavedState } from '../../src/api/index.ts';
import type { EraName } from '../../src/era.ts';
import { type DeviceSpec, Netns, setsOf } from '../../src/kernel/index.ts';
import { escapeText } from '../../src/lang/index.ts';
import type { IpSet } from '../../src/sched/ematch/index.ts';
import { locked } from '../lock.ts';
import { errorCode } from '../system.ts';
import { WriteError } from '../write.ts';
import { CommandLineError, fileProblem } from './errors.ts';
import { setsLines } from './ipset.ts';
import { type Limits, tooLong } from './limits.ts';
import { writeText } from './named-file.ts';
import { asking } from './options.ts';
import { say } from './output.ts';
import { readBytes } from './reading.ts';

/** Where `cls-flow tc` keeps its kernel: CLS_FLOW_STATE, or a file in the user's state directory. */
export function defaultStatePath(env: NodeJS.ProcessEnv = process.env): string {
  if (env.CLS_FLOW_STATE) return env.CLS_FLOW_STATE;
  if (process.platform === 'win32') return path.join(env.LOCALAPPDATA ?? home(), 'cls-flow', 'tc.json');
  return path.join(env.XDG_STATE_HOME || path.join(home(), '.local', 'state'), 'cls-flow', 'tc.json');
}

/** Without HOME the system is asked, which may know no home of this user either. */
function home(): string {
  try {
    return homedir();
  } catch {
    throw new CommandLineError('nobody knows your home directory', null, 'name a state file: --state FILE');
  }
}

const LO: DeviceSpec = { name: 'lo', ifindex: 1 };

/** A kernel, and the text of the file that it comes from; null: there was none. */
export interface State {
  readonly netns: Netns;
  readonly text: string | null;
}

/** The kernel of a state file, or a fresh one with nothing but lo; with the sets of its own and of `--ipset`. */
export function openState(
  file: string,
  limits: Limits,
  era: EraName | undefined,
  ipsets: readonly string[] = [],
): State {
  const text = stateText(file, limits);
  return { netns: kernelOf(text, { file, limits, era, ipsets }), text };
}

/** What a state is read with. */
interface Asked {
  readonly file: string;
  readonly limits: Limits;
  readonly era: EraName | undefined;
  readonly ipsets: readonly string[];
}

function kernelOf(text: string | null, { file, limits, era, ipsets }: Asked): Netns {
  if (text === null) {
    return new Netns({ env: environment(era ?? '6.1'), devices: [LO], sets: setsOfFiles(ipsets, limits) });
  }
  const { saved, env } = parsed(text, file);
  if (era !== undefined && era !== saved.era) {
    throw new CommandLineError(`--era ${era}: ${file} was begun with era ${saved.era}`, null, 'name another --state');
  }
  return Netns.load(saved, env, { sets: setsOfFiles(ipsets, limits, setsOf(saved)) });
}

/** The sets of files, in the place of those of the same name in `kept` or behind them. */
const setsOfFiles = (ipset: readonly string[], limits: Limits, kept: readonly IpSet[] = []): IpSet[] =>
  asking({ ipset }, () => readSets(setsLines(ipset, limits), kept));

/** What the file holds now; null: there is none. */
export function stateText(file: string, { text: most }: Limits): string | null {
  try {
    return readBytes(file, most).toString('utf8');
  } catch (error) {
    if (error instanceof CommandLineError) throw error;
    if (errorCode(error) === 'ENOENT') return null;
    throw new CommandLineError(`--state ${file}: ${fileProblem(error)?.message ?? String(error)}`);
  }
}

function parsed(text: string, file: string): SavedState {
  try {
    const state = readState(JSON.parse(text), 'state');
    setsOf(state.saved);
    return state;
  } catch (error) {
    throw new CommandLineError(
      `${file} is no state of cls-flow tc: ${whyNot(error)}`,
      null,
      'name another --state, or delete it',
    );
  }
}

/** The field is named only where nothing else says what is wrong: the file is the whole state. */
function whyNot(error: unknown): string {
  if (error instanceof QuestionError && error.reason) return error.reason.message;
  return error instanceof Error ? error.message : String(error);
}

/**
 * Saves what `run` makes of the kernel, unless that changed nothing. If another process has written the file since it was
 * read, `run` is done once more on what that wrote, while no other can write: so nothing that anybody did is lost.
 */
export async function keepState<T>(
  file: string,
  limits: Limits,
  open: () => State,
  run: (netns: Netns) => Kept<T>,
): Promise<T> {
  const state = open();
  const first = run(state.netns);
  if (!first.isChanged) return first.result;
  makeFolder(path.dirname(file));
  const again = async (): Promise<T> => {
    const isSame = stateText(file, limits) === state.text;
    const { netns } = isSame ? state : open();
    const kept = isSame ? first : run(netns);
    if (kept.isChanged) await writeText(file, savedText(netns, file, limits));
    return kept.result;
  };
  return locked(file, again, {
    onStale: (lock, pid) =>
      say(`cls-flow: note: ${escapeText(lock)} was left by process ${pid}, which is gone: removed`),
  });
}

/** A state that nobody could read again is not written. */
function savedText(netns: Netns, file: string, { text: most }: Limits): string {
  const text = `${JSON.stringify(netns.save(), null, 1)}\n`;
  if (Buffer.byteLength(text) > most) throw tooLong(file, most);
  return text;
}

export interface Kept<T> {
  readonly result: T;
  readonly isChanged: boolean;
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw errorCode(error) === null ? error : new WriteError(folder, error as Error, 'none');
  }
}
