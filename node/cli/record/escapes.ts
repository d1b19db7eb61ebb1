import { TOOLS } from './stand-in.ts';

/** A place in a script that a stand-in does not see. */
export interface Escape {
  readonly line: number;
  readonly what: string;
}

const NAMES = [...TOOLS].sort((a, b) => b.length - a.length).join('|');
const ABSOLUTE = new RegExp(`(?<![\\w.$}-])/(?:[\\w.-]+/)*(?:${NAMES})(?![\\w./-])`, 'g');
/** A new PATH that does not keep the old one in front. */
const NEW_PATH = /(?<![\w$])PATH=(?!["']?\$\{?PATH\b)/;

/** Tools called by absolute path, and places where the script leaves our PATH, as far as its text tells. */
export function escapes(script: string): Escape[] {
  return script.split('\n').flatMap((text, index) => {
    if (/^\s*#/.test(text)) return [];
    const line = index + 1;
    const tools = [...text.matchAll(ABSOLUTE)].map(([path]) => ({ line, what: path }));
    return NEW_PATH.test(text) ? [...tools, { line, what: 'a PATH of its own' }] : tools;
  });
}
