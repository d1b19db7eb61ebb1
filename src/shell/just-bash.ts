import { Bash, type IFileSystem } from 'just-bash/browser';
import { encodeUtf8 } from '../lang/index.ts';
import type { TextCall, TextResult } from './text-tools.ts';

/** Where just-bash looks for its own programs. */
const PROGRAMS = '/usr/bin/';

const missing = (path: string): Promise<never> =>
  Promise.reject(new Error(`ENOENT: no such file or directory, open '${path}'`));
const readOnly = (path: string): Promise<never> =>
  Promise.reject(new Error(`EROFS: read-only file system, open '${path}'`));

/** The files of one call: nothing can be listed or written. */
function filesOf(read: TextCall['read']): IFileSystem {
  const text = (path: string): Promise<string> => {
    const found = read(path);
    return found === undefined ? missing(path) : Promise.resolve(found);
  };
  const stat = async (path: string) => {
    const size = path.startsWith(PROGRAMS) ? 0 : (await text(path)).length;
    return { isFile: true, isDirectory: false, isSymbolicLink: false, mode: 0o755, size, mtime: new Date(0) };
  };
  return {
    ...{ readFile: text, stat, lstat: stat },
    readFileBuffer: async (path) => encodeUtf8(await text(path)),
    exists: async (path) => path.startsWith(PROGRAMS) || read(path) !== undefined,
    // The names are passed on as they are written: who reads knows the current folder.
    resolvePath: (_, path) => path,
    realpath: async (path) => path,
    getAllPaths: () => [],
    ...{ readdir: missing, readlink: missing },
    ...{ writeFile: readOnly, appendFile: readOnly, mkdir: readOnly, rm: readOnly, cp: readOnly, mv: readOnly },
    ...{ chmod: readOnly, symlink: readOnly, link: readOnly, utimes: readOnly },
  };
}

/** One program of just-bash, in a shell of its own that knows no other. */
export async function runJustBash({ name, args, stdin, read }: TextCall): Promise<TextResult> {
  const shell = new Bash({ fs: filesOf(read), commands: ['jq'], cwd: '/', env: {} });
  const { stdout, stderr, exitCode } = await shell.exec(name, { args: [...args], stdin, rawScript: true });
  return { stdout, stderr, exit: exitCode };
}
