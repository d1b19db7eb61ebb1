import { join } from 'node:path';

/** A file system that is mounted somewhere. */
export interface Mount {
  readonly path: string;
  readonly type: string;
}

/** /proc/PID/mountinfo (proc_pid_mountinfo(5)): the fifth field is the place, the type stands behind the lone `-`. */
export function readMounts(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const fields = line.split(' ');
    const path = fields[4];
    const type = fields[fields.indexOf('-') + 1];
    return path === undefined || type === undefined ? [] : [{ path: unescaped(path), type }];
  });
}

/** Blanks, newlines and backslashes are written in octal. */
const unescaped = (path: string): string =>
  Buffer.from(
    path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8))),
    'latin1',
  ).toString('utf8');

/** What lies in a folder; links are not followed. */
export interface Entry {
  readonly name: string;
  readonly kind: 'folder' | 'link' | 'file' | 'other';
  readonly size: number;
  /** Permissions, in octal. */
  readonly mode: string;
  /** Numbers, as `0:0`. */
  readonly owner: string;
}

/** A part of the root that the script sees. */
export interface Part {
  /**
   * `overlay`: the folder with all below it, and what is written there is thrown away. `folder`: it is made anew, and
   * other parts fill it. `link` and `file`: a copy.
   */
  readonly kind: 'overlay' | 'folder' | 'link' | 'file';
  readonly path: string;
  readonly mode: string;
  readonly owner: string;
  /** A file system of its own is mounted there. */
  readonly isMount: boolean;
}

export interface Host {
  readonly mounts: readonly Mount[];
  /** In a user namespace no folder can be laid over that others are mounted below, whatever they are. */
  readonly isUserNamespace: boolean;
  /** null: it cannot be read. */
  readonly list: (folder: string) => readonly Entry[] | null;
}

/** They are made anew for the namespaces. */
const FRESH: readonly string[] = ['/proc', '/sys', '/dev'];
/** They hold no files for scripts: views of the kernel outside of those three, and the roots of containers. */
const VIEWS: readonly string[] = [
  'autofs',
  'cgroup',
  'cgroup2',
  'devpts',
  'devtmpfs',
  'nsfs',
  'overlay',
  'proc',
  'rpc_pipefs',
  'sysfs',
];
/** Larger files beside mounted folders are left out: a swap file is no copy worth. */
const COPIED_MAX = 1 << 20;

/** The parts of a root for the script, outer folders first. */
export function rootParts({ mounts, isUserNamespace, list }: Host): Part[] {
  const places = new Set(mounts.map(({ path }) => path));
  const views = new Set(mounts.filter(({ type }) => VIEWS.includes(type)).map(({ path }) => path));
  const walls = isUserNamespace ? [...places] : [...places].filter((path) => !views.has(path));
  const isDivided = (folder: string): boolean => walls.some((wall) => wall.startsWith(`${folder}/`));

  const parts: Part[] = [];
  const add = (folder: string, entries: readonly Entry[]): void => {
    for (const { name, kind, size, mode, owner } of entries) {
      const path = join(folder, name);
      const about = { path, mode, owner, isMount: places.has(path) };
      if (kind === 'link' || (kind === 'file' && size <= COPIED_MAX)) parts.push({ kind, ...about });
      if (kind !== 'folder' || FRESH.includes(path)) continue;
      const inside = views.has(path) ? null : list(path);
      const isWhole = inside !== null && !isDivided(path);
      parts.push({ kind: isWhole ? 'overlay' : 'folder', ...about });
      if (inside !== null && !isWhole) add(path, inside);
    }
  };
  add('/', list('/') ?? []);
  return parts;
}
