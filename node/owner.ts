import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Which process made a temporary file or a lock, as a name: number of the process, when it began, and the system that
 * counts these numbers (boot and namespace: another container has processes of the same numbers).
 */
export function ownName(): string {
  return `${process.pid}-${begun(process.pid) ?? 0}-${system()}`;
}

const NAME = /^(\d+)-(\d+)-([\w.]+)$/;

/** What is known of the process that made something. */
export interface Owner {
  readonly pid: number;
  /** null: it belongs to another system, and nobody here can see its processes. */
  readonly isGone: boolean | null;
}

/** null: this is no name that ownName() made. */
export function ownerOf(name: string): Owner | null {
  const [, number = '', since = '', where] = NAME.exec(name) ?? [];
  if (where === undefined) return null;
  const pid = Number(number);
  if (where !== system()) return { pid, isGone: null };
  const began = begun(pid);
  return { pid, isGone: began === null ? !runs(pid) : since !== '0' && since !== String(began) };
}

/** Nobody waits for a process that has ended and was not yet asked how. */
const ZOMBIE = -1;

/** Field 22 of /proc/PID/stat (proc(5)): ticks from boot to the start; null: nobody can tell. */
function begun(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program stands in brackets, and may hold any bytes.
    const [state = '', ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return 'ZX'.includes(state) ? ZOMBIE : Number(rest[18]);
  } catch {
    return null;
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function system(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
    return `${boot}.${/\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? ''}`;
  } catch {
    return hostname().replace(/[^\w.]/g, '_');
  }
}
