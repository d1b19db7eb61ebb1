import { FormatError, UsageError } from '../errors.ts';
import type { Netns } from '../kernel/index.ts';
import { batchLines, shellQuoted, shellWords, wordSpans } from '../lang/index.ts';
import { runAssumed, type Trial } from './assumed.ts';
import { type Judged, judge, type Onlooker } from './emulated.ts';
import { isBatchLine, kindOf, listedCommands } from './listed/index.ts';
import type { Transport } from './process.ts';
import { type Answer, OBJECTS, runTc } from './tc.ts';

/** A command of a script that was run, and what tc said of it. */
export interface ScriptAnswer extends Answer {
  /** Line of the script, counted from 1. */
  readonly line: number;
  readonly words: readonly string[];
  readonly mayFail?: boolean;
}

export interface ScriptRun {
  readonly answers: readonly ScriptAnswer[];
  /** Lines with tc commands that hold variables or substitutions, which nobody here expands. */
  readonly unexpanded: readonly number[];
  /** Of what tc printed (a dump, a listing), what could not be read. */
  readonly unread: readonly { readonly line: number; readonly why: string }[];
  /** How many lines are no tc commands. */
  readonly others: number;
}

/** A script that was run in an emulated kernel. */
export interface ScriptSetup extends ScriptRun {
  readonly netns: Netns;
  /** tc lines that were run before the script, since it builds on what they make. */
  readonly assumed: readonly string[];
  /** Those of them that the script has not replaced: results may rest on what they make. */
  readonly standing: readonly string[];
}

