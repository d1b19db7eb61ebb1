import { UsageError } from '../errors.ts';
import type { Netns } from '../kernel/index.ts';
import { batchLines, matches, shellWords } from '../lang/index.ts';
import { runAssumed, type Trial } from './assumed.ts';
import { type Judged, judge, type Onlooker } from './emulated.ts';
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

/** A script's tc commands: its text, or what a simulated run of it gave. */
export type ScriptCommands = string | ReadCommands;

/** The commands, in the order in which they are run. */
export interface ReadCommands {
  readonly commands: readonly ReadCommand[];
  /** Lines with tc commands whose words are not known. */
  readonly unexpanded: readonly number[];
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
export function setUpScript(script: ScriptCommands, fresh: () => Netns, onlooker: Onlooker = {}): ScriptSetup {
  const { commands, ...rest } = commandsIn(script);
  const { trial, assumed, standing } = runAssumed(commands, () => new Run(fresh(), onlooker));
  return { netns: trial.netns, answers: [...trial.answers.values()], assumed, standing, ...rest };
}

/** The tc commands of a script. */
export function commandsIn(script: ScriptCommands): ReadCommands {
  return typeof script === 'string' ? commandsInText(script) : script;
}

function commandsInText(text: string): ReadCommands {
  const commands: ReadCommand[] = [];
  const unexpanded: number[] = [];
  let others = 0;
  for (const { line, words, unexpanded: open } of scriptLines(text)) {
    if (words === null) others++;
    else if (open) unexpanded.push(line);
    else commands.push({ line, words });
  }
  return { commands, unexpanded, others };
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

/** The lines of a `tc -batch` file or of a shell script, not run; a line with several tc commands comes several times. */
export function* scriptLines(text: string): Generator<ScriptLine> {
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const line = at + 1;
    const from = at;
    while (lines[at]?.endsWith('\\') && at + 1 < lines.length) at++;
    const source = lines.slice(from, at + 1).join('\n');
    if (/^\s*(?:#|$)/.test(source)) continue;
    const commands = commandsOf(source.replaceAll('\\\n', ' '));
    if (commands.length === 0) yield { line, source, words: null, before: 0, unexpanded: false };
    for (const { words, before } of commands) {
      yield { line, source, words, before, unexpanded: words.some((word) => /[$`]/.test(word)) };
    }
  }
}

interface Part {
  readonly words: readonly string[];
  readonly before: number;
}

/** The words of a batch line, or what follows each `tc` on a shell line. */
function commandsOf(line: string): Part[] {
  const [first = ''] = line.trim().split(/\s+/, 1);
  if (isBatchLine(line)) return [{ words: batch(line), before: 0 }];
  if (!/tc/i.test(line) || SPEAKERS.has(first)) return [];
  const words = shell(line);
  const parts: Part[] = [];
  for (let at = 0; at < words.length && !words[at]?.startsWith('#'); at++) {
    if (!isTc(words, at)) continue;
    const own = untilEnd(words, at + 1);
    parts.push({ words: own, before: at + 1 });
    at += own.length;
  }
  return parts;
}

/** One of tc's objects, or its beginning before a verb: `qdisc …`, `q add …`. */
function isBatchLine(line: string): boolean {
  const [first = '', second = ''] = line.trim().split(/\s+/, 2);
  return OBJECTS.includes(first) || (VERBS.has(second) && OBJECTS.some((object) => matches(first, object)));
}

const VERBS: ReadonlySet<string> = new Set([
  'add',
  'change',
  'replace',
  'delete',
  'del',
  'link',
  'get',
  'show',
  'list',
  'flush',
]);

/** `tc` where a command begins, or anywhere before one of its objects: `if tc qdisc …`, `ip netns exec x tc -s …`. */
function isTc(words: readonly string[], at: number): boolean {
  if (!TC.test(words[at] ?? '')) return false;
  const next = words[at + 1] ?? '';
  return at === 0 || OBJECTS.includes(next) || next.startsWith('-') || words[at - 1] === 'sudo';
}

/** A word as written that ends one of the shell's commands, or whose semicolon does. */
export const endsCommand = (word: string): boolean => SHELL_END.test(word) || word.endsWith(';');

/** The words up to where the shell takes over. */
function untilEnd(words: readonly string[], from: number): string[] {
  const own: string[] = [];
  for (let at = from; at < words.length; at++) {
    const word = words[at] ?? '';
    if (SHELL_END.test(word)) break;
    if (word.endsWith(';')) return [...own, word.slice(0, -1)];
    own.push(word);
  }
  return own;
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

/** The line's words; one whose quotes are open stays as it is, and tc will say what is wrong with it. */
function shell(line: string): readonly string[] {
  try {
    return shellWords(line);
  } catch (error) {
    if (error instanceof UsageError) return line.trim().split(/\s+/);
    throw error;
  }
}
