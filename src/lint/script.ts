import { countOptions, endsCommand, type InputKind, kindOf, type ScriptLine, scriptLines } from '../command/index.ts';
import { matches, wordSpans } from '../lang/index.ts';
import { CLASSIFIERS } from '../sched/classifier/index.ts';
import type { Command, Span } from './command.ts';

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
  /** What the text was taken for. */
  readonly kind: InputKind;
  /** It is what tc printed, a dump or a listing: only what it lists is known, and it cannot be mended in place. */
  readonly dump: boolean;
}

/** Reads a `tc -batch` file, a shell script, a dump in JSON or a listing. Throws FormatError if a dump ends in the middle. */
export function readScript(text: string): Script {
  const kind = kindOf(text);
  const lines = [...scriptLines(text)].flatMap(withoutOptions);
  const spans = new Spans();
  return {
    muted: mutedLines(text),
    commands: lines.flatMap((line) =>
      line.words === null || line.unexpanded ? [] : [commandOf(line, line.words, spans)],
    ),
    unexpanded: lines.flatMap((line) =>
      line.words === null || !line.unexpanded ? [] : [commandOf(line, line.words, spans)],
    ),
    others: lines.filter(({ words }) => words === null),
    kind,
    dump: PRINTED.has(kind),
  };
}

const PRINTED: ReadonlySet<string> = new Set(['dump', 'listing']);

/** Without what tc is told before its object: -s, -force. A batch or a namespace of its own is somebody else's. */
function withoutOptions(line: ScriptLine): ScriptLine[] {
  const options = line.words === null ? 0 : countOptions(line.words);
  // One that tc has not stays, and tc refuses it.
  if (line.words === null || options <= 0) return [line];
  const elsewhere = line.words.slice(0, options).some((word) => /^-(?:b|n|c|V|h)/.test(word));
  if (elsewhere) return [{ ...line, words: null }];
  return [{ ...line, words: line.words.slice(options), before: line.before + options }];
}

/** Where the words of sources stand: a line with many commands is read once. */
class Spans {
  private source = '';
  private spans: readonly Span[] = [];

  of(source: string, shell: boolean): readonly Span[] {
    if (source === this.source) return this.spans;
    this.source = source;
    this.spans = [...wordSpans(source, shell)];
    return this.spans;
  }
}

function commandOf({ line, source, before, unread }: ScriptLine, words: readonly string[], all: Spans): Command {
  // Only a shell's line has a word before tc's own.
  const known = all.of(source, before > 0);
  const spans = known.slice(before, before + words.length);
  return { line, source, words, from: beginning(source, known, before), spans, unread };
}

const textAt = (source: string, { at, length }: Span): string => source.slice(at, at + length);

/** Where the shell's command begins whose word `before` is tc's first: behind the end of the one in front of it. */
function beginning(source: string, spans: readonly Span[], before: number): number {
  let first = before;
  while (first > 0 && !endsCommand(textAt(source, spans[first - 1] ?? NOWHERE))) first--;
  return spans[first]?.at ?? 0;
}

const NOWHERE: Span = { at: 0, length: 0, line: 0, column: 1 };

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

/** Where something is written in the script. Lines and columns are counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
  /** Characters. */
  readonly length: number;
  /** Where it ends: behind its last character. */
  readonly endLine: number;
  readonly endColumn: number;
}

/** Where a command's word is; the last word's end where it is missing; a word below 0 means all of them. */
export function whereIs({ line, source, spans }: Command, word: number): Place {
  const first = spans[0] ?? NOWHERE;
  const last = spans.at(-1) ?? NOWHERE;
  const end = last.at + last.length;
  if (word < 0) return placeOf(line, { ...first, length: end }, source.slice(first.at, end));
  const span = spans[word];
  if (span !== undefined) return placeOf(line, span, textAt(source, span));
  return placeOf(line, { ...last, column: last.column + last.length, length: 1 }, ' ');
}

/** `text`: what is there, which may go on over several lines. */
function placeOf(line: number, span: Span, text: string): Place {
  const at = line + span.line;
  const rows = text.split('\n');
  const before = rows.length > 1 ? 1 : span.column;
  return {
    ...{ line: at, column: span.column, length: span.length },
    endLine: at + rows.length - 1,
    endColumn: before + (rows.at(-1)?.length ?? 0),
  };
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
