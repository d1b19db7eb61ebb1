import { constants } from 'node:fs';
import { ownerOf, ownName } from './owner.ts';
import { errorCode, SYSTEM, type System } from './system.ts';
import { settled, WriteError } from './write.ts';

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
    try {
      system.unlink(lock);
    } catch {
      // It is stale from now on, and the next run removes it.
    }
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
  for (;;) {
    if (made(lock, path, system)) return;
    const holder = holderOf(lock, system);
    const owner = holder === null ? null : ownerOf(holder);
    if (owner?.isGone) {
      if (removed(lock, holder, path, system)) onStale(lock, owner.pid);
    } else if (Date.now() > end) {
      const who = owner === null ? 'somebody' : `process ${owner.pid}`;
      throw new LockedError(`${path}: ${who} is writing it; if that is not so, delete ${lock}`);
    } else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
  }
}

/** False: it is there already. */
function made(lock: string, path: string, system: System): boolean {
  let descriptor: number;
  try {
    descriptor = system.open(lock, O_WRONLY | O_CREAT | O_EXCL, PRIVATE);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST') return false;
    throw code === null ? error : new WriteError(path, error as Error, 'old');
  }
  try {
    system.write(descriptor, Buffer.from(ownName()), 0);
    system.close(descriptor);
    return true;
  } catch (error) {
    system.unlink(lock);
    throw new WriteError(path, error as Error, 'old');
  }
}

/** Empty where its process has not yet written its name; null: the lock is gone. */
function holderOf(lock: string, system: System): string | null {
  try {
    return system.read(lock);
  } catch {
    return null;
  }
}

/** Taken away under a name of our own first: if another process was faster, it was that one's new lock, and is put back. */
function removed(lock: string, holder: string | null, path: string, system: System): boolean {
  const away = `${lock}.${ownName()}`;
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
