import { constants } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Sink } from '../src/capture/index.ts';
import { ownerOf, ownName } from './owner.ts';
import { errorCode, type Stat, SYSTEM, type System } from './system.ts';

/** Everything that is written to files is written here: whole or not at all. */

/** What an output's file is after writing it failed. */
export type Left = 'old' | 'none' | 'part';

/** An output could not be written. It ends the run, and is never taken for an error of what was read meanwhile. */
export class WriteError extends Error {
  override readonly name = 'WriteError';
  /** The file, as the user named it. */
  readonly path: string;
  /** What the system says. */
  readonly reason: Error;
  readonly left: Left;
  constructor(path: string, reason: Error, left: Left) {
    super(`${path}: ${reason.message}`);
    this.path = path;
    this.reason = reason;
    this.left = left;
  }
}

/** A file of this name is there already, and was to stay. */
export class ExistsError extends Error {
  override readonly name = 'ExistsError';
}

export interface WriteOptions {
  /** Never replaces a file: throws ExistsError. */
  readonly isNew?: boolean;
  /** Permissions; without it those of the file that is replaced, or what the umask leaves of rw-rw-rw-. */
  readonly mode?: number;
  readonly system?: System;
}

const { O_CREAT, O_EXCL, O_NOCTTY = 0, O_NONBLOCK = 0, O_NOFOLLOW = 0, O_WRONLY } = constants;
const PERMISSIONS = 0o7777;
const PRIVATE = 0o600;
const PUBLIC = 0o666;
const LINKS_MAX = 40;
const DAY_MS = 86_400_000;
const PAUSE_MS = 20;
const FULL_MS = 1;

/**
 * Writes a file whole or not at all: under a temporary name in the same folder, renamed when `produce` is done, removed
 * if anything fails. Symbolic links are followed. What is no regular file (a pipe, a device) is written into. `produce`
 * may call `keepOld` to leave the file as it was. Returns what `produce` does; throws WriteError and what `produce` throws.
 */
export async function writeAtomically<T>(
  path: string,
  produce: (sink: Sink, keepOld: () => void) => T | Promise<T>,
  options: WriteOptions = {},
): Promise<T> {
  const { system = SYSTEM, isNew = false } = options;
  const place = failing(path, 'old', () => placeOf(path, system));
  if (isNew && place.found !== null) throw new ExistsError(path);
  if (place.found !== null && !place.found.isFile()) return writeInto(path, place.found, produce, system);
  return replace(path, place, produce, options);
}

/** Where a file is to be, links followed, and what is there now. */
interface Place {
  readonly path: string;
  readonly found: Stat | null;
}

function placeOf(path: string, system: System): Place {
  const found = statOf(path, system.stat);
  if (found?.isFile()) return { path: system.realpath(path), found };
  return { path: found === null ? behindLinks(path, system) : path, found };
}

