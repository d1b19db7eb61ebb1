import { type Field, fieldOf } from './shell.ts';

/** How xargs cuts its input. */
interface XargsOptions {
  readonly most: number | null;
  readonly lines: number | null;
  readonly replaced: string | null;
  readonly delimiter: string | null;
  readonly isEmptyRun: boolean;
  readonly command: readonly Field[];
}

/** The commands that xargs runs, with what it read as words; null: an option that is not simulated. */
export function xargsCommands(fields: readonly Field[], input: string): (readonly Field[])[] | null {
  const options = optionsOf(fields);
  if (options === null) return null;
  const { most, lines, replaced, delimiter, command, isEmptyRun } = options;
  const words = command.length === 0 ? [fieldOf('echo')] : command;
  if (replaced !== null) {
    const rows = (delimiter === null ? input.split('\n') : input.split(delimiter))
      .map((row) => row.trim())
      .filter((row) => row !== '');
    return rows.map((row) => words.map((field) => inserted(field, replaced, unquoted(row))));
  }
  const rows =
    delimiter === null ? input.split('\n').map(wordsOf) : [input.split(delimiter).filter((item) => item !== '')];
  const items = rows.filter((row) => row.length > 0);
  if (items.length === 0) return isEmptyRun ? [words] : [];
  const groups = lines === null ? cut(items.flat(), most) : cut(items, lines).map((group) => group.flat());
  return groups.map((group) => [...words, ...group.map(fieldOf)]);
}

function inserted(field: Field, mark: string, text: string): Field {
  return field.text.includes(mark) ? { ...field, text: field.text.split(mark).join(text), literal: false } : field;
}

function optionsOf(fields: readonly Field[]): XargsOptions | null {
  const options = { most: null as number | null, lines: null as number | null, replaced: null as string | null };
  let delimiter: string | null = null;
  let isEmptyRun = true;
  let at = 0;
  for (; /^-./.test(fields[at]?.text ?? ''); at++) {
    const [, letter = '', glued = ''] = /^-(\w)([\s\S]*)$/.exec(fields[at]?.text ?? '') ?? [];
    const value = (): string => (glued === '' ? (fields[++at]?.text ?? '') : glued);
    if (letter === 'n') options.most = Number(value());
    else if (letter === 'L') options.lines = Number(value());
    else if (letter === 'I') options.replaced = value();
    else if (letter === 'i') options.replaced = glued === '' ? '{}' : glued;
    else if (letter === 'd') delimiter = value().replace('\\n', '\n').replace('\\0', '\0').replace('\\t', '\t');
    else if (letter === '0') delimiter = '\0';
    else if (letter === 'P' || letter === 's' || letter === 'a') value();
    else if (letter === 'r') isEmptyRun = false;
    else if (letter !== 't' && letter !== 'x') return null;
  }
  return { ...options, delimiter, isEmptyRun, command: fields.slice(at) };
}

function cut<T>(items: readonly T[], most: number | null): T[][] {
  if (most === null || !(most > 0)) return [[...items]];
  return Array.from({ length: Math.ceil(items.length / most) }, (_, i) => items.slice(i * most, (i + 1) * most));
}

/** Blanks separate words; quotes and backslashes hold them together. */
const wordsOf = (line: string): string[] =>
  (line.match(/(?:"[^"]*"|'[^']*'|\\[\s\S]|[^\s"'\\])+/g) ?? []).map(unquoted);

const unquoted = (text: string): string =>
  text.replace(/"([^"]*)"|'([^']*)'|\\([\s\S])/g, (_, a?: string, b?: string, c?: string) => a ?? b ?? c ?? '');
