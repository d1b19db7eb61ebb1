import type childProcess from 'node:child_process';
import { EventEmitter } from 'node:events';
import type fs from 'node:fs';

/*
 * A file system in which one call fails, or a process that is killed there: put over node:fs before the command line is
 * loaded.
 */

/** What becomes of the call of a number: it fails, or the process is gone. */
export interface Fault {
  /** Counted from 0; -1: none. */
  readonly call: number;
  /** `EIO`, or SIGKILL. */
  readonly code: string;
  /** All later calls of the same name fail too: a disk stays full. */
  readonly stays: boolean;
}

/** CALL:CODE[:stays] */
export function faultOf(text: string): Fault {
  const [call = '', code = '', stays] = text.split(':');
  return { call: call === '' ? -1 : Number(call), code, stays: stays !== undefined };
}

export const faultText = ({ call, code, stays }: Fault): string => `${call}:${code}${stays ? ':stays' : ''}`;

type Call = (...args: unknown[]) => unknown;
type FileSystem = Record<string, Call>;

/** Calls with a callback that streams make. */
const STREAMS = ['open', 'read', 'close'];
/** They never fail. */
const SAFE = ['existsSync'];
const OWN = /[/](dist|node_modules)[/]|package\.json$/;
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STREAM_DESCRIPTORS: readonly unknown[] = [STDIN, STDOUT, STDERR];

export interface Shim {
  /** Calls that were made since begin(): `name file`. */
  readonly calls: readonly string[];
  begin(fault: Fault): void;
  /** Counts a call of another kind; what it fails with, if it does. */
  attempt(name: string, what: unknown): Error | null;
}

interface Options {
  /** Takes what is written to standard output and standard error; without it they are written. */
  readonly printed?: (descriptor: number, bytes: Uint8Array) => void;
  /** Calls for the program's own files count too. */
  readonly withOwn?: boolean;
}

export function shim(system: typeof fs, { printed, withOwn = false }: Options = {}): Shim {
  const real: FileSystem = { ...(system as unknown as FileSystem) };
  const patched = system as unknown as FileSystem;
  const own = new Set<unknown>();
  let fault: Fault = { call: -1, code: '', stays: false };
  let calls: string[] = [];
  let broken = '';
  /** Node makes some calls of others of its own. */
  let isInside = false;

  const inside = (work: () => unknown): unknown => {
    isInside = true;
    try {
      return work();
    } finally {
      isInside = false;
    }
  };
  const isOwn = (what: unknown): boolean => !withOwn && (own.has(what) || OWN.test(String(what)));
  const really = (name: string, args: readonly unknown[]): unknown => {
    const [descriptor, bytes, from = 0, size] = args;
    const isPrinting = name === 'writeSync' && (descriptor === STDOUT || descriptor === STDERR);
    if (!isPrinting || printed === undefined) return real[name]?.(...args);
    const piece = (bytes as Uint8Array).subarray(
      Number(from),
      size === undefined ? undefined : Number(from) + Number(size),
    );
    printed(descriptor, piece);
    return piece.length;
  };
  /** Notes the call; what it fails with, if it does. */
  const failure = (name: string, args: readonly unknown[]): Error | null => {
    const isIt = calls.length === fault.call;
    calls.push(`${name} ${args[0]}`);
    if (isIt && fault.code === 'SIGKILL') die(real, name, args);
    if (isIt && fault.stays) broken = name;
    // A disk that stays full does not concern a terminal.
    const isBroken = broken === name && !STREAM_DESCRIPTORS.includes(args[0]);
    return isIt || isBroken ? refusal(name, fault.code, args[0]) : null;
  };
  const wrap = (name: string, call: Call): Call => {
    const isStream = STREAMS.includes(name);
    return Object.assign((...args: unknown[]) => {
      const [what] = args;
      if (isInside || (typeof what !== 'string' && typeof what !== 'number') || isOwn(what)) {
        const result = call(...args);
        if (name === 'openSync') own.add(result);
        if (name === 'closeSync') own.delete(what);
        return result;
      }
      const error = failure(name, args);
      if (error === null) return isStream ? really(name, args) : inside(() => really(name, args));
      if (isForgiven(name, error, args)) return undefined;
      if (!isStream) throw error;
      setImmediate(args.at(-1) as Call, error);
      return undefined;
    }, call);
  };
  for (const [name, call] of Object.entries(real)) {
    if ((name.endsWith('Sync') && !SAFE.includes(name)) || STREAMS.includes(name)) patched[name] = wrap(name, call);
  }
  return {
    get calls() {
      return calls;
    },
    begin(next) {
      fault = next;
      calls = [];
      broken = '';
    },
    attempt: (name, what) => failure(name, [what]),
  };
}

/** The same for the starting of processes. */
export function shimProcesses(system: typeof childProcess, { attempt }: Shim): void {
  const { spawn, spawnSync } = system;
  const patched = system as unknown as FileSystem;
  patched.spawn = (...args) => {
    const error = attempt('spawn', args[0]);
    if (error === null) return (spawn as unknown as Call)(...args);
    const child = new EventEmitter();
    setImmediate(() => child.emit('error', error));
    return child;
  };
  patched.spawnSync = (...args) => {
    const error = attempt('spawnSync', args[0]);
    return error === null ? (spawnSync as unknown as Call)(...args) : { error, status: null, signal: null };
  };
}

/** As a power failure has it: a write may be half done. */
function die(real: FileSystem, name: string, args: readonly unknown[]): void {
  const [descriptor, bytes, from = 0] = args;
  if (name === 'writeSync' && bytes instanceof Uint8Array) {
    real.writeSync?.(descriptor, bytes.subarray(Number(from), Number(from) + ((bytes.length - Number(from)) >> 1)));
  }
  process.kill(process.pid, 'SIGKILL');
}

function refusal(name: string, code: string, what: unknown): Error {
  const syscall = name.replace('Sync', '');
  return Object.assign(new Error(`${code}: said the system, ${syscall}`), {
    ...{ code, syscall, errno: -1 },
    ...(typeof what === 'string' ? { path: what } : {}),
  });
}

/** What Node itself takes for an answer. */
function isForgiven(name: string, error: Error, args: readonly unknown[]): boolean {
  const { code } = error as NodeJS.ErrnoException;
  const { throwIfNoEntry, force } = (args.at(-1) ?? {}) as {
    readonly throwIfNoEntry?: boolean;
    readonly force?: boolean;
  };
  const isAbsent = code === 'ENOENT' || (code === 'ENOTDIR' && name !== 'rmSync');
  return isAbsent && (throwIfNoEntry === false || (name === 'rmSync' && force === true));
}
