import { shellQuoted } from '../lang/index.ts';
import type { Command, FilePlace, WordPlace } from './command.ts';
import type { Edit } from './edit.ts';

/** Text that is put in place of other text. Lines and columns are counted from 1; the end is behind what goes. */
export interface TextEdit extends Omit<FilePlace, 'length'> {
  readonly text: string;
}

/** Word edits as changes of the text, the first place first; null: a variable made the words, or nothing did. */
export function textEdits(command: Command, edits: readonly Edit[]): TextEdit[] | null {
  const found: TextEdit[] = [];
  for (const edit of edits.toReversed().sort((a, b) => a.at - b.at)) {
    const next = textEdit(command, edit);
    if (next === null) return null;
    const before = found.at(-1);
    // Several at one place are one change.
    if (before !== undefined && startOf(before) === startOf(next)) {
      found[found.length - 1] = { ...next, text: before.text + next.text };
    } else found.push(next);
  }
  return found;
}

/** A place's beginning, as a key. */
export const startOf = ({ file, line, column }: Omit<FilePlace, 'length'>): string => `${line}:${column} ${file ?? ''}`;

function textEdit({ spans }: Command, { at, remove, insert }: Edit): TextEdit | null {
  const inserted = insert.map(shellQuoted).join(' ');
  if (at >= spans.length) {
    const last = spans.at(-1) ?? null;
    return last === null ? null : { ...emptyAt(last.file, last.endLine, last.endColumn), text: ` ${inserted}` };
  }
  const first = spans[at] ?? null;
  if (first === null) return null;
  if (remove > 0) {
    const range = rangeOf(spans.slice(at, at + remove));
    return range === null ? null : { ...range, text: inserted };
  }
  // One variable made both words: nothing can stand between them.
  const before = spans[at - 1] ?? null;
  if (before !== null && startOf(before) === startOf(first)) return null;
  return { ...emptyAt(first.file, first.line, first.column), text: `${inserted} ` };
}

const emptyAt = (file: string | null, line: number, column: number): Omit<TextEdit, 'text'> => ({
  ...{ file, line, column },
  ...{ endLine: line, endColumn: column },
});

/** From the first word to the last, where they stand there themselves with nothing but blanks between them. */
function rangeOf(words: readonly (WordPlace | null)[]): Omit<TextEdit, 'text'> | null {
  const [first = null] = words;
  const last = words.at(-1) ?? null;
  if (first === null || last === null || !words.every((word, i) => isEditable(word, words[i - 1]))) return null;
  const { file, line, column } = first;
  const { endLine, endColumn } = last;
  return { file, line, column, endLine, endColumn };
}

/** Room for a variable that came to nothing, with a blank on either side. */
const VARIABLE = ' $x '.length;

function isEditable(word: WordPlace | null, before: WordPlace | null | undefined): boolean {
  if (word?.literal !== true) return false;
  if (!before) return true;
  return before.file === word.file && before.endLine === word.line && word.column - before.endColumn < VARIABLE;
}

/** Where the lines of a text begin. */
class Lines {
  private readonly starts: readonly number[];

  constructor(text: string) {
    this.starts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
  }

  offset(line: number, column: number): number {
    return (this.starts[line - 1] ?? 0) + column - 1;
  }
}

/** Lists of changes that can all be made: of two that would change the same text, the first counts. */
export function compatible(lists: readonly (readonly TextEdit[])[]): (readonly TextEdit[])[] {
  const taken = new Map<string, TextEdit>();
  return lists.filter((list) => {
    const others = list.map((edit) => taken.get(startOf(edit)));
    if (others.some((other, i) => other !== undefined && !isSame(other, list[i]))) return false;
    for (const edit of list) taken.set(startOf(edit), edit);
    return true;
  });
}

const isSame = (a: TextEdit, b: TextEdit | undefined): boolean =>
  a.endLine === b?.endLine && a.endColumn === b.endColumn && a.text === b.text;

/** The changes of one file, the first place first, each once; of two that overlap, the first. */
export function apart(changes: readonly TextEdit[]): TextEdit[] {
  const sorted = [...changes].sort((a, b) => a.line - b.line || a.column - b.column);
  const found: TextEdit[] = [];
  for (const change of sorted) {
    const before = found.at(-1);
    const isFree = before === undefined || (startOf(before) !== startOf(change) && isBehind(change, before));
    if (isFree) found.push(change);
  }
  return found;
}

const isBehind = ({ line, column }: TextEdit, { endLine, endColumn }: TextEdit): boolean =>
  line > endLine || (line === endLine && column >= endColumn);

/** A file's text with such changes made. The rest stays as it was written. */
export function changed(text: string, changes: readonly TextEdit[]): string {
  const lines = new Lines(text);
  const parts: string[] = [];
  let at = 0;
  for (const { line, column, endLine, endColumn, text: put } of changes) {
    parts.push(text.slice(at, lines.offset(line, column)), put);
    at = lines.offset(endLine, endColumn);
  }
  return [...parts, text.slice(at)].join('');
}
