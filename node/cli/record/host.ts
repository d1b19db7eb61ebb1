import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { escapes } from './escapes.ts';
import { FILES, type Stage, type ToolFolder } from './isolation.ts';
import { type Entry, readMounts, rootParts } from './root.ts';
import { ELEVATORS, TOOLS } from './stand-in.ts';

/** Only root may make namespaces without one for users. */
export const isUserNamespace = (): boolean => process.geteuid?.() !== 0;

/** What a run in namespaces is made of on this host. `scripts`: texts, which may name folders of tools. */
export function stageOf(folder: string, scripts: readonly string[]): Stage {
  const isUser = isUserNamespace();
  const mountinfo = '/proc/self/mountinfo';
  // Without it there are no namespaces either; whoever makes them says why.
  const mounts = existsSync(mountinfo) ? readMounts(readFileSync(mountinfo, 'latin1')) : [];
  return {
    parts: rootParts({ mounts, isUserNamespace: isUser, list: entriesOf }),
    isUserNamespace: isUser,
    folder: realpathSync(folder),
    toolFolders: toolFolders(scripts),
    tc: realTc(),
    cwd: currentFolder(),
    path: [join(folder, FILES.tools), ...pathFolders()].join(delimiter),
  };
}

/** Where the shells and `command -p` look for programs. */
const STANDARD: readonly string[] = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

const pathFolders = (): string[] => (process.env.PATH ?? '').split(delimiter).filter((path) => path.startsWith('/'));

export const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** A stand-in, or a program in a folder of PATH. */
export function isCommand(name: string): boolean {
  const isStandIn = TOOLS.includes(name) || ELEVATORS.includes(name);
  return isStandIn || pathFolders().some((folder) => isProgram(join(folder, name)));
}

/** A shell goes on behind a folder of PATH that it may not look into. */
function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return isFile(path);
  } catch {
    return false;
  }
}

/** The standard folders get every stand-in, as the host may lack a tool; all others those of the tools that they have. */
function toolFolders(scripts: readonly string[]): ToolFolder[] {
  const all = [...TOOLS, ...ELEVATORS];
  const standard = real(STANDARD);
  const named = scripts.flatMap((text) => escapes(text)).flatMap(({ folders }) => folders);
  const others = [...real([...pathFolders(), ...named])].filter((folder) => !standard.has(folder));
  return [
    ...[...standard].map((folder) => ({ folder, tools: all })),
    ...others.map((folder) => ({ folder, tools: all.filter((tool) => existsSync(join(folder, tool))) })),
  ].filter(({ tools }) => tools.length > 0);
}

/** Folders that are there and may be entered, links followed. */
function real(folders: readonly string[]): Set<string> {
  return new Set(folders.filter(isFolder).map((folder) => realpathSync(folder)));
}

const isFolder = (path: string): boolean => existsSync(join(path, '.'));

function realTc(): string | null {
  const found = [...STANDARD, ...pathFolders()].map((folder) => join(folder, 'tc')).find((path) => existsSync(path));
  return found === undefined ? null : realpathSync(found);
}

/** Its folder may have been removed. */
function currentFolder(): string {
  try {
    return process.cwd();
  } catch {
    return '/';
  }
}

function entriesOf(folder: string): Entry[] | null {
  try {
    return readdirSync(folder).flatMap((name) => entryOf(folder, name) ?? []);
  } catch {
    return null;
  }
}

/** null: it has gone meanwhile, or it is a mount that does not answer. */
function entryOf(folder: string, name: string): Entry | null {
  try {
    const stats = lstatSync(join(folder, name));
    const { size, mode, uid, gid } = stats;
    return { name, kind: kindOf(stats), size, mode: (mode & 0o7777).toString(8), owner: `${uid}:${gid}` };
  } catch {
    return null;
  }
}

function kindOf(stats: Stats): Entry['kind'] {
  if (stats.isDirectory()) return 'folder';
  if (stats.isSymbolicLink()) return 'link';
  return stats.isFile() ? 'file' : 'other';
}
