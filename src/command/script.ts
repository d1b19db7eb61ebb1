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
const SHELL_END = /^(?:;|&&?|\|\|?|\d*>.*|&>.*|<.*)$/;

/**
 * Runs a script's tc commands, one after the other, against whoever answers: a `tc -batch` file, or the literal tc
 * lines of a shell script. Nothing else of a shell script is done: no variables, no loops, no other program.
 */
export function runScript(text: string, transport: Transport): ScriptRun {
  const answers: ScriptAnswer[] = [];
  const unexpanded: number[] = [];
  let others = 0;
  for (const { line, text: command } of logicalLines(text)) {
    const words = wordsOf(command);
    if (words === null) others++;
    else if (words.some((word) => /[$`]/.test(word))) unexpanded.push(line);
    else answers.push({ line, words, ...runTc(words, { transport }) });
  }
  return { answers, unexpanded, others };
}

/** Lines joined where a backslash ends them; blank ones and comments left out. */
function* logicalLines(text: string): Generator<{ line: number; text: string }> {
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const first = at;
    let joined = lines[at] ?? '';
    while (joined.endsWith('\\') && at + 1 < lines.length) joined = `${joined.slice(0, -1)} ${lines[++at] ?? ''}`;
    if (!/^\s*(?:#|$)/.test(joined)) yield { line: first + 1, text: joined };
  }
}

/** What follows `tc` on a shell line, or the words of a batch line; null: no tc command. */
function wordsOf(line: string): readonly string[] | null {
  const first = new Words(line.trim().split(/\s+/));
  if (OBJECTS.has(first.peek())) {
    const [batch] = batchLines(line);
    return batch?.words ?? null;
  }
  first.takeExact('sudo');
  if (!TC.test(first.peek().replaceAll('"', ''))) return null;
  const words = shell(line);
  const after = words.slice(words.findIndex((word) => TC.test(word)) + 1);
  const end = after.findIndex((word) => SHELL_END.test(word));
  const own = end < 0 ? after : after.slice(0, end);
  const last = own.at(-1);
  return last?.endsWith(';') ? [...own.slice(0, -1), last.slice(0, -1)] : own;
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