/** null: nothing is there. */
function statOf(path: string, stat: System['stat']): Stat | null {
  try {
    return stat(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Where a symbolic link to nothing leads: open(2) would make that file. */
function behindLinks(path: string, system: System): string {
  let at = path;
  for (let links = 0; links < LINKS_MAX; links++) {
    const found = statOf(at, system.lstat);
    if (found === null || found.isFile()) return at;
    at = resolve(dirname(at), system.readlink(at));
  }
  return at;
}

/** Does what may fail, and says which output it was for. */
function failing<T>(path: string, left: Left, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw errorCode(error) === null ? error : new WriteError(path, error as Error, left);
  }
}

async function replace<T>(
  path: string,
  place: Place,
  produce: (sink: Sink, keepOld: () => void) => T | Promise<T>,
  { isNew = false, mode, system = SYSTEM }: WriteOptions,
): Promise<T> {
  const left: Left = place.found === null ? 'none' : 'old';
  const guarded = <R>(work: () => R): R => failing(path, left, work);
  const folder = dirname(place.path);
  sweep(folder, system);
  guarded(() => checkWritable(place, system));
  const temporary = new Temporary(folder, guarded, system);
  let isWanted = true;
  try {
    const made = await produce(
      (chunk) => temporary.write(chunk),
      () => {
        isWanted = false;
      },
    );
    if (isWanted) {
      temporary.seal(place.found, mode);
      if (isNew) temporary.becomeNew(place.path, path);
      else temporary.become(place.path);
    }
    return made;
  } finally {
    temporary.remove();
  }
}

/** A file that nobody may write into is not replaced either. */
function checkWritable({ path, found }: Place, system: System): void {
  if (found !== null) system.close(system.open(path, O_WRONLY | O_NONBLOCK));
}

/** A file that is not there yet under the name that it shall have. */
class Temporary {
  private readonly path: string;
  private readonly guarded: <R>(work: () => R) => R;
  private readonly system: System;
  private descriptor: number | null;
  private isThere = true;
  /** The process may be ended before writing is (Ctrl-C). */
  private readonly onExit = (): void => this.remove();

  constructor(folder: string, guarded: <R>(work: () => R) => R, system: System) {
    this.path = temporaryIn(folder);
    this.guarded = guarded;
    this.system = system;
    this.descriptor = guarded(() => system.open(this.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, PRIVATE));
    process.once('exit', this.onExit);
  }

  write(chunk: Uint8Array): void {
    const { descriptor, system } = this;
    if (descriptor !== null) this.guarded(() => writeAll(descriptor, chunk, system));
  }

  /** Gives it the owner and permissions of the file that it replaces, and has it reach the disk. */
  seal(old: Stat | null, mode: number | undefined): void {
    const { descriptor, system } = this;
    if (descriptor === null) return;
    this.guarded(() => {
      const isOwned = old === null || handOver(descriptor, old, system);
      const wanted = mode ?? old?.mode ?? PUBLIC & ~process.umask();
      // Rights of another user (set-user-ID) go to nobody else.
      system.chmod(descriptor, wanted & (isOwned ? PERMISSIONS : 0o777));
      system.fsync(descriptor);
      this.descriptor = null;
      system.close(descriptor);
    });
  }

  become(path: string): void {
    this.guarded(() => this.system.rename(this.path, path));
    this.isThere = false;
  }

  /** Where there are no links, the last look is a moment before the renaming. */
  becomeNew(path: string, name: string): void {
    const { system } = this;
    if (this.guarded(() => isLinked(this.path, path, name, system))) return;
    if (this.guarded(() => statOf(path, system.lstat)) !== null) throw new ExistsError(name);
    this.become(path);
  }

  /** Whatever is left of it. Nothing can be done where that fails: the next run sweeps it. */
  remove(): void {
    process.off('exit', this.onExit);
    const { descriptor, isThere, system } = this;
    this.descriptor = null;
    this.isThere = false;
    if (descriptor !== null) quietly(() => system.close(descriptor));
    if (isThere) quietly(() => system.unlink(this.path));
  }
}

/** Of file systems that know no hard links. */
const NO_LINKS: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'];

/** link(2), which never replaces anything: throws ExistsError. False: the file system has no links. */
export function isLinked(from: string, to: string, name: string, system: System): boolean {
  try {
    system.link(from, to);
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST') throw new ExistsError(name);
    if (code === null || !NO_LINKS.includes(code)) throw error;
    return false;
  }
}

/** Whether the old file's owner has the new one too: only root can give files away. */
function handOver(descriptor: number, old: Stat, system: System): boolean {
  const { uid, gid } = system.fstat(descriptor);
  if (uid === old.uid && gid === old.gid) return true;
  return quietly(() => system.chown(descriptor, old.uid, old.gid));
}

/** Whether it could be done. */
function quietly(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

/** Into a pipe or a device: whoever reads it gets all that came before a failure. */
async function writeInto<T>(
  path: string,
  found: Stat,
  produce: (sink: Sink, keepOld: () => void) => T | Promise<T>,
  system: System,
): Promise<T> {
  const descriptor = await opened(path, found, system);
  const guarded = <R>(work: () => R): R => failing(path, 'part', work);
  try {
    return await produce(
      (chunk) => guarded(() => writeAll(descriptor, chunk, system)),
      () => {},
    );
  } finally {
    quietly(() => system.close(descriptor));
  }
}

/** Waits for the reader of a named pipe as a shell does, but never in open(2), where Ctrl-C would wait too. */
async function opened(path: string, found: Stat, system: System): Promise<number> {
  for (;;) {
    try {
      return system.open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY);
    } catch (error) {
      const code = errorCode(error);
      if (!(code === 'ENXIO' && found.isFIFO()))
        throw code === null ? error : new WriteError(path, error as Error, 'old');
    }
    await setTimeout(PAUSE_MS);
  }
}

/** write(2) may take less than it is given, and nothing where a pipe is full. */
function writeAll(descriptor: number, chunk: Uint8Array, system: System): void {
  for (let at = 0; at < chunk.length; ) {
    try {
      at += system.write(descriptor, chunk, at);
    } catch (error) {
      if (errorCode(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_MS);
    }
  }
}

const MARK = '.cls-flow-';
const ENDING = '.tmp';

/** A new name, which the next run in this folder sweeps if this process does not come to it. */
export function temporaryIn(folder: string): string {
  return join(folder, `${MARK}${ownName()}-${process.hrtime.bigint().toString(36)}${ENDING}`);
}

/**
 * Removes what runs that were killed have left in a folder: temporary files of our own whose process is gone, and those
 * of other systems after a day.
 */
function sweep(folder: string, system: System): void {
  quietly(() => {
    for (const name of system.list(folder)) {
      if (name.startsWith(MARK) && name.endsWith(ENDING)) quietly(() => sweepOne(join(folder, name), system));
    }
  });
}

function sweepOne(path: string, system: System): void {
  const owner = ownerOf(
    basename(path)
      .slice(MARK.length)
      .replace(/-\w+\.tmp$/, ''),
  );
  if (owner === null || owner.isGone === false) return;
  const about = system.lstat(path);
  const { mtimeMs, uid } = about;
  if (!about.isFile() || uid !== (process.geteuid?.() ?? uid)) return;
  if (owner.isGone || Date.now() - mtimeMs > DAY_MS) system.unlink(path);
}

/**
 * What tells one file from another: device and inode, or for one that is not there its folder and name. null: it may be
 * named as often as one likes (/dev/null).
 */
export function identityOf(path: string, system: System = SYSTEM): string | null {
  try {
    const place = placeOf(path, system);
    if (place.found !== null) return place.found.isCharacterDevice() ? null : numbers(place.found);
    return `${numbers(system.stat(dirname(place.path)))}/${basename(place.path)}`;
  } catch {
    // Whoever opens it will say what is wrong.
    return null;
  }
}

/** The same of an open file or pipe. */
export function identityOfOpen(descriptor: number, system: System = SYSTEM): string | null {
  try {
    const found = system.fstat(descriptor);
    return found.isFile() || found.isFIFO() ? numbers(found) : null;
  } catch {
    return null;
  }
}

/** Where a file is or will be, links followed: the same for all names of it. Throws WriteError. */
export function settled(path: string, system: System = SYSTEM): string {
  return resolve(failing(path, 'old', () => placeOf(path, system)).path);
}

const numbers = ({ dev, ino }: Stat): string => `${dev}:${ino}`;
