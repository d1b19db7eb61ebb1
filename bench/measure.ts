import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

/** What a whole process cost, its start included. */
export interface Cost {
  /** CPU seconds of all threads, user and system. */
  readonly cpu: number;
  readonly wall: number;
  readonly peakMb: number;
  /** What it printed. */
  readonly output: string;
}

/** A process that ended otherwise than well; the message is what it said. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}

/** A shell's settings that lengthen every start of Node by tens of milliseconds are not ours. */
const ENVIRONMENT = { ...process.env };
delete ENVIRONMENT.NODE_EXTRA_CA_CERTS;
delete ENVIRONMENT.NODE_OPTIONS;

/** Runs a command, alone, to its end. */
export async function measure({ program, args }: Command): Promise<Cost> {
  const before = childrenCpu();
  const began = performance.now();
  const child = spawn(program, args, { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] });
  const peak = watchPeak(child);
  const [output, complaint, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  const wall = (performance.now() - began) / 1000;
  const cpu = childrenCpu() - before;
  if (status !== 0) throw new CommandFailed(oneLine(complaint) || `${program} ended with ${String(status)}`);
  return { cpu, wall, peakMb: peak(), output };
}

const oneLine = (text: string): string => text.trim().replaceAll(/\s*\n\s*/g, '; ');

const EVERY_MS = 5;

/**
 * The largest resident set so far. Linux keeps it (VmHWM), but only while the process lives; what rusage says of a
 * process that has ended includes ours, from before the exec.
 */
function watchPeak(child: ChildProcess): () => number {
  let peakKb = 0;
  const look = (): void => {
    peakKb = Math.max(peakKb, residentKb(child.pid));
  };
  look();
  const timer = setInterval(look, EVERY_MS);
  child.once('exit', () => clearInterval(timer));
  return () => (peakKb * 1024) / 1e6;
}

function residentKb(pid: number | undefined): number {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0; // it has ended
  }
}

/** <sys/resource.h> */
const RUSAGE_CHILDREN = -1;
const RUSAGE_BYTES = 144;

const koffi = createRequire(import.meta.url)('koffi') as {
  load(path: null): { func(prototype: string): (...args: readonly unknown[]) => number };
};
const getrusage = koffi.load(null).func('int getrusage(int who, void *usage)');

/** CPU seconds of all children that have ended: Node itself tells only its own. */
function childrenCpu(): number {
  const usage = new DataView(new ArrayBuffer(RUSAGE_BYTES));
  getrusage(RUSAGE_CHILDREN, usage);
  const timeval = (at: number): number => usage.getInt32(at, true) + usage.getInt32(at + 8, true) / 1e6;
  return timeval(0) + timeval(16);
}
