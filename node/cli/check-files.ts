import { closeSync, type Dirent, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { scriptLines } from '../../src/command/index.ts';
import { errorCode } from '../system.ts';

/** A script to be checked. */
export interface ScriptFile {
  readonly name: string;
  /** It was named on the command line; otherwise it was found in a folder, where most files are something else. */
  readonly isNamed: boolean;
  /** Why a folder below the named one could not be read. */
  readonly failure: unknown;
}

/** Names that tc scripts have. */
const SCRIPT = /\.(?:sh|tc|batch)$/;
/** What tools keep there is nobody's script. */
const KEPT: ReadonlySet<string> = new Set(['.git', 'node_modules']);
/** A file larger than this is no script that anybody wrote: it is read only if its name says that it is one. */
const LARGEST = 1 << 20;
/** Bytes that are looked at for a NUL. */
const HEAD = 8192;

/** The files and, in their place, what folders hold; each once, in the order of their names. */
export function scriptFiles(names: readonly string[]): ScriptFile[] {
  const found = new Map<string, ScriptFile>();
  for (const name of names) {
    const files = isFolder(name) ? scriptsIn(name) : [{ name, isNamed: true, failure: null }];
    for (const file of files) {
      const key = file.name === '-' ? '-' : path.resolve(file.name);
      if (!found.has(key)) found.set(key, file);
    }
  }
  return [...found.values()];
}

export function isFolder(name: string): boolean {
  return name !== '-' && statSync(name, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Links are not followed: what they name in the folder is found anyway, and the rest is not the folder's. */
function scriptsIn(folder: string): ScriptFile[] {
  try {
    return entriesOf(folder).flatMap((entry) => scriptsAt(path.join(folder, entry.name), entry));
  } catch (failure) {
    return [{ name: folder, isNamed: true, failure }];
  }
}

const entriesOf = (folder: string): Dirent[] =>
  readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));

function scriptsAt(name: string, entry: Dirent): ScriptFile[] {
  if (entry.isDirectory()) return KEPT.has(entry.name) ? [] : scriptsIn(name);
  return entry.isFile() && !isOfFix(name) && isScript(name) ? [{ name, isNamed: false, failure: null }] : [];
}

/** NAME.fixed.EXT or NAME.orig, which --fix has put beside a script. */
function isOfFix(name: string): boolean {
  const script = name.replace(/\.orig$|\.fixed(?=(?:\.[^./]*)?$)/, '');
  return script !== name && existsSync(script);
}

function isScript(name: string): boolean {
  const isByName = SCRIPT.test(name);
  try {
    return looksLikeScript(name, isByName);
  } catch (error) {
    // Whoever reads it next says why it cannot be read.
    if (errorCode(error) !== null) return isByName;
    throw error;
  }
}

/** By its name or by a literal tc line; never a binary file. */
function looksLikeScript(name: string, isScriptByName: boolean): boolean {
  const { size } = statSync(name);
  if (size > LARGEST && !isScriptByName) return false;
  const bytes = firstBytes(name, isScriptByName ? Math.min(size, HEAD) : size);
  return !bytes.subarray(0, HEAD).includes(0) && (isScriptByName || holdsTc(bytes.toString('utf8')));
}

function firstBytes(name: string, most: number): Buffer {
  const descriptor = openSync(name, 'r');
  try {
    const bytes = Buffer.alloc(most);
    return bytes.subarray(0, readSync(descriptor, bytes));
  } finally {
    closeSync(descriptor);
  }
}

/** A line that begins with tc itself: words of a batch file stand in prose too. */
function holdsTc(text: string): boolean {
  if (!TC_LINE.test(text)) return false;
  for (const { words, before, unexpanded } of scriptLines(text)) {
    if (words !== null && before > 0 && !unexpanded) return true;
  }
  return false;
}

const TC_LINE = /^[^\S\n]*(?:sudo\s+)?(?:\S*\/)?tc\s/m;
