import {
  countOptions,
  endsCommand,
  type InputKind,
  kindOf,
  namespaceOption,
  type ScriptLine,
  scriptLines,
} from '../command/index.ts';
import { matches, type Span, wordSpans } from '../lang/index.ts';
import { recordedTools } from '../netfilter/index.ts';
import { CLASSIFIERS } from '../sched/classifier/index.ts';
import type { Simulated } from '../shell/index.ts';
import { type Command, type FilePlace, type ToolLine, whereIs } from './command.ts';

export { type Command, type FilePlace, type Place, type ToolLine, type WordPlace, whereIs } from './command.ts';

/** A script, read but not run. */
export interface Script {
  readonly kind: InputKind;
  readonly commands: readonly Command[];
  /** tc commands whose words are not known: they hold variables. */
  readonly unexpanded: readonly Command[];
  /** tc commands whose words are known and that no run reached: they are judged by themselves. */
  readonly unreached: readonly Command[];
  /** tc commands that could not be judged. */
  readonly unchecked: readonly UncheckedAt[];
  /** What is no tc command. */
  readonly others: readonly OtherLine[];
  /** Commands of other tools that set the network up, as a simulated run gave them or a recording tells them. */
  readonly tools: readonly ToolLine[];
  /** Codes that a comment silences, by file (null: the script itself) and line. */
  readonly muted: Muted;
  /** It is what tc printed, a dump or a listing: only what it lists is known, and it cannot be mended in place. */
  readonly dump: boolean;
  /** The script itself (null) and the files that it reads. */
  readonly texts: ReadonlyMap<string | null, string>;
  /** The run that the commands come from; null: they were read from the text. */
  readonly simulated: Simulated | null;
  /** Where that run ends before the script's end; null: it does not, or we stopped it. */
  readonly ended: ScriptEnd | null;
}

/** Where a script dies. */
export interface ScriptEnd {
  /** The tc command that failed; another command, with words that nobody knows. */
  readonly command: Command;
  readonly why: string;
  /** The shell cannot read on. */
  readonly isSyntax: boolean;
  /** The variable that has no value; null: something else is wrong. */
  readonly variable: string | null;
  /** tc commands that are never run because of it. */
  readonly lost: number;
}

export interface UncheckedAt extends FilePlace {
  readonly why: string;
}

/** A line that is no tc command. */
export interface OtherLine {
  /** As written, or as it was run. */
  readonly source: string;
  /** Namespace that it was run in; null: nobody knows. */
  readonly netns: string | null;
}

export type Muted = ReadonlyMap<string | null, ReadonlyMap<number, ReadonlySet<string>>>;

/** Reads a `tc -batch` file, a shell script or a dump in JSON. Throws FormatError if a dump ends in the middle. */
export function readScript(text: string): Script {
  const texts = new Map([[null, text]]);
  const nothing = {
    unexpanded: [],
    unreached: [],
    unchecked: [],
    others: [],
    tools: recordedTools(text),
    muted: mutedIn(texts),
    simulated: null,
    ended: null,
  };
  const lines = [...scriptLines(text)];
  const spans = new Spans();
  const commands: Command[] = [];
  const unexpanded: Command[] = [];
  const others: OtherLine[] = [];
  for (const line of lines) {
    const command = commandOf(line, spans);
    if (command === null) others.push({ source: line.source, netns: null });
    else (line.unexpanded ? unexpanded : commands).push(command);
  }
  const unchecked = unexpanded.map((command) => ({
    ...whereIs(command, -1),
    why: command.unread ?? 'it holds variables',
  }));
  const kind = kindOf(text);
  return { ...nothing, kind, commands, unexpanded, unchecked, others, dump: PRINTED.has(kind), texts };
}

const PRINTED: ReadonlySet<string> = new Set(['dump', 'listing']);

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

/** null: it is no tc command. */
function commandOf({ line, source, words: all, before, unread }: ScriptLine, sources: Spans): Command | null {
  const own = all === null ? null : ownWords(all);
  if (all === null || own === null) return null;
  // Only a shell's line has a word before tc's own.
  const known = sources.of(source, before > 0);
  const words = all.slice(own.options);
  const first = before + own.options;
  const spans = known.slice(first, first + words.length);
  const from = beginning(source, known, first);
  return {
    ...{ file: null, line, source, words, loops: [], mayFail: false, unread },
    spans: spans.map((span) => ({ ...placeOf(line, source, span), literal: true })),
    before: source.slice(from, spans[0]?.at ?? source.length).trim(),
    place: placeOf(line, source, wholeOf(spans) ?? known[first - 1] ?? NOWHERE),
    netns: own.netns || execNamespace(source, known, before - 1),
  };
}

/** Options that only change what is printed are nobody's business: -s, -force. A batch is another file. */
const ELSEWHERE = /^-(?:b|c|na|nm|V|h)/;

/** Words behind tc's own options; null: what they do is written elsewhere. */
export function ownWords(all: readonly string[]): { readonly options: number; readonly netns: string } | null {
  // One that tc has not stays, and tc refuses it.
  const options = Math.max(0, countOptions(all));
  if (all.slice(0, options).some((word) => ELSEWHERE.test(word))) return null;
  return { options, netns: namespaceOption(all) };
}

/** From the first word to the last; null: there are none. */
function wholeOf(spans: readonly Span[]): Span | null {
  const [first] = spans;
  const last = spans.at(-1);
  return first === undefined || last === undefined ? null : { ...first, length: last.at + last.length - first.at };
}

const textAt = (source: string, { at, length }: Span): string => source.slice(at, at + length);

/** Of `ip netns exec NAME tc …`; `tc`: which word that is. */
function execNamespace(source: string, spans: readonly Span[], tc: number): string {
  const wordAt = (at: number): string => textAt(source, spans[at] ?? NOWHERE).replaceAll(/["']/g, '');
  let at = tc - 1;
  while (wordAt(at) === 'sudo') at--;
  return matches(wordAt(at - 2), 'netns') && matches(wordAt(at - 1), 'exec') ? wordAt(at) : '';
}

/** Where the shell's command begins whose word `before` is tc's first: behind the end of the one in front of it. */
function beginning(source: string, spans: readonly Span[], before: number): number {
  let first = before;
  while (first > 0 && !endsCommand(textAt(source, spans[first - 1] ?? NOWHERE))) first--;
  return spans[first]?.at ?? 0;
}

const NOWHERE: Span = { at: 0, length: 0, line: 0, column: 1 };

/** `line`: the one that the source begins on. What is there may go on over several lines. */
function placeOf(line: number, source: string, span: Span): FilePlace {
  const text = textAt(source, span);
  const rows = text.includes('\n') ? text.split('\n') : [text];
  const before = rows.length > 1 ? 1 : span.column;
  const at = line + span.line;
  return {
    ...{ file: null, line: at, column: span.column, length: span.length },
    endLine: at + rows.length - 1,
    endColumn: before + (rows.at(-1)?.length ?? 0),
  };
}

/** The codes that comments silence in each text. */
export function mutedIn(texts: ReadonlyMap<string | null, string>): Muted {
  return new Map(Array.from(texts, ([file, text]) => [file, mutedLines(text)]));
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

/** A comment silences the code where the command begins, or at this line of it. */
export function isMuted({ muted }: Script, code: string, { file, line }: Command, at = line): boolean {
  const lines = muted.get(file);
  return [line, at].some((one) => lines?.get(one)?.has(code));
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
