import type { Found } from './regex.ts';
import { Unsupported } from './tool.ts';

/** A quantified group with a quantifier inside may take for ever. */
const NESTED = /\([^()]*[*+}][^()]*\)[*+{]/;
/** Perl's, and not JavaScript's. */
const FOREIGN = /[*+?}]\+|\(\?[>PRC|#&0-9]|\\[hHRQEGXzZAN]|\(\*/;
const CLASSES: Readonly<Record<string, string>> = {
  digit: '0-9',
  alpha: 'A-Za-z',
  alnum: 'A-Za-z0-9',
  space: '\\s',
  blank: ' \\t',
  upper: 'A-Z',
  lower: 'a-z',
  xdigit: '0-9A-Fa-f',
};

/** What stands before `\K` is looked for, but is no part of the match. */
function withoutKept(pattern: string): string {
  const [before = '', behind, more] = pattern.split('\\K');
  if (behind === undefined) return pattern;
  if (more !== undefined || pattern.includes('|')) throw new Unsupported(`the pattern '${pattern}'`);
  return `(?<=${before})${behind}`;
}

/** Perl's expressions, as far as JavaScript has the same. */
export class PerlRegex {
  readonly #re: RegExp;

  constructor(pattern: string, ignoreCase: boolean) {
    if (NESTED.test(pattern) || FOREIGN.test(pattern)) throw new Unsupported(`the pattern '${pattern}'`);
    const plain = withoutKept(pattern)
      .replace(/\[:([a-z]+):\]/g, (all, name: string) => CLASSES[name] ?? all)
      // JavaScript refuses a backslash where none is needed.
      .replace(/\\([^\w\s^$\\.*+?()[\]{}|/-])/g, '$1');
    try {
      this.#re = new RegExp(plain, ignoreCase ? 'giu' : 'gu');
    } catch {
      throw new Unsupported(`the pattern '${pattern}'`);
    }
  }

  test(text: string): boolean {
    return this.exec(text) !== null;
  }

  exec(text: string, from = 0): Found | null {
    this.#re.lastIndex = from;
    const match = this.#re.exec(text);
    if (match === null) return null;
    return { from: match.index, to: match.index + match[0].length, text: match[0], groups: [...match] };
  }
}
