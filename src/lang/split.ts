import { UsageError } from '../errors.ts';

/**
 * One command line cut into words as a POSIX shell would: blanks separate, single quotes keep everything,
 * double quotes all but \" \\ \$ \` and \newline, a backslash the next character. No expansion, no comments.
 * An open quote is a UsageError about the word it opens in.
 */
export function shellWords(line: string): string[] {
  const words: string[] = [];
  let at = 0;
  while (true) {
    while (isBlank(line[at]) || line.startsWith('\\\n', at)) at++;
    if (at >= line.length) return words;
    const plain = plainRun(line, at);
    const end = at + plain.length;
    if (end === line.length || isBlank(line[end])) {
      words.push(plain);
      at = end;
    } else {
      const word: string[] = [];
      at = shellWord(line, at, word, words.length);
      words.push(word.join(''));
    }
  }
}

/** A word as a shell takes it: the reverse of shellWords(). */
export function shellQuoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function isBlank(char: string | undefined): boolean {
  return char === ' ' || char === '\t' || char === '\n' || char === '\r';
}

/** The characters from `at` on that mean themselves: taken at once, a line of a megabyte stays under 100 ms. */
function plainRun(line: string, at: number): string {
  let end = at;
  while (end < line.length && isPlain(line.charCodeAt(end))) end++;
  return line.slice(at, end);
}

/** Neither blank nor quote nor backslash. */
function isPlain(code: number): boolean {
  return code > 0x20
    ? code !== 0x22 && code !== 0x27 && code !== 0x5c
    : code !== 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d;
}

/** Collects the word that begins at `at`; returns where it ends. */
function shellWord(line: string, start: number, word: string[], index: number): number {
  let at = start;
  while (at < line.length && !isBlank(line[at])) {
    const char = line[at] ?? '';
    if (char === "'") at = singleQuoted(line, at + 1, word, index);
    else if (char === '"') at = doubleQuoted(line, at + 1, word, index);
    else if (char === '\\') {
      if (line[at + 1] !== '\n') word.push(line[at + 1] ?? '\\');
      at += 2;
    } else {
      const run = plainRun(line, at);
      word.push(run);
      at += run.length;
    }
  }
  return at;
}

function singleQuoted(line: string, at: number, word: string[], index: number): number {
  const close = line.indexOf("'", at);
  if (close < 0) throw new UsageError('Unterminated quoted string', index);
  word.push(line.slice(at, close));
  return close + 1;
}

function doubleQuoted(line: string, start: number, word: string[], index: number): number {
  for (let at = start; at < line.length; at++) {
    const char = line[at] ?? '';
    if (char === '"') return at + 1;
    if (char !== '\\' || !'"\\$`\n'.includes(line[at + 1] ?? '-')) word.push(char);
    else if (line[++at] !== '\n') word.push(line[at] ?? '');
  }
  throw new UsageError('Unterminated quoted string', index);
}

/** One command of a batch file: its words, and the number (from 1) of the last line it took. */
export interface BatchLine {
  readonly line: number;
  readonly words: readonly string[];
}

/** iproute2 include/utils.h: MAX_ARGS, less the final null: more words than fit end the whole run. */
const MAX_WORDS = 511;

/**
 * iproute2 lib/utils.c: getcmdline(), makeargs() — the commands of a batch file. A `#` ends the line wherever it
 * stands, in quotes too; a backslash just before the newline joins the next line, which may not be missing; a quote
 * counts only at a word's beginning and has no escapes. Lines without words are left out.
 */
export function* batchLines(text: string): Generator<BatchLine> {
  const lines = text.split('\n');
  // What stands behind the last newline is a line only if it is something, and one that no newline ends.
  const unended = lines.length - 1;
  const count = lines[unended] === '' ? unended : lines.length;
  for (let number = 0; number < count; ) {
    const parts: string[] = [];
    let joined = true;
    while (joined) {
      if (number >= count) throw new UsageError('Missing continuation line', -1, '', 0);
      const line = lines[number] ?? '';
      const hash = line.indexOf('#');
      joined = hash < 0 && number < unended && line.endsWith('\\');
      parts.push(joined ? line.slice(0, -1) : line.slice(0, hash < 0 ? line.length : hash));
      number++;
    }
    const words = batchWords(parts.join(''));
    if (words.length > 0) yield { line: number, words };
  }
}

function batchWords(line: string): string[] {
  const words: string[] = [];
  for (let at = 0; ; ) {
    while (isBlank(line[at])) at++;
    if (at >= line.length) return words;
    if (words.length >= MAX_WORDS) throw new UsageError('Too many arguments to command', MAX_WORDS);
    const quote = line[at];
    const quoted = quote === "'" || quote === '"';
    const start = quoted ? at + 1 : at;
    let end = quoted ? line.indexOf(quote, start) : start;
    if (end < 0) throw new UsageError('Unterminated quoted string', words.length);
    if (!quoted) while (end < line.length && !isBlank(line[end])) end++;
    words.push(line.slice(start, end));
    at = end + 1;
  }
}
