import { constants } from 'node:fs';
import { dirname } from 'node:path';
import { ownerOf, ownName } from './owner.ts';
import { errorCode, SYSTEM, type System } from './system.ts';
import { ExistsError, isLinked, settled, temporaryIn, WriteError } from './write.ts';

/** Somebody else holds a lock, and goes on holding it. */
export class LockedError extends Error {
  override readonly name = 'LockedError';
}

export interface LockOptions {
  readonly system?: System;
  /** How long to wait for a process that is at work. */
  readonly patience?: number;
  /** Told of a lock whose process is gone, after it was removed. */
  readonly onStale: (lock: string, pid: number) => void;
}

const { O_CREAT, O_EXCL, O_WRONLY } = constants;
const PRIVATE = 0o600;
const PATIENCE_MS = 10_000;
const PAUSE_MS = 5;

/**
 * Does `work` while no other process that uses such a lock does: of `path` there is a file `path.lock`, and whoever makes
 * it has the lock. A lock whose process is gone is removed. Throws LockedError, WriteError and what `work` throws.
 */
export async function locked<T>(path: string, work: () => T | Promise<T>, options: LockOptions): Promise<T> {
  const { system = SYSTEM } = options;
  const lock = `${settled(path, system)}.lock`;
  take(lock, path, options);
  const giveBack = (): void => {
    process.off('exit', giveBack);
    discard(lock, system);
  };
  process.once('exit', giveBack);
  try {
    return await work();
  } finally {
    giveBack();
  }
}

function take(lock: string, path: string, { system = SYSTEM, patience = PATIENCE_MS, onStale }: LockOptions): void {
  const end = Date.now() + patience;
  const named = temporaryIn(dirname(lock));
  writing(path, () => put(named, system));
  try {
    while (!writing(path, () => isMade(named, lock, path, system))) {
      const holder = holderOf(lock, system);
      const owner = holder === null ? null : ownerOf(holder);
      if (owner?.isGone) {
        if (removed(lock, holder, path, system)) onStale(lock, owner.pid);
      } else if (Date.now() > end) {
        const who = owner === null ? 'somebody' : `process ${owner.pid}`;
        throw new LockedError(`${path}: ${who} is writing it; if that is not so, delete ${lock}`);
      } else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  } finally {
    discard(named, system);
  }
}

function writing<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw errorCode(error) === null ? error : new WriteError(path, error as Error, 'old');
  }
}

/** A file that says who we are becomes the lock, which so never is without. False: it is there already. */
function isMade(named: string, lock: string, path: string, system: System): boolean {
  try {
    if (!isLinked(named, lock, path, system)) put(lock, system);
    return true;
  } catch (error) {
    if (error instanceof ExistsError || errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Writes our name into a new file. */
function put(file: string, system: System): void {
  const descriptor = system.open(file, O_WRONLY | O_CREAT | O_EXCL, PRIVATE);
  try {
    system.write(descriptor, Buffer.from(ownName()), 0);
    system.close(descriptor);
  } catch (error) {
    discard(file, system);
    throw error;
  }
}

function discard(file: string, system: System): void {
  try {
    system.unlink(file);
  } catch {
    // The next run removes it.
  }
}

/** Empty where there are no links and its process has not yet written its name; null: the lock is gone. */
function holderOf(lock: string, system: System): string | null {
  try {
    return system.read(lock);
  } catch {
    return null;
  }
}

/** Taken away under a name of our own first: if another process was faster, it was that one's new lock, and is put back. */
function removed(lock: string, holder: string | null, path: string, system: System): boolean {
  const away = temporaryIn(dirname(lock));
  try {
    system.rename(lock, away);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw new WriteError(path, error as Error, 'old');
  }
  const isStale = holderOf(away, system) === holder;
  if (!isStale) system.link(away, lock);
  system.unlink(away);
  return isStale;
}
