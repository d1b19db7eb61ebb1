import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectPath } from '../fuzz/corpus.ts';
import type { Ended, Job } from './one-process.ts';

const CHILD = fileURLToPath(new URL('./one-process.js', import.meta.url));
/** No run takes so long: 64 MiB of what only the plain engine knows are done in seconds. */
const PATIENCE_MS = 300_000;

/** Other majors than the one that works here. */
const MAJORS = [20, 22, 24];

/** One Node that runs job after job in one process. */
export class Runner {
  readonly name: string;
  private readonly child: ChildProcess;
  private last: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.name = `Node ${execFileSync(path, ['--version'], { encoding: 'utf8' }).trim().slice(1)}`;
    this.child = fork(CHILD, { execPath: path, execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.child.setMaxListeners(0);
  }

  run(job: Job): Promise<Ended> {
    const ended = this.last.then(() => this.now(job));
    this.last = ended.catch(() => {});
    return ended;
  }

  private now(job: Job): Promise<Ended> {
    const { child, name } = this;
    return new Promise((resolve, reject) => {
      const over = (code: unknown): void => reject(new Error(`${name} ended (${code}) at ${JSON.stringify(job)}`));
      const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      child.once('exit', over);
      child.once('message', (ended) => {
        clearTimeout(patience);
        child.off('exit', over);
        resolve(ended as Ended);
      });
      if (child.exitCode !== null || !child.connected) over(child.exitCode);
      else child.send(job);
    });
  }

  stop(): void {
    this.child.kill();
  }
}

export interface Nodes {
  readonly paths: readonly string[];
  /** Those that are not there, and the line that brings them; null: all are. */
  readonly missing: string | null;
}

/** This Node and those that NODES names; `all`: also the other majors, which npm has as packages. */
export function nodesHere(all: boolean): Nodes {
  const { NODES } = process.env;
  if (NODES !== undefined) return { paths: [process.execPath, ...NODES.split(',')], missing: null };
  if (!all) return { paths: [process.execPath], missing: null };
  const majors = MAJORS.filter((major) => !process.versions.node.startsWith(`${major}.`));
  const folder = projectPath('.cache/nodes');
  const paths = majors.map((major) => join(folder, `node_modules/n${major}/bin/node`));
  if (!paths.every((path) => existsSync(path))) install(folder, majors);
  const there = paths.filter((path) => existsSync(path));
  const missing = there.length === paths.length ? null : `without Node ${majors.join(', ')}: ${lineOf(majors)}`;
  return { paths: [process.execPath, ...there], missing };
}

const packageOf = (major: number): string => `n${major}@npm:node-${process.platform}-${process.arch}@${major}`;
const lineOf = (majors: readonly number[]): string =>
  `npm install --prefix .cache/nodes --ignore-scripts ${majors.map(packageOf).join(' ')}`;

/** Where the registry cannot be reached, the others are left out. */
function install(folder: string, majors: readonly number[]): void {
  const options = ['--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund'];
  try {
    execFileSync('npm', ['install', ...options, ...majors.map(packageOf)], { stdio: 'ignore' });
  } catch {
    return;
  }
}
