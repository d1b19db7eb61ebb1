import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export { pcap } from '../captures.ts';

/** `npm run coverage`: where the processes leave which code they ran. The bundle does not tell; its modules do. */
const { CHILD_COVERAGE } = process.env;
const PROGRAM = CHILD_COVERAGE === undefined ? 'start.cjs' : 'main.js';
const MAIN = join(import.meta.dirname, '../../dist/node/cli', PROGRAM);
export const HOUSEHOLD = join(import.meta.dirname, '../../examples/household.pcapng');
const MAX_OUTPUT = 64 << 20;
/** Nothing here takes a second; a test that waits for ever says less than one that fails. */
const PATIENCE_MS = 30_000;

const environment = (extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv => {
  const { NO_COLOR: _, FORCE_COLOR: __, ...rest } = process.env;
  return { ...rest, ...(CHILD_COVERAGE === undefined ? {} : { NODE_V8_COVERAGE: CHILD_COVERAGE }), ...extra };
};

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Around {
  readonly input?: Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  /** A limit, by the shell's `ulimit -v`. */
  readonly addressSpaceKiB?: number;
  /** The folder that it is run in. */
  readonly cwd?: string;
}

/** Runs the built command line to its end. */
export function cli(
  args: readonly string[],
  { input = new Uint8Array(0), env = {}, addressSpaceKiB, cwd }: Around = {},
): Ended {
  const command = [process.execPath, MAIN, ...args];
  const limited = ['sh', '-c', `ulimit -v ${addressSpaceKiB} && exec "$@"`, 'sh', ...command];
  const [program = '', ...rest] = addressSpaceKiB === undefined ? command : limited;
  const { status, stdout, stderr } = spawnSync(program, rest, {
    input,
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT,
    timeout: PATIENCE_MS,
    env: environment(env),
    cwd,
  });
  return { status, stdout, stderr };
}

/** Starts it with pipes to all three streams. */
export function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], { stdio: 'pipe', env: environment({}) });
}

const folder = mkdtempSync(join(tmpdir(), 'cls-flow-'));

/** Writes a file into a folder of this test file's own; returns its path. */
export function file(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
