import { FormatError } from '../errors.ts';
import type { Command, WordPlace } from './command.ts';

/** What tc before 2024 wrote into its JSON where a flow filter's options belong: the text that it prints otherwise. */
const BROKEN = /"options":\s*\{\s*(handle 0x[0-9a-f]+[^"{}[\]]*)/g;

/** The options that a dump shows and a command takes, in the order of the text. */
const OPTIONS = ['and', 'or', 'xor', 'rshift', 'addend', 'divisor', 'baseclass', 'perturb'] as const;

type Members = Readonly<Record<string, unknown>>;

/** The flow filters of a `tc -j filter show`, as the commands that would make them; also of the form that is no JSON. */
export function dumpCommands(text: string): Command[] {
  const repaired = text.replace(BROKEN, (whole, options: string, at: number) => {
    const comma = text[at + whole.length] === '"' ? ',' : '';
    return `"options":{"text":${JSON.stringify(options)}${comma}`;
  });
  const filters = listOf(parse(repaired)).filter(
    ({ kind, options }) => kind === 'flow' && typeof options === 'object' && options !== null,
  );
  const lines = optionLines(text);
  return filters.map((filter, i) => {
    const words = wordsOf(filter);
    const line = lines[i] ?? 1;
    const spans = spansOf(words, line);
    const source = `tc ${words.join(' ')}`;
    const place = {
      file: null,
      line,
      column: 4,
      length: source.length - 3,
      endLine: line,
      endColumn: source.length + 1,
    };
    return { file: null, line, source, words, before: 'tc', place, spans, netns: '', loops: [], mayFail: false };
  });
}

/** The lines, from 1, on which options begin. */
const optionLines = (text: string): number[] =>
  text.split('\n').flatMap((line, i) => Array.from(line.matchAll(/"options":/g), () => i + 1));

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new FormatError(json.length, 'this is not what tc -j prints: it ends early or is no JSON');
  }
}

/** Several dumps may have been put into one array. */
function listOf(dump: unknown): Members[] {
  const found: Members[] = [];
  // Not by calls of itself: a file may nest as deep as it is long.
  const waiting = [dump];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (Array.isArray(value)) for (const one of value.toReversed()) waiting.push(one);
    else if (typeof value === 'object' && value !== null) found.push(value as Members);
  }
  return found;
}

function wordsOf(filter: Members): string[] {
  const options = optionsOf(filter.options as Members);
  const words = ['filter', 'add', 'dev', text(filter.dev ?? 'dev0')];
  if (filter.parent !== undefined) words.push('parent', text(filter.parent));
  words.push('protocol', text(filter.protocol ?? 'all'));
  if (filter.pref !== undefined) words.push('pref', text(filter.pref));
  if (options.handle !== undefined) words.push('handle', text(options.handle));
  words.push('flow', text(options.mode ?? 'map'), 'keys', [options.keys].flat().map(text).join(','));
  for (const name of OPTIONS) if (options[name] !== undefined) words.push(name, text(options[name]));
  return words;
}

/** A member as a word; tc prints no objects there, whose texts might be anything. */
function text(value: unknown): string {
  if (typeof value === 'object') throw new FormatError(0, 'this is not what tc -j prints: a text or a number expected');
  return String(value).replace(/\s+/g, '');
}

/** The members of valid options, or those of the text. */
function optionsOf(options: Members): Members {
  if (typeof options.text !== 'string') return options;
  const words = options.text.trim().split(/\s+/);
  const found: Record<string, string> = {};
  for (const [i, word] of words.entries()) {
    if (word === 'map' || word === 'hash') found.mode = word;
    else if (/^[a-z]+$/.test(word)) found[word] ??= (words[i + 1] ?? '').replace(/^(\d+)sec$/, '$1');
  }
  return found;
}

/** Behind `tc `, one blank between them. */
function spansOf(words: readonly string[], line: number): WordPlace[] {
  let column = 'tc '.length + 1;
  return words.map(({ length }) => {
    const endColumn = column + length;
    const span = { file: null, line, column, length, endLine: line, endColumn, literal: false };
    column = endColumn + 1;
    return span;
  });
}
