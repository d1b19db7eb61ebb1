import { UsageError } from '../errors.ts';
import { batchLines, shellWords, Words } from '../lang/index.ts';
import type { Transport } from './process.ts';
import { type Answer, runTc } from './tc.ts';

/** A command of a script that was run, and what tc said of it. */
export interface ScriptAnswer extends Answer {
  /** Line of the script, counted from 1. */
  readonly line: number;
  readonly words: readonly string[];
}

export interface ScriptRun {
  readonly answers: readonly ScriptAnswer[];
  /** Lines with tc commands that hold variables or substitutions, which nobody here expands. */
  readonly unexpanded: readonly number[];
  /** How many lines are no tc commands. */
  readonly others: number;
}

const OBJECTS = new Set(['qdisc', 'class', 'filter', 'chain', 'actions']);
/** `tc`, /sbin/tc, $TC, "${tc}" — with or without sudo. */
const TC = /^(?:(?:\S*\/)?tc|\$\{?tc\}?)$/i;
/** Where one command of a shell line ends: what follows is somebody else's. */
const SHELL_END = /^(?:;|&&?|\|\|?|\d*>.*|&>.*|<.*|#.*)$/;

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
  /** The words hold variables or substitutions, which nobody here expands. */
  readonly unexpanded: boolean;
}

/**
 * Runs a script's tc commands, one after the other, against whoever answers: a `tc -batch` file, or the literal tc
 * lines of a shell script. Nothing else of a shell script is done: no variables, no loops, no other program.
 */
export function runScript(text: string, transport: Transport): ScriptRun {
  const answers: ScriptAnswer[] = [];
  const unexpanded: number[] = [];
  let others = 0;
  for (const { line, words, unexpanded: open } of scriptLines(text)) {
    if (words === null) others++;
    else if (open) unexpanded.push(line);
    else answers.push({ line, words, ...runTc(words, { transport }) });
  }
  return { answers, unexpanded, others };
}

/** The lines of a `tc -batch` file or of a shell script, not run. */
export function* scriptLines(text: string): Generator<ScriptLine> {
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const first = at;
    let source = lines[at] ?? '';
    while (source.endsWith('\\') && at + 1 < lines.length) source += `\n${lines[++at] ?? ''}`;
    if (/^\s*(?:#|$)/.test(source)) continue;
    const { words, before } = wordsOf(source.replaceAll('\\\n', ' '));
    const unexpanded = words?.some((word) => /[$`]/.test(word)) ?? false;
    yield { line: first + 1, source, words, before, unexpanded };
  }
}

/** What follows `tc` on a shell line, or the words of a batch line; null: no tc command. */
function wordsOf(line: string): { readonly words: readonly string[] | null; readonly before: number } {
  const first = new Words(line.trim().split(/\s+/));
  if (OBJECTS.has(first.peek())) return { words: batch(line), before: 0 };
  first.takeExact('sudo');
  if (!TC.test(first.peek().replaceAll('"', ''))) return { words: null, before: 0 };
  const words = shell(line);
  const before = words.findIndex((word) => TC.test(word)) + 1;
  const after = words.slice(before);
  const end = after.findIndex((word) => SHELL_END.test(word));
  const own = end < 0 ? after : after.slice(0, end);
  const last = own.at(-1);
  return { words: last?.endsWith(';') ? [...own.slice(0, -1), last.slice(0, -1)] : own, before };
}

/** A batch line's words; one whose quotes are open stays as it is. */
function batch(line: string): readonly string[] | null {
  try {
    const [command] = batchLines(line);
    return command?.words ?? null;
  } catch (error) {
    if (error instanceof UsageError) return line.trim().split(/\s+/);
    throw error;
  }
}

/** The line's words; one whose quotes are open stays as it is, and tc will say what is wrong with it. */
function shell(line: string): readonly string[] {
  try {
    return shellWords(line);
  } catch (error) {
    if (error instanceof UsageError) return line.trim().split(/\s+/);
    throw error;
  }
}
