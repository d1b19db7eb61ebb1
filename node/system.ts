import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';

/** The calls that writing makes of the operating system: a test hands in one in which each of them can fail. */
export interface System {
  readonly close: (descriptor: number) => void;
  readonly chmod: (descriptor: number, mode: number) => void;
  readonly chown: (descriptor: number, uid: number, gid: number) => void;
  readonly fstat: (descriptor: number) => Stat;
  readonly fsync: (descriptor: number) => void;
  readonly link: (from: string, to: string) => void;
  readonly list: (folder: string) => string[];
  readonly lstat: (path: string) => Stat;
  readonly makeFolder: (path: string) => void;
  readonly open: (path: string, flags: number, mode?: number) => number;
  readonly read: (path: string) => string;
  readonly readlink: (path: string) => string;
  readonly realpath: (path: string) => string;
  readonly rename: (from: string, to: string) => void;
  readonly stat: (path: string) => Stat;
  readonly unlink: (path: string) => void;
  readonly write: (descriptor: number, bytes: Uint8Array, from: number) => number;
}

/** What stat(2) tells. */
export interface Stat {
  readonly dev: number;
  readonly ino: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeMs: number;
  isFile(): boolean;
  isDirectory(): boolean;
  isFIFO(): boolean;
  isCharacterDevice(): boolean;
}

export const SYSTEM: System = {
  close: closeSync,
  chmod: fchmodSync,
  chown: fchownSync,
  fstat: (descriptor) => fstatSync(descriptor),
  fsync: fsyncSync,
  link: linkSync,
  list: (folder) => readdirSync(folder),
  lstat: (path) => lstatSync(path),
  makeFolder: (path) => {
    mkdirSync(path, { recursive: true });
  },
  open: openSync,
  read: (path) => readFileSync(path, 'utf8'),
  readlink: (path) => readlinkSync(path),
  realpath: (path) => realpathSync(path),
  rename: renameSync,
  stat: (path) => statSync(path),
  unlink: unlinkSync,
  write: (descriptor, bytes, from) => writeSync(descriptor, bytes, from),
};

/** The name of a system error, as ENOSPC; null: it is none. */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && 'syscall' in error ? String(error.code) : null;
}
