import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectPath } from '../fuzz/corpus.ts';
import { COMMANDS, isOld } from './commands.ts';
import { type Fault, faultText } from './shim.ts';

/** A command that is run in a system that refuses something. */
export interface Job {
  /** Of one of COMMANDS. */
  readonly name: string;
  readonly fault: Fault;
  /** The fault is one of the command's threads. */
  readonly isThread: boolean;
}

/** How it ended. Names of files are those in its folder. */
export interface Ended {
  readonly job: Job;
  /** null: it did not end by itself. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What its outputs hold. */
  readonly outputs: readonly string[];
  /** Temporary files and locks that are there still. */
  readonly left: readonly string[];
  /** All calls of a run without a fault, else the one that failed; none: it did not come to that. */
  readonly calls: readonly string[];
}

const PROGRAM = projectPath('dist/test/errno/program.js');
const BUNDLE = projectPath('dist/node/cli/bundle.cjs');
/** No job takes a second. */
const PATIENCE_MS = 30_000;
const NO_FAULT: Fault = { call: -1, code: '', stays: false };

/** Runs jobs, several processes at a time. */
export async function runJobs(jobs: readonly Job[], processes: number, onEnd: (ended: Ended) => void): Promise<void> {
  const share = Math.ceil(jobs.length / processes);
  const shares = Array.from({ length: processes }, (_, i) => jobs.slice(i * share, (i + 1) * share));
  await Promise.all(shares.map((some) => runInTurn(some, onEnd)));
}

/** A process may end with one of its jobs: another one goes on. */
async function runInTurn(jobs: readonly Job[], onEnd: (ended: Ended) => void): Promise<void> {
  for (let at = 0; at < jobs.length; ) {
    const rest = jobs.slice(at);
    const ended = await runSome(rest);
    for (const each of ended) onEnd(each);
    at += ended.length;
    const lost = rest[ended.length];
    if (lost === undefined || ended.length > 0) continue;
    onEnd({ job: lost, status: null, stdout: '', stderr: '', outputs: [], left: [], calls: [] });
    at++;
  }
}

async function runSome(jobs: readonly Job[]): Promise<readonly Ended[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cls-flow-jobs-'));
  const [list, ends] = [join(folder, 'jobs'), join(folder, 'ends')];
  writeFileSync(list, jobs.map((job) => `${JSON.stringify(job)}\n`).join(''));
  writeFileSync(ends, '');
  const { NO_COLOR: _, FORCE_COLOR: __, ...env } = process.env;
  const child = spawn(process.execPath, [PROGRAM, BUNDLE, list, ends], { stdio: 'ignore', env });
  await overOrStuck(child, ends);
  const lines = readFileSync(ends, 'utf8').split('\n').slice(0, -1);
  rmSync(folder, { recursive: true });
  return lines.map((line) => JSON.parse(line) as Ended);
}

/** One that no longer comes to an end of anything is ended. */
function overOrStuck(child: ChildProcess, ends: string): Promise<void> {
  let seen = '';
  const watch = setInterval(() => {
    const now = readFileSync(ends, 'latin1');
    if (now === seen) child.kill('SIGKILL');
    seen = now;
  }, PATIENCE_MS);
  return new Promise((resolve) => {
    child.once('exit', () => {
      clearInterval(watch);
      resolve();
    });
  });
}

/** What is tried of each command: with these errors, each at each of its calls. */
export function jobsFor(sound: Ended, codes: readonly string[]): Job[] {
  const { name } = sound.job;
  const at = (call: number, code: string, more: Partial<Job & Fault>): Job => ({
    name,
    fault: { call, code, stays: more.stays ?? false },
    isThread: more.isThread ?? false,
  });
  const each = (calls: number, some: readonly string[], more: Partial<Job & Fault> = {}): Job[] =>
    Array.from({ length: calls }, (_, call) => some.map((code) => at(call, code, more))).flat();
  const hasThreads = COMMANDS.some((typed) => typed.name === name && typed.threads);
  return [
    ...each(sound.calls.length, codes),
    ...each(sound.calls.length, STAYING, { stays: true }),
    ...(hasThreads ? each(THREAD_CALLS, codes, { isThread: true }) : []),
  ];
}

/** How each command ends where nothing is refused. */
export async function soundRuns(processes: number): Promise<ReadonlyMap<string, Ended>> {
  const sound = new Map<string, Ended>();
  const jobs = COMMANDS.map(({ name }): Job => ({ name, fault: NO_FAULT, isThread: false }));
  await runJobs(jobs, processes, (ended) => sound.set(ended.job.name, ended));
  return sound;
}

/** Errors that do not go away by themselves. */
const STAYING = ['ENOSPC', 'EIO', 'EMFILE', 'EACCES'];
/** More than a thread makes. */
const THREAD_CALLS = 12;

const STACK = /internal error|^\s+at |said the system|Error:|\bE[A-Z0-9]{3,}\b/m;
/** A file, or what else a line is about. */
const PLACES = /HERE|: sh: |standard input|the output could not be|home directory|no thread can be/;
const LINES_MAX = 8;

/** Why it is wrong that a command ended so; null: it is not. */
export function faultOfEnd(ended: Ended, sound: Ended): string | null {
  const { job, status, stdout, stderr, outputs, left } = ended;
  const [call = ''] = ended.calls;
  const what = `${job.name}, ${faultText(job.fault)}${job.isThread ? ' in a thread' : ''}, ${call}`;
  const wrong = (why: string): string => `${what}: ${why}\n  exit ${status}: ${stderr.trimEnd()}`;
  const isPrinting = /^(writeSync|closeSync) [12]$/.test(call);
  if (status === null) return wrong('did not end by itself');
  if (![0, 1, 2].includes(status)) return wrong('an exit code that it never has');
  if (STACK.test(stderr.replaceAll(/HERE\S*/g, ''))) return wrong('words that are none of ours');
  const lines = stderr.split('\n').filter((line) => line !== '' && !sound.stderr.includes(line));
  if (lines.length > LINES_MAX) return wrong('more than a few lines');
  for (const [index, output] of outputs.entries()) {
    if (output !== sound.outputs[index] && !isOld(output)) return wrong('half an output');
    if (isOld(output) && !isOld(sound.outputs[index] ?? '') && status === sound.status)
      return wrong('an output not written, in silence');
  }
  if (status !== sound.status && !isPrinting && !lines.some((line) => PLACES.test(line)))
    return wrong('no line that names a file');
  if (status === sound.status && !isPrinting && lines.length === 0 && stdout !== sound.stdout) {
    return wrong(`another result, in silence: ${stdout}`);
  }
  if (left.length > 0 && !/unlink|^rm/.test(call)) return wrong(`left behind: ${left.join(' ')}`);
  return null;
}
