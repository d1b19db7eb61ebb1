import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { FileSource } from '../../src/shell/index.ts';
import { decoded } from './decode.ts';
import { CommandLineError } from './errors.ts';
import type { Limits } from './limits.ts';
import { readText } from './named-file.ts';

/** Files that are never read for a script, even below its folder: they are of this machine, not of the script's. */
const NEVER = /^\/(?:proc|sys|dev)(?:\/|$)/;

/**
 * What a script may read: its folder and all below, and files that the user gives for paths. No symbolic link leads out of the
 * folder. `script`: the path of the script; `given`: PATH=FILE as typed after --file.
 */
export function filesOf(script: string, given: readonly string[], limits: Limits): FileSource {
  const folder = realFolder(path.dirname(path.resolve(script)));
  const texts = new Map(given.map((typed) => givenFile(typed, limits)));
  const inside = (name: string): string | null => {
    const real = realOf(name);
    return folder !== null && real !== null && isBelow(real, folder) && !NEVER.test(real) ? real : null;
  };
  return {
    read(name) {
      const text = texts.get(name);
      if (text !== undefined) return text;
      const real = inside(name);
      return real !== null && statSync(real).isFile() ? textOf(real, limits) : undefined;
    },
    is(name) {
      if (texts.has(name)) return 'file';
      const real = inside(name);
      if (real === null) return null;
      const about = statSync(real);
      return about.isDirectory() ? 'folder' : about.isFile() ? 'file' : null;
    },
    list(name) {
      const real = inside(name);
      const names = real !== null && statSync(real).isDirectory() ? readdirSync(real) : [];
      const others = [...texts.keys()].filter((one) => path.dirname(one) === name).map((one) => path.basename(one));
      return [...new Set([...names, ...others])];
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

function givenFile(typed: string, limits: Limits): [string, string] {
  const [, name, file] = /^([^=]+)=([\s\S]+)$/.exec(typed) ?? [];
  if (name === undefined || file === undefined) {
    throw new CommandLineError(`--file ${typed}: PATH=FILE expected`, null, 'example: --file /etc/sqm.conf=sqm.conf');
  }
  return [path.resolve(name), readText(file, limits, CommandLineError)];
}

/** `--env NAME=VALUE`, as typed. */
export function environmentOf(given: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    given.map((typed) => {
      const [, name, value] = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(typed) ?? [];
      if (name === undefined) throw new CommandLineError(`--env ${typed}: NAME=VALUE expected`);
      return [name, value ?? ''];
    }),
  );
}
