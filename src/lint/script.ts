import { countOptions, type ScriptLine, scriptLines } from '../command/index.ts';
import { matches } from '../lang/index.ts';
import { CLASSIFIERS } from '../sched/classifier/index.ts';
import type { Command } from './command.ts';
import { dumpCommands } from './dump.ts';

export type { Command, Span } from './command.ts';

/** A script, read but not run. */
export interface Script {
  readonly commands: readonly Command[];
  /** Lines with tc commands that hold variables. */
  readonly unexpanded: readonly Command[];
  /** Lines that are no tc commands. */
  readonly others: readonly ScriptLine[];
  /** Codes that a comment silences, by line. */
  readonly muted: ReadonlyMap<number, ReadonlySet<string>>;
  /** It is what `tc -j … show` printed: only what it lists is known, and it cannot be mended in place. */
  readonly dump: boolean;
}

/** Reads a `tc -batch` file, a shell script or a dump in JSON. Throws FormatError if a dump ends in the middle. */
export function readScript(text: string): Script {
  const nothing = { unexpanded: [], others: [], muted: mutedLines(text) };
  if (/^\s*\[/.test(text)) return { ...nothing, commands: dumpCommands(text), dump: true };
  const lines = [...scriptLines(text)].flatMap(withoutOptions);
  const spans = new Spans();
  return {
    ...nothing,
    commands: lines.flatMap((line) =>
      line.words === null || line.unexpanded ? [] : [commandOf(line, line.words, spans)],
    ),
    unexpanded: lines.flatMap((line) =>
      line.words === null || !line.unexpanded ? [] : [commandOf(line, line.words, spans)],
    ),
    others: lines.filter(({ words }) => words === null),
    dump: false,
  };
}

/** Without what tc is told before its object: -s, -force. A batch or a namespace of its own is somebody else's. */
function withoutOptions(line: ScriptLine): ScriptLine[] {
  const options = line.words === null ? 0 : countOptions(line.words);
  // One that tc has not stays, and tc refuses it.
  if (line.words === null || options <= 0) return [line];
  const elsewhere = line.words.slice(0, options).some((word) => /^-(?:b|n|c|V|h)/.test(word));
  if (elsewhere) return [{ ...line, words: null }];
  return [{ ...line, words: line.words.slice(options), before: line.before + options }];
}

const WORD = /(?:'[^']*'?|"(?:\\[\s\S]|[^"\\])*"?|\\(?!\n)[\s\S]|[^\s'"\\])+/g;

/** Where the words of sources stand: a line with many commands is read once. */
class Spans {
  private source = '';
  private spans: Command['spans'] = [];

  of(source: string): Command['spans'] {
    if (source === this.source) return this.spans;
    this.source = source;
    this.spans = [...source.matchAll(WORD)].map((match) => ({ at: match.index, length: match[0].length }));
    return this.spans;
  }
}

function commandOf({ line, source, before }: ScriptLine, words: readonly string[], all: Spans): Command {
  const spans = all.of(source).slice(before, before + words.length);
  // The shell's semicolon sticks to the last word.
  const own = spans.map((span, i) =>
    source.slice(span.at, span.at + span.length) === `${words[i]};` ? { ...span, length: span.length - 1 } : span,
  );
  return { line, source, words, spans: own };
}

/** `# cls-flow: ignore FT011, FT016` silences its own line, and the next one if it stands alone. */
function mutedLines(text: string): Map<number, Set<string>> {
  const muted = new Map<number, Set<string>>();
  for (const [i, line] of text.split('\n').entries()) {
    const codes = /#\s*cls-flow:\s*ignore\s+([\w, ]+)/.exec(line)?.[1]?.split(/[\s,]+/);
    if (codes === undefined) continue;
    const alone = /^\s*#/.test(line);
    muted.set(i + (alone ? 2 : 1), new Set([...(muted.get(i + 1) ?? []), ...codes]));
  }
  return muted;
}

/** Line and column (both from 1) of a command's word, and how long it is; the last word's end where it is missing. */
export function whereIs(
  { line, source, spans }: Command,
  word: number,
): { line: number; column: number; length: number } {
  const last = spans.at(-1);
  const end = last === undefined ? 0 : last.at + last.length;
  const { at, length } = word < 0 ? { at: spans[0]?.at ?? 0, length: end } : (spans[word] ?? { at: end, length: 1 });
  const before = source.slice(0, at).split('\n');
  return { line: line + before.length - 1, column: (before.at(-1) ?? '').length + 1, length };
}

/** Index of the word behind a keyword that stands before the filter's kind; -1: it is not there. */
export function argument({ words }: Command, keyword: string, from = 2): number {
  const kind = words.indexOf('flow', 2);
  const end = kind < 0 ? words.length : kind;
  const at = words.findIndex((word, i) => i >= from && i < end && word === keyword);
  return at < 0 ? -1 : at + 1;
}

/** Index of the word that names the kind of a filter; -1: none does. */
export function filterKind({ words }: Command): number {
  return words.findIndex(
    (word, i) => i >= 2 && words[i - 1] !== 'dev' && CLASSIFIERS.some(({ kind }) => kind === word),
  );
}

/** Index of the word behind one of flow's own keywords, cut short or not; -1: it is not there. */
export function flowArgument({ words }: Command, keyword: string): number {
  const kind = words.indexOf('flow', 2);
  const at = kind < 0 ? -1 : words.findIndex((word, i) => i > kind && matches(word, keyword) && word.length > 1);
  return at < 0 ? -1 : at + 1;
}
