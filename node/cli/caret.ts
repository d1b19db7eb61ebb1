import { escapeText, shellQuoted } from '../../src/lang/index.ts';

/** A line as the user wrote it, and the part of it that is wrong. */
export interface Caret {
  readonly line: string;
  readonly at: number;
  readonly length: number;
}

/** Words shown on either side of the wrong one: command lines with hundreds of files stay readable. */
const NEIGHBOURS = 4;

const printed = (text: string): number => escapeText(text).length;

/** The line, and `^^^^` below what is wrong. */
export function caretText({ line, at, length }: Caret): string {
  const indent = ' '.repeat(printed(line.slice(0, at)));
  return `  ${escapeText(line)}\n  ${indent}${'^'.repeat(Math.max(1, printed(line.slice(at, at + length))))}`;
}

/** Where the words of a shell command line begin and end. */
function wordSpans(line: string): { at: number; length: number }[] {
  const words = line.matchAll(/(?:'[^']*'?|"(?:\\.|[^"\\])*"?|\\.|[^\s'"\\])+/gs);
  return [...words].map((match) => ({ at: match.index, length: match[0].length }));
}

/**
 * The `index`-th word of a text that an option was given, shown behind the option; narrowed to `part` where the word
 * holds it. A word that is missing is behind the last.
 */
export function caretInValue(option: string, value: string, index: number, part = ''): Caret {
  const quote = /[\s'"\\]/.test(value) || value === '' ? "'" : '';
  const line = `${option} ${quote}${value}${quote}`;
  const start = option.length + 1 + quote.length;
  const spans = wordSpans(value);
  const whole = index < 0 ? { at: 0, length: value.length } : (spans[index] ?? { at: value.length + 1, length: 1 });
  const inner = part === '' ? -1 : value.slice(whole.at, whole.at + whole.length).indexOf(part);
  const span = inner < 0 ? whole : { at: whole.at + inner, length: part.length };
  return { line, at: start + span.at, length: span.length };
}

/** The `index`-th argument of the whole command line, between its neighbours. */
export function caretInCommand(argv: readonly string[], index: number): Caret {
  const first = Math.max(0, index - NEIGHBOURS);
  const words = argv.slice(first, index + NEIGHBOURS + 1).map(shellQuoted);
  const before = ['cls-flow', ...(first > 0 ? ['…'] : []), ...words.slice(0, index - first)].join(' ');
  const after = index + NEIGHBOURS + 1 < argv.length ? ' …' : '';
  const line = `cls-flow${first > 0 ? ' …' : ''} ${words.join(' ')}${after}`;
  return { line, at: before.length + 1, length: words[index - first]?.length ?? 1 };
}
