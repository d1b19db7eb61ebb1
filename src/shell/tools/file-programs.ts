import type { Machine, ShellFiles, ToolAnswer, ToolCall } from '../tool.ts';
import { DONE, printed, refused, unknown } from './answer.ts';
import { nextNumber } from './state.ts';
import { systemFile, systemFolder } from './system-files.ts';

/** The options' letters, long ones by their first, and the other words. */
function parts(args: readonly string[]): { readonly letters: string; readonly words: readonly string[] } {
  const end = args.indexOf('--');
  const before = end < 0 ? args : args.slice(0, end);
  const isOption = (word: string): boolean => word.length > 1 && word.startsWith('-');
  const letters = before.filter(isOption).map((word) => (word.startsWith('--') ? (word[2] ?? '') : word.slice(1)));
  const words = [...before.filter((word) => !isOption(word)), ...(end < 0 ? [] : args.slice(end + 1))];
  return { letters: letters.join(''), words };
}

/** The last part of a path. */
function baseName(path: string): string {
  return path.replace(/\/+$/, '').replace(/^.*\//, '');
}

/** An absolute path without `.` and `..`; links are not followed: there are none in memory. */
function plainPath(call: ToolCall, path: string): string {
  const parts: string[] = [];
  const whole = path.startsWith('/') ? path : `${call.env('PWD') ?? ''}/${path}`;
  for (const part of whole.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** Nobody says that the file is there, so it is not. */
function missing(files: ShellFiles, path: string, message: string): ToolAnswer {
  const answer = refused(`${message}: No such file or directory`, 1);
  return files.is(path).known ? answer : { ...answer, assumed: `no ${path}` };
}

/** Takes the words one after another, up to the first that is refused. */
function each(words: readonly string[], obey: (word: string) => ToolAnswer): ToolAnswer {
  for (const word of words) {
    const answer = obey(word);
    if (answer.exit !== undefined || answer.unknown !== undefined) return answer;
  }
  return DONE;
}

/** coreutils 9: a name that is made up stands for the random letters. */
export function mktemp(call: ToolCall, machine: Machine): ToolAnswer {
  const { letters, words } = parts(call.args);
  const at = call.args.findIndex((word) => /^(?:-p|--tmpdir)$/.test(word));
  const given = call.args.find((word) => word.startsWith('--tmpdir='))?.slice('--tmpdir='.length);
  const folder = given ?? (at >= 0 ? call.args[at + 1] : undefined) ?? call.env('TMPDIR') ?? '/tmp';
  const template = words.filter((word) => word !== folder || at < 0).at(-1) ?? 'tmp.XXXXXXXXXX';
  const marks = /X{3,}(?=[^X/]*$)/.exec(template);
  if (marks === null) return refused(`mktemp: too few X's in template ‘${template}’`, 1);
  const number = String(nextNumber(machine, 'mktemp')).padStart(marks[0].length, '0');
  const name = template.replace(marks[0], () => number);
  const isInFolder = at >= 0 || given !== undefined || letters.includes('t') || words.length === 0;
  const path = isInFolder ? `${folder}/${name}` : name;
  if (letters.includes('d')) call.files.makeFolder(path);
  else if (!letters.includes('u')) call.files.write(path, '');
  return printed(`${path}\n`);
}

/** Without -f readlink wants a symbolic link, and there are none. */
export function readlink(call: ToolCall): ToolAnswer {
  const { letters, words } = parts(call.args);
  if (!/[fem]/.test(letters)) return { exit: 1, assumed: 'no symbolic link' };
  return resolved(call, words);
}

export function realpath(call: ToolCall): ToolAnswer {
  return resolved(call, parts(call.args).words);
}

function resolved(call: ToolCall, words: readonly string[]): ToolAnswer {
  const paths = words.map((word) => plainPath(call, word));
  if (paths.some((path) => /^\/(?:sys|proc|dev)\//.test(path))) return unknown(`where ${paths[0]} leads to`);
  return printed(paths.map((path) => `${path}\n`).join(''));
}

export function mkdir(call: ToolCall): ToolAnswer {
  const { letters, words } = parts(call.args.filter((_, at) => !/^-m$/.test(call.args[at - 1] ?? '')));
  return each(words, (path) => {
    if (!letters.includes('p') && call.files.is(path).kind !== null) {
      return refused(`mkdir: cannot create directory ‘${path}’: File exists`, 1);
    }
    call.files.makeFolder(path);
    return DONE;
  });
}

export function rmdir(call: ToolCall): ToolAnswer {
  return each(parts(call.args).words, (path) => {
    const { kind } = call.files.is(path);
    if (kind === null) return missing(call.files, path, `rmdir: failed to remove '${path}'`);
    if (kind === 'file') return refused(`rmdir: failed to remove '${path}': Not a directory`, 1);
    if (call.files.list(path).length > 0) return refused(`rmdir: failed to remove '${path}': Directory not empty`, 1);
    call.files.remove(path);
    return DONE;
  });
}

export function touch(call: ToolCall): ToolAnswer {
  return each(parts(call.args).words, (path) => {
    if (call.files.is(path).kind === null) call.files.write(path, '');
    return DONE;
  });
}

export function rm(call: ToolCall): ToolAnswer {
  const { letters, words } = parts(call.args);
  return each(words, (path) => {
    const { kind } = call.files.is(path);
    if (kind === null) return letters.includes('f') ? DONE : missing(call.files, path, `rm: cannot remove '${path}'`);
    if (kind === 'folder' && !/[rR]/.test(letters)) return refused(`rm: cannot remove '${path}': Is a directory`, 1);
    call.files.remove(path);
    return DONE;
  });
}

/** cp, mv and ln: a link is a copy here. */
export function copy(call: ToolCall): ToolAnswer {
  const { letters, words } = parts(call.args);
  const target = words.at(-1) ?? '';
  if (words.length < 2) return refused(`${call.name}: missing file operand`, 1);
  const isFolder = call.files.is(target).kind === 'folder';
  return each(words.slice(0, -1), (path) => {
    const { kind } = call.files.is(path);
    if (kind === 'folder' && call.name === 'cp' && !/[rRa]/.test(letters)) {
      return refused(`cp: -r not specified; omitting directory '${path}'`, 1);
    }
    if (kind === null && call.name === 'ln') return DONE;
    if (kind === null) return missing(call.files, path, `${call.name}: cannot stat '${path}'`);
    copyTo(call.files, path, isFolder ? `${target.replace(/\/+$/, '')}/${baseName(path)}` : target);
    if (call.name === 'mv') call.files.remove(path);
    return DONE;
  });
}

/** A file, or a folder with all that is in it. */
function copyTo(files: ShellFiles, from: string, to: string): void {
  const text = files.read(from);
  if (text !== undefined) files.write(to, text);
  else files.makeFolder(to);
  for (const name of files.list(from)) copyTo(files, `${from}/${name}`, `${to}/${name}`);
}

/** Names only: who owns a file and when it was written is not known. */
export function ls(call: ToolCall, machine: Machine): ToolAnswer {
  const { letters, words } = parts(call.args);
  const paths = words.length === 0 ? ['.'] : words;
  const texts: string[] = [];
  let assumed: string | undefined;
  for (const path of paths) {
    const found = namesAt(call, machine, path, letters.includes('d'));
    if (found === null) return { ...missing(call.files, path, `ls: cannot access '${path}'`), exit: 2 };
    assumed ??= found.assumed;
    texts.push(...(paths.length > 1 && found.isFolder ? [`${path}:`] : []), ...found.names);
  }
  if (letters.includes('l')) return unknown('who owns a file, and when it was written');
  return printed(texts.map((text) => `${text}\n`).join(''), assumed);
}

/** What ls prints of a path; null: there is none. */
function namesAt(
  call: ToolCall,
  machine: Machine,
  path: string,
  isItself: boolean,
): { readonly names: readonly string[]; readonly isFolder: boolean; readonly assumed?: string } | null {
  const { kind } = call.files.is(path);
  if (kind === 'file' || (kind === 'folder' && isItself)) return { names: [path], isFolder: false };
  if (kind === 'folder') return { names: call.files.list(path).toSorted(), isFolder: true };
  const system = systemFolder(plainPath(call, path), machine, call.netns);
  const assumed = `dev ${machine.device}`;
  if (system !== undefined) return { names: isItself ? [path] : system.toSorted(), isFolder: !isItself, assumed };
  const isFile = systemFile(plainPath(call, path), machine, call.netns) !== undefined;
  return isFile ? { names: [path], isFolder: false, assumed } : null;
}