/** `tc`, /sbin/tc, $TC, "${tc}" — with or without sudo. */
const TC = /^(?:(?:\S*\/)?tc|\$\{?tc\}?)$/i;
/** They only talk about tc. */
const SPEAKERS = new Set(['echo', 'printf', 'logger']);
/** Where one command of a shell line ends: what follows is somebody else's. */
const SHELL_END = /^(?:;;?|&&?|\|[|&]?|\d*[<>].*|&>>?|#.*)$/;

/** One logical line of a script: lines joined where a backslash ends them; blank ones and comments are left out. */
export interface ScriptLine {
  /** Line it begins on, counted from 1. */
  readonly line: number;
  /** As written, continuation lines with their line feeds. */
  readonly source: string;
  /** What follows `tc`, or the words of a batch line, up to where the shell takes over; null: no tc command. */
  readonly words: readonly string[] | null;
  /** How many words of the line stand before them: sudo, tc. */
  readonly before: number;
  /** The words hold variables or substitutions, which nobody here expands, or the line could not be read. */
  readonly unexpanded: boolean;
  /** Of what tc prints (a dump, a listing): what of the line could not be read; null: all could. */
  readonly unread: string | null;
}

/** How a text is read. */
export interface Reading {
  /** The device of a dump or listing that names none. */
  readonly nameless?: string | undefined;
}

/** A script's tc commands: its text, or what a simulated run of it gave. */
export type ScriptCommands = string | ReadCommands;

/** The commands, in the order in which they are run. */
export interface ReadCommands {
  readonly commands: readonly ReadCommand[];
  /** Lines with tc commands whose words are not known. */
  readonly unexpanded: readonly number[];
  /** Of what tc printed (a dump, a listing), what could not be read. */
  readonly unread: readonly { readonly line: number; readonly why: string }[];
  /** How many lines are no tc commands. */
  readonly others: number;
}

export interface ReadCommand {
  /** Line of the script, counted from 1. */
  readonly line: number;
  readonly words: readonly string[];
  /** The script expects that it may be refused. */
  readonly mayFail?: boolean;
}

/**
 * Runs a script's tc commands, one after the other, against whoever answers: a `tc -batch` file, or the literal tc
 * lines of a shell script. Nothing else of a shell script is done: no variables, no loops, no other program.
 */
export function runScript(script: ScriptCommands, transport: Transport): ScriptRun {
  const { commands, ...rest } = commandsIn(script);
  return { answers: commands.map((command) => ({ ...command, ...runTc(command.words, { transport }) })), ...rest };
}

/**
 * The same in an emulated kernel that holds what the script builds on and does not make (runAssumed()). `fresh` makes
 * the kernel as it is before the script, once for each time that the script is run to find that out.
 */
export function setUpScript(
  script: ScriptCommands,
  fresh: () => Netns,
  onlooker: Onlooker = {},
  reading: Reading = {},
): ScriptSetup {
  const { commands, ...rest } = commandsIn(script, reading);
  const { trial, assumed, standing } = runAssumed(commands, () => new Run(fresh(), onlooker));
  return { netns: trial.netns, answers: [...trial.answers.values()], assumed, standing, ...rest };
}

/** The tc commands of a script. */
export function commandsIn(script: ScriptCommands, reading: Reading = {}): ReadCommands {
  return typeof script === 'string' ? commandsInText(script, reading) : script;
}

function commandsInText(text: string, reading: Reading): ReadCommands {
  const commands: ReadCommand[] = [];
  const unexpanded: number[] = [];
  const unread: { line: number; why: string }[] = [];
  let others = 0;
  for (const { line, words, unexpanded: open, unread: why } of scriptLines(text, reading)) {
    if (words === null) others++;
    else if (why !== null) unread.push({ line, why });
    else if (open) unexpanded.push(line);
    else commands.push({ line, words });
  }
  return { commands, unexpanded, unread, others };
}

/** The kernel that a script is run in, and what tc said of each command. */
class Run implements Trial<ReadCommand> {
  readonly netns: Netns;
  readonly answers = new Map<ReadCommand, ScriptAnswer>();
  readonly assume: (words: readonly string[]) => Judged;

  constructor(netns: Netns, onlooker: Onlooker) {
    this.netns = netns;
    this.assume = judge(netns, onlooker);
  }

  run(command: ReadCommand): Judged {
    const { refusal, ...answer } = this.assume(command.words);
    this.answers.set(command, { ...command, ...answer });
    return { refusal, ...answer };
  }
}

/**
 * The lines of a `tc -batch` file or of a shell script, not run; a line with several tc commands comes several times. Of what
 * tc prints (`tc -j … show`, `tc … show`) the commands that make the same. Throws FormatError where a text is neither.
 */
export function* scriptLines(text: string, { nameless }: Reading = {}): Generator<ScriptLine> {
  const kind = kindOf(text);
  if (kind === 'binary') throw new FormatError(text.indexOf('\0'), 'this is no text: it holds a NUL');
  if (kind === 'dump' || kind === 'listing') {
    yield* listedLines(text, kind, nameless);
    return;
  }
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const line = at + 1;
    const from = at;
    while (lines[at]?.endsWith('\\') && at + 1 < lines.length) at++;
    const source = lines.slice(from, at + 1).join('\n');
    if (/^\s*(?:#|$)/.test(source)) continue;
    const commands = commandsOf(source.replaceAll('\\\n', '  '));
    if (commands.length === 0) yield { line, source, words: null, before: 0, unexpanded: false, unread: null };
    for (const { words, before, open } of commands) {
      yield { line, source, words, before, unexpanded: open, unread: null };
    }
  }
}

/** Commands that stand nowhere: their source is written as a shell would take it. */
function* listedLines(text: string, kind: 'dump' | 'listing', nameless: string | undefined): Generator<ScriptLine> {
  for (const { line, words, unread, noun } of listedCommands(text, kind, nameless)) {
    const made = words ?? [noun, 'add'];
    const source = `tc ${made.map(shellQuoted).join(' ')}`;
    yield { line, source, words: made, before: 1, unexpanded: words === null, unread };
  }
}

interface Part {
  readonly words: readonly string[];
  readonly before: number;
  /** A variable or a substitution is in its words. */
  readonly open: boolean;
}

/** The words of a batch line, or what follows each `tc` on a shell line. */
function commandsOf(line: string): Part[] {
  if (isBatchLine(line)) {
    return [{ words: batch(line), before: 0, open: writtenWords(line, false).some(isOpen) }];
  }
  if (!/tc/i.test(line)) return [];
  const written = writtenWords(line, true);
  const words = written.map(unquoted);
  const parts: Part[] = [];
  for (let at = 0; at < words.length && !words[at]?.startsWith('#'); at++) {
    const isSpoken = isSpeaker(written, at);
    if (!isSpoken && !isTc(words, at)) continue;
    const end = endFrom(written, at + 1);
    if (isSpoken) {
      at = end;
      continue;
    }
    parts.push({ words: words.slice(at + 1, end), before: at + 1, open: written.slice(at + 1, end).some(isOpen) });
    at = end - 1;
  }
  return parts;
}

/** The words as they are written, with their quotes. */
function writtenWords(line: string, shell: boolean): string[] {
  return Array.from(wordSpans(line, shell), ({ at, length }) => line.slice(at, at + length));
}

/** A variable or a substitution, which single quotes and a backslash hide. */
function isOpen(written: string): boolean {
  const seen = written.replace(/'[^']*'|\\.|"(?:\\.|[^"\\])*"/gs, (part) =>
    part.startsWith('"') ? part.replace(/\\./gs, '') : '',
  );
  return /[$`]/.test(seen);
}

/** Words behind which a command begins. */
const LEADERS: ReadonlySet<string> = new Set(['then', 'do', 'else', 'elif', 'if', 'while', 'until', '!', '{', '(']);

/** A command begins here that only talks. */
function isSpeaker(written: readonly string[], at: number): boolean {
  if (!SPEAKERS.has(written[at] ?? '')) return false;
  const before = written[at - 1];
  return before === undefined || LEADERS.has(before) || SHELL_END.test(before);
}

/** `tc` where a command begins, or anywhere before one of its objects: `if tc qdisc …`, `ip netns exec x tc -s …`. */
function isTc(words: readonly string[], at: number): boolean {
  if (!TC.test(words[at] ?? '')) return false;
  const next = words[at + 1] ?? '';
  return at === 0 || OBJECTS.includes(next) || next.startsWith('-') || words[at - 1] === 'sudo';
}

/** A word as written that ends one of the shell's commands. */
export const endsCommand = (word: string): boolean => SHELL_END.test(word);

/** Where the shell takes over. */
function endFrom(written: readonly string[], from: number): number {
  const end = written.findIndex((word, at) => at >= from && SHELL_END.test(word));
  return end < 0 ? written.length : end;
}

/** A batch line's words; one whose quotes are open stays as it is. */
function batch(line: string): readonly string[] {
  try {
    const [command] = batchLines(line);
    return command?.words ?? [];
  } catch (error) {
    if (error instanceof UsageError) return line.trim().split(/\s+/);
    throw error;
  }
}

/** The word that is written; one whose quotes are open stays as it is, and tc will say what is wrong with it. */
function unquoted(written: string): string {
  try {
    return shellWords(written)[0] ?? '';
  } catch (error) {
    if (error instanceof UsageError) return written;
    throw error;
  }
}
