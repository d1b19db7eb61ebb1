import childProcess, { type ChildProcess } from 'node:child_process';
import fs, { appendFileSync, closeSync, createReadStream, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';
import workers, { type WorkerOptions } from 'node:worker_threads';
import { COMMANDS, type Folder, folderFor, HERE, type Typed } from './commands.ts';
import { type Fault, faultText, shim, shimProcesses } from './shim.ts';
import type { Ended, Job } from './trial.ts';

/*
 * Runs the command line again and again in one process, each time from its first line on, with a fault of the system:
 * program.js BUNDLE JOBS ENDS, a job as JSON in each line. How each ended is written to ENDS as soon as it is known. A run is
 * over where its process would end: when nothing is left to wait for. Where it ends its process itself (process.exit),
 * this process ends too, and the rest of the jobs is for another one.
 */
const [, , bundle = '', jobsFile = '', ends = ''] = process.argv;
const jobs = readFileSync(jobsFile, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Job);

const STDIN = 0;
const STDOUT = 1;
const PRELOAD = new URL('./preload.js', import.meta.url).href;
const { spawn, execFileSync } = childProcess;
const NONE: Fault = { call: -1, code: '', stays: false };
const LEAVE = process.exit.bind(process);

const run = new Script(readFileSync(bundle, 'latin1'), { filename: bundle }).runInThisContext() as (
  ...args: unknown[]
) => void;
const printed = { stdout: '', stderr: '' };
const system = shim(fs, {
  printed: (descriptor, bytes) => {
    printed[descriptor === STDOUT ? 'stdout' : 'stderr'] += Buffer.from(bytes).toString();
  },
});
shimProcesses(childProcess, system);
const { Worker } = workers;
Object.assign(workers, {
  Worker: class extends Worker {
    constructor(file: URL, options: WorkerOptions) {
      const error = system.attempt('thread', file.pathname.split('/').at(-1));
      if (error !== null) {
        const message = `Worker initialization failure: ${(error as NodeJS.ErrnoException).code}`;
        throw Object.assign(new Error(message), { code: 'ERR_WORKER_INIT_FAILED' });
      }
      super(file, { ...options, execArgv: ['--import', PRELOAD] });
    }
  },
});

/** Listeners of a run go with it. */
const EVENTS = ['exit', 'SIGINT', 'SIGTERM', 'SIGHUP', 'uncaughtException'] as const;
const ours = new Map(EVENTS.map((event) => [event, process.listeners(event as 'exit')]));

interface Running {
  readonly job: Job;
  readonly folder: Folder;
  /** Writes into a pipe. */
  readonly writer: ChildProcess | null;
}
let running: Running | null = null;

function begin(job: Job): void {
  const typed = COMMANDS.find(({ name }) => name === job.name) as Typed;
  const folder = folderFor(typed);
  running = { job, folder, writer: typed.pipe === undefined ? null : writerInto(folder, typed.pipe) };
  closeSync(STDIN);
  openSync(typed.stdin === undefined ? '/dev/null' : folder.at(typed.stdin), 'r');
  Object.defineProperty(process, 'stdin', {
    configurable: true,
    get: () => createReadStream('', { fd: STDIN, autoClose: false }),
  });
  printed.stdout = '';
  printed.stderr = '';
  process.exitCode = undefined;
  process.env.TMPDIR = folder.at('tmp');
  process.env.HOME = folder.path;
  process.env.THREAD_FAULT = job.isThread ? faultText(job.fault) : '';
  process.argv.splice(2, process.argv.length, ...typed.args(folder.at));
  system.begin(job.isThread ? NONE : job.fault);
  run(createRequire(bundle), { exports: {} }, {}, bundle, dirname(bundle));
}

function writerInto(folder: Folder, pipe: string): ChildProcess {
  execFileSync('mkfifo', [folder.at(pipe)]);
  const writer = spawn('cp', [folder.at('in.pcap'), folder.at(pipe)], { stdio: 'ignore' });
  writer.unref();
  return writer;
}

function end(): void {
  if (running === null) return;
  const { job, folder, writer } = running;
  running = null;
  writer?.kill();
  for (const event of EVENTS) {
    for (const listener of process.listeners(event as 'exit')) {
      if (ours.get(event)?.includes(listener)) continue;
      if (event === 'exit') listener.call(process, Number(process.exitCode ?? 0));
      process.off(event, listener);
    }
  }
  const calls = callsOf(job, folder.path);
  system.begin(NONE);
  const ended: Ended = {
    ...{ job, status: Number(process.exitCode ?? 0), outputs: folder.outputs(), left: folder.left() },
    stdout: printed.stdout.replaceAll(folder.path, HERE),
    stderr: printed.stderr.replaceAll(folder.path, HERE),
    calls,
  };
  folder.remove();
  appendFileSync(ends, `${JSON.stringify(ended)}\n`);
}

/** All calls where none was to fail, else the one that did. */
function callsOf({ fault: { call }, isThread }: Job, path: string): readonly string[] {
  const calls = isThread ? [] : system.calls;
  const some = call < 0 ? calls : calls.slice(call, call + 1);
  return some.map((each) => each.replaceAll(path, HERE));
}

function next(): void {
  const job = jobs.shift();
  if (job !== undefined) setImmediate(begin, job);
}

process.exit = (code) => {
  process.exitCode = code ?? process.exitCode;
  end();
  process.exitCode = 0;
  return LEAVE();
};
process.on('beforeExit', () => {
  end();
  process.exitCode = 0;
  next();
});
next();
