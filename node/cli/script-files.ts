import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Question, ScriptFile } from '../../src/api/index.ts';
import type { FileSource } from '../../src/shell/index.ts';
import { decoded } from './decode.ts';
import { CommandLineError } from './errors.ts';
import type { Limits } from './limits.ts';
import { readText } from './named-file.ts';

/** Files that are never read for a script, even below its folder: they are of this machine, not of the script's. */
const NEVER = /^\/(?:proc|sys|dev)(?:\/|$)/;

/** What a script may read: its folder and all below. No symbolic link leads out of it. */
function folderOf(script: string, limits: Limits): FileSource {
  const folder = realFolder(path.dirname(path.resolve(script)));
  const inside = (name: string): string | null => {
    const real = realOf(name);
    return folder !== null && real !== null && isBelow(real, folder) && !NEVER.test(real) ? real : null;
  };
  const kindOf = (name: string): 'file' | 'folder' | null => {
    const real = inside(name);
    const about = real === null ? undefined : statSync(real, { throwIfNoEntry: false });
    if (about === undefined) return null;
    return about.isDirectory() ? 'folder' : about.isFile() ? 'file' : null;
  };
  return {
    is: kindOf,
    read: (name) => (kindOf(name) === 'file' ? textOf(name, limits) : undefined),
    list: (name) => (kindOf(name) === 'folder' ? namesIn(name) : []),
  };
}

/** How a script that was named on the command line is called, and what it may read. Standard input has no folder. */
export function shellOf(script: string, limits: Limits): ScriptFile {
  const signal = endingAfter(LONGEST);
  if (script === '-') return { name: '-', signal };
  return { name: script, path: path.resolve(script), files: folderOf(script, limits), signal };
}

/** Milliseconds that a script may take to be simulated. */
const LONGEST = 60_000;

/** Asked again and again: no timer comes to its turn while a script is simulated. */
function endingAfter(milliseconds: number): { readonly aborted: boolean } {
  const end = performance.now() + milliseconds;
  return {
    get aborted() {
      return performance.now() > end;
    },
  };
}

const isBelow = (name: string, folder: string): boolean =>
  name === folder || name.startsWith(folder === '/' ? '/' : `${folder}/`);

/** null: there is none, or it may not be seen. */
function realOf(name: string): string | null {
  try {
    return realpathSync(name);
  } catch {
    return null;
  }
}

/** A script at the root of the file system has no folder of its own. */
function realFolder(folder: string): string | null {
  const real = realOf(folder);
  return real === '/' ? null : real;
}

/** A file that is no text, is too large or may not be read is none for the script. */
function textOf(file: string, { text: most }: Limits): string | undefined {
  try {
    if (statSync(file).size > most) return undefined;
    const text = decoded(readFileSync(file), file);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** What a shell script is given on the command line. */
export interface ShellFlags {
  /** `NAME=VALUE`, as typed. */
  readonly env?: readonly string[];
  /** `PATH=FILE`, as typed. */
  readonly file?: readonly string[];
  /** What stands behind `--`. */
  readonly scriptArgs?: readonly string[];
}

/** The same as fields of a question; those that were not given are left out. */
export function shellQuestion(
  { env, file, scriptArgs = [] }: ShellFlags,
  limits: Limits,
): Pick<Question, 'args' | 'env' | 'files'> {
  return {
    ...(scriptArgs.length === 0 ? {} : { args: scriptArgs }),
    ...(env === undefined ? {} : { env: Object.fromEntries(env.map(variableIn)) }),
    ...(file === undefined ? {} : { files: Object.fromEntries(file.map((typed) => fileIn(typed, limits))) }),
  };
}

function fileIn(typed: string, limits: Limits): [string, string] {
  const [, name, file] = /^([^=]+)=([\s\S]+)$/.exec(typed) ?? [];
  if (name === undefined || file === undefined) {
    throw new CommandLineError(`--file ${typed}: PATH=FILE expected`, null, 'example: --file /etc/sqm.conf=sqm.conf');
  }
  return [path.resolve(name), readText(file, limits, CommandLineError)];
}

function variableIn(typed: string): [string, string] {
  const [, name, value] = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(typed) ?? [];
  if (name === undefined) {
    throw new CommandLineError(`--env ${typed}: NAME=VALUE expected`, null, 'example: --env DEV=eth1');
  }
  return [name, value ?? ''];
}
