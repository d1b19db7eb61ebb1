import type { Machine, ShellFiles, Tool, ToolAnswer, ToolCall } from '../../src/shell/tool.ts';
import { TOOLS } from '../../src/shell/tools/index.ts';

const PLACE = { file: 'qos.sh', line: 1, column: 1, endLine: 1, endColumn: 2, from: 0, to: 1 };

/** Files in memory; a folder is what a file's path goes through, or what was made. */
export function memoryFiles(given: Readonly<Record<string, string>> = {}): ShellFiles {
  const texts = new Map(Object.entries(given));
  const folders = new Set<string>();
  const under = (path: string): string[] => [...texts.keys()].filter((one) => one.startsWith(`${path}/`));
  return {
    read: (path) => texts.get(path),
    write: (path, text) => void texts.set(path, text),
    append: (path, text) => void texts.set(path, (texts.get(path) ?? '') + text),
    remove: (path) => {
      folders.delete(path);
      for (const one of [path, ...under(path)]) texts.delete(one);
    },
    makeFolder: (path) => void folders.add(path),
    is: (path) => {
      if (texts.has(path)) return { kind: 'file', known: true };
      return folders.has(path) || under(path).length > 0
        ? { kind: 'folder', known: true }
        : { kind: null, known: false };
    },
    list: (path) => [...new Set(under(path).map((one) => one.slice(path.length + 1).split('/')[0] ?? ''))],
  };
}

/** A host on which nothing was done; tc knows of nothing. */
export function idleMachine(device = 'eth0'): Machine {
  const answers = { tc: () => ({ exit: 0, stdout: '', stderr: '' }) };
  return { answers, device, links: new Map(), kept: new Map() };
}

/** What a program answers to a line; words are cut at spaces. `stdin` and the rest as the call has them. */
export type Run = (line: string, more?: Partial<ToolCall>) => ToolAnswer;

/** A host that answers one line after another. */
export function host(machine: Machine = idleMachine(), files: ShellFiles = memoryFiles()): Run {
  return (line, more = {}) => {
    const [name = '', ...args] = line.split(' ').filter((word) => word !== '');
    const tool = TOOLS.get(name) as Tool;
    const words = args.map((text) => ({ text, place: null, literal: true }));
    const call = { name, args, words, stdin: '', netns: '', place: PLACE, env: () => undefined, files };
    return tool({ ...call, ...more }, machine) as ToolAnswer;
  };
}
