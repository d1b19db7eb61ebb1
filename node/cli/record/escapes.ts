import { TOOLS } from './stand-in.ts';

/** A place in a script that a stand-in in PATH does not see. */
export interface Escape {
  readonly line: number;
  readonly what: string;
  /** Where the tools lie that would be run. */
  readonly folders: readonly string[];
}

const NAMES = [...TOOLS].sort((a, b) => b.length - a.length).join('|');
const ABSOLUTE = new RegExp(`(?<![\\w.$}-])(/(?:[\\w.-]+/)*)(?:${NAMES})(?![\\w./-])`, 'g');
/** A new PATH that does not keep the old one in front. */
const NEW_PATH = /(?<![\w$])PATH=(?!["']?\$\{?PATH\b)([^\s;]*)/;

/** Tools called by absolute path, and places where the script leaves our PATH, as far as its text tells. */
export function escapes(script: string): Escape[] {
  return script.split('\n').flatMap((text, index) => {
    if (/^\s*#/.test(text)) return [];
    const line = index + 1;
    const tools = [...text.matchAll(ABSOLUTE)].map(([what, folder = '/']) => ({ line, what, folders: [folder] }));
    const path = NEW_PATH.exec(text)?.[1];
    if (path === undefined) return tools;
    return [...tools, { line, what: 'a PATH of its own', folders: path.match(/(?:\/[\w.-]+)+/g) ?? [] }];
  });
}
