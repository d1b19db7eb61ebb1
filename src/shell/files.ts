import type { FileSource } from './options.ts';
import type { ShellFiles } from './tool.ts';
import { withoutMarks } from './unknown.ts';

/** What a usual host has at a path of the system; undefined: nothing is known of it. */
export interface SystemFiles {
  file(path: string): { readonly text: string } | undefined;
  folder(path: string): readonly string[] | undefined;
}

/** Folders that every host has. */
const FOLDERS: ReadonlySet<string> = new Set(
  [
    '/',
    '/bin',
    '/dev',
    '/etc',
    '/home',
    '/lib',
    '/proc',
    '/root',
    '/run',
    '/run/lock',
    '/sbin',
    '/sys',
    '/tmp',
    '/usr',
  ].concat([
    '/usr/bin',
    '/usr/sbin',
    '/usr/local',
    '/var',
    '/var/lib',
    '/var/lock',
    '/var/log',
    '/var/run',
    '/var/tmp',
  ]),
);

/** A folder that the script made. */
const FOLDER = Symbol('folder');

/** The files of a run: what was written stays in memory and goes before what the user has. */
export class Files implements ShellFiles {
  private readonly written = new Map<string, string | typeof FOLDER | null>();
  private readonly given: FileSource;
  private readonly system: SystemFiles;
  /** The folder that paths are taken from. */
  folder: string;

  constructor(given: FileSource, system: SystemFiles, folder: string) {
    this.given = given;
    this.system = system;
    this.folder = folder;
  }

  /** Absolute, without `.` and `..`. */
  absolute(path: string): string {
    const steps: string[] = [];
    for (const step of (path.startsWith('/') ? path : `${this.folder}/${path}`).split('/')) {
      if (step === '..') steps.pop();
      else if (step !== '' && step !== '.') steps.push(step);
    }
    return `/${steps.join('/')}`;
  }

  read(path: string): string | undefined {
    const name = this.absolute(path);
    const own = this.written.get(name);
    if (own !== undefined) return typeof own === 'string' ? own : undefined;
    const text = this.given.read(name);
    return text === undefined ? this.system.file(name)?.text : withoutMarks(text);
  }

  /** The user has this file, and the script has not changed it. So findings may point at its lines. */
  isGiven(path: string): boolean {
    const name = this.absolute(path);
    return !this.written.has(name) && this.given.is(name) === 'file';
  }

  write(path: string, text: string): void {
    this.written.set(this.absolute(path), text);
  }

  append(path: string, text: string): void {
    this.write(path, `${this.read(path) ?? ''}${text}`);
  }

  remove(path: string): void {
    this.written.set(this.absolute(path), null);
  }

  makeFolder(path: string): void {
    this.written.set(this.absolute(path), FOLDER);
  }

  is(path: string): { readonly kind: 'file' | 'folder' | null; readonly known: boolean } {
    const name = this.absolute(path);
    const own = this.written.get(name);
    if (own === null) return { kind: null, known: true };
    if (own !== undefined) return { kind: own === FOLDER ? 'folder' : 'file', known: true };
    const given = this.given.is(name);
    if (given !== null) return { kind: given, known: true };
    if (this.names(name).length > 0) return { kind: 'folder', known: true };
    if (FOLDERS.has(name)) return { kind: 'folder', known: true };
    if (this.system.folder(name) !== undefined) return { kind: 'folder', known: false };
    return { kind: this.system.file(name) === undefined ? null : 'file', known: false };
  }

  list(path: string): readonly string[] {
    const name = this.absolute(path);
    const all = [...this.given.list(name), ...this.names(name), ...(this.system.folder(name) ?? [])];
    return [...new Set(all)].filter((one) => this.written.get(`${name === '/' ? '' : name}/${one}`) !== null);
  }

  /** What the script put into a folder. */
  private names(folder: string): string[] {
    const before = folder === '/' ? '/' : `${folder}/`;
    return [...this.written]
      .filter(([path, text]) => text !== null && path.startsWith(before) && path.length > before.length)
      .map(([path]) => path.slice(before.length).split('/')[0] ?? '');
  }
}
