import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { projectPath } from '../fuzz/corpus.ts';
import { COMMANDS, type Folder, folderFor, isOld, LARGE_EXPORT, type Typed } from './commands.ts';

/** Commands that write files, ended while they do. */

const START = projectPath('dist/node/cli/start.cjs');
const PRELOAD = pathToFileURL(projectPath('dist/test/errno/preload.js')).href;
const PATIENCE_MS = 120_000;

/** All of them. */
export const WRITERS: readonly Typed[] = [...COMMANDS.filter(({ outputs = [] }) => outputs.length > 0), LARGE_EXPORT];

/** When a process is ended, and by what: at one of its calls of the system by itself, or from outside after some time. */
export interface Ending {
  readonly signal: 'SIGKILL' | 'SIGTERM' | 'SIGHUP' | 'SIGINT';
  readonly call?: number;
  readonly after?: number;
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly milliseconds: number;
}

/** How a command ends by itself. */
export interface Sound extends Ended {
  readonly outputs: readonly string[];
  /** How many calls it makes of the system. */
  readonly calls: number;
}

function run(typed: Typed, folder: Folder, ending: Ending | null, env: Record<string, string> = {}): Promise<Ended> {
  const began = performance.now();
  const preload = ending?.call === undefined ? [] : ['--import', PRELOAD];
  const child = spawn(process.execPath, [...preload, START, ...typed.args(folder.at)], {
    stdio: 'ignore',
    env: { PATH: process.env.PATH, HOME: folder.path, TMPDIR: folder.at('tmp'), ...env },
  });
  const timers = [setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)];
  if (ending?.after !== undefined) timers.push(setTimeout(() => child.kill(ending.signal), ending.after));
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      for (const timer of timers) clearTimeout(timer);
      resolve({ code, signal, milliseconds: performance.now() - began });
    });
  });
}

export async function soundRun(typed: Typed, countCalls: (log: string) => number): Promise<Sound> {
  const folder = folderFor(typed);
  const log = folder.at('calls');
  const ended = await run(typed, folder, { signal: 'SIGKILL', call: -1 }, { CALLS: log });
  const sound = { ...ended, outputs: folder.outputs(), calls: countCalls(log) };
  folder.remove();
  return sound;
}

/** What is wrong after a run that was ended so, and after the next; nothing: an empty list. */
export async function afterEnding(typed: Typed, ending: Ending, sound: Sound): Promise<readonly string[]> {
  const folder = folderFor(typed);
  const env = ending.call === undefined ? {} : { FAULT: `${ending.call}:SIGKILL` };
  const ended = await run(typed, folder, ending, env);
  const wrong = [...wrongEnd(ended, ending, sound), ...halfFiles(folder, sound)];
  if (ending.signal !== 'SIGKILL' && ended.signal === null) wrong.push(...leftovers(folder));
  const next = await run(typed, folder, null);
  if (next.code !== sound.code) wrong.push(`the next run ended with ${next.code}`);
  if (folder.outputs().some((output, i) => output !== sound.outputs[i]))
    wrong.push('the next run wrote something else');
  wrong.push(...leftovers(folder).map((text) => `after the next run: ${text}`));
  folder.remove();
  const how = ending.call === undefined ? `after ${Math.round(ending.after ?? 0)} ms` : `at call ${ending.call}`;
  return wrong.map((text) => `${typed.name}, ${ending.signal} ${how}: ${text}`);
}

const SIGNALLED: Readonly<Record<Ending['signal'], number>> = { SIGKILL: 137, SIGTERM: 143, SIGHUP: 129, SIGINT: 130 };

/** By itself, by the signal before anybody listens, or with the signal's exit code. */
function wrongEnd({ code, signal }: Ended, ending: Ending, sound: Sound): string[] {
  const isRight = signal === ending.signal || code === sound.code || code === SIGNALLED[ending.signal];
  return isRight ? [] : [`ended with ${code ?? signal}`];
}

function halfFiles(folder: Folder, sound: Sound): string[] {
  return folder
    .outputs()
    .flatMap((output, i) =>
      isOld(output) || output === sound.outputs[i] ? [] : [`output ${i} is neither old nor new`],
    );
}

function leftovers(folder: Folder): string[] {
  const left = folder.left();
  return left.length === 0 ? [] : [`left behind: ${left.join(' ')}`];
}
