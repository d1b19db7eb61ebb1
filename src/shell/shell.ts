import type { ArithmeticExpression, CompoundCommand, CompoundList, ParsedScript, Redirected } from 'unbash';
import type { Files } from './files.ts';
import type { EarlyEnd, LoopValue, SimulatedCommand, SourcePlace } from './simulated.ts';
import type { Source } from './source.ts';
import type { Capture, Descriptor, Descriptors, LinePlaces } from './streams.ts';
import type { TextTools } from './text-tools.ts';
import type { Machine } from './tool.ts';
import type { Unknowns } from './unknown.ts';
import { Variables } from './variables.ts';

/** A word after all expansions. */
export interface Field {
  readonly text: string;
  readonly place: SourcePlace | null;
  /** It is written there itself, quotes aside. */
  readonly literal: boolean;
  /** The command in which it is written. */
  readonly command: SourcePlace | null;
}

export const fieldOf = (text: string): Field => ({ text, place: null, literal: false, command: null });

/** A variable that had no value where a word names it. */
export interface UnsetName {
  readonly name: string;
  readonly place: SourcePlace;
}

export interface ShellFunction {
  readonly body: CompoundCommand | Redirected | CompoundList;
  readonly source: Source;
}

/** Why a script ends in reality, and with which status. */
export type Fatal = Pick<EarlyEnd, 'why' | 'variable'> & { readonly status: number };

/** What all shells of a run share. */
export interface Host {
  readonly unknowns: Unknowns;
  readonly machine: Machine;
  readonly files: Files;
  /** Commands that were run, so that those that were not can be told. */
  readonly reached: Set<object>;
  /** Counts work, and the characters that it makes. Throws a StopSignal where there was too much. */
  step(place: SourcePlace, characters?: number): void;
  /** Counts characters that are looked at, so that the work of one command counts too. */
  spend(place: SourcePlace, characters: number): void;
  /** Runs what may run itself. Throws a StopSignal where that goes too deep. */
  deeper(place: SourcePlace, work: () => Promise<void>): Promise<void>;
  /** A text of a shell's output; ends the run where there is too much of it. */
  capture(place: SourcePlace): Capture;
  /** An answer that was assumed, listed for the user. */
  assume(place: SourcePlace, question: string, answer: string): void;
  /** What the user should know, and is no finding. */
  note(place: SourcePlace, why: string): void;
  /** Something was not run, so that nobody can say what it does. */
  uncheck(place: SourcePlace, why: string): void;
  /** The script ends here in reality. In a subshell it ends that; else what follows is looked at all the same. */
  fatal(shell: Shell, place: SourcePlace, end: Fatal): void;
  /** A value that nobody knows. */
  unknown(place: SourcePlace, why: string): string;
  record(command: SimulatedCommand): void;
  /** One of the shell's own commands. */
  isBuiltin(name: string): boolean;
  textTools(): Promise<TextTools>;
  /** Name for the user of a file that he has; null: he has none of this path. */
  nameOf(path: string): string | null;
  /** Runs a tree in a shell. */
  run(script: ParsedScript, shell: Shell, source: Source): Promise<void>;
  /** Runs what a function is made of. */
  compound(body: ShellFunction['body'], shell: Shell, source: Source): Promise<void>;
  /** Runs a text in a shell, as `eval` does. `at`: where all of it is said to stand; null: nowhere in particular. */
  evaluate(text: string, shell: Shell, at: SourcePlace | null): Promise<void>;
  /** Reads a text of the shell. Its errors are in the tree. */
  parse(text: string): ParsedScript;
  /** Expressions that were read, by their text: loops evaluate the same one again and again. null: it is none. */
  readonly expressions: Map<string, ArithmeticExpression | null>;
  /** A script, or a file that is sourced: what it holds is looked through for commands that no run reaches. */
  open(source: Source): ParsedScript;
  /** The output of a command substitution. */
  substitute(script: ParsedScript, shell: Shell, source: Source): Promise<{ text: string; lines: LinePlaces | null }>;
}

/** A shell and all that a subshell has of its own. */
export class Shell {
  readonly host: Host;
  readonly variables: Variables;
  readonly functions: Map<string, ShellFunction>;
  /** `set -e` and its like, by letter or name. */
  readonly options: Set<string>;
  readonly traps: Map<string, string>;
  /** Names of aliases, which scripts do not expand, and of functions that were unset: there is no such program. */
  readonly gone: Set<string>;
  params: readonly Field[];
  zero: string;
  folder: string;
  status = 0;
  /** Of functions and sourced files that are running. */
  depth = 0;
  /** Loops that are running. */
  loopDepth: number;
  /** Subshells around this one. */
  readonly below: number;
  descriptors: Descriptors;
  loops: readonly LoopValue[];
  /** The status of what runs now is looked at, so that `set -e` does not end the script. */
  tolerant = false;
  /** A failure of what runs now is expected. */
  expected = false;
  /** Where getopts is within a word with several letters. */
  optionAt: { readonly index: number; readonly at: number } | null = null;
  /** Variables without a value that the words of the command at hand name, which may be why tc refuses it. */
  unset: readonly UnsetName[] = [];
  /** Status of the last command substitution of the command at hand; null: it had none. */
  substituted: number | null = null;
  /** Status of the last command that was started with `&`, which `wait` tells. */
  background = 0;
  /** Names of the functions that are running, the innermost first. */
  calls: readonly string[];
  /** Network namespace; empty: the first. */
  netns = '';
  /** Why variables that nobody has set may have a value all the same: a file that was not given. */
  missing: string | null = null;

  constructor(host: Host, from: Shell | null = null) {
    this.host = host;
    this.variables = from?.variables.copy() ?? new Variables();
    this.functions = new Map(from?.functions);
    this.options = new Set(from?.options);
    this.traps = new Map();
    this.gone = new Set(from?.gone);
    this.params = from?.params ?? [];
    this.zero = from?.zero ?? '';
    this.folder = from?.folder ?? '/';
    this.status = from?.status ?? 0;
    this.depth = from?.depth ?? 0;
    this.loopDepth = from?.loopDepth ?? 0;
    this.below = from === null ? 0 : from.below + 1;
    this.descriptors = from?.descriptors ?? new Map();
    this.loops = from?.loops ?? [];
    this.tolerant = from?.tolerant ?? false;
    this.expected = from?.expected ?? false;
    this.missing = from?.missing ?? null;
    this.calls = from?.calls ?? [];
    this.netns = from?.netns ?? '';
  }

  copy(): Shell {
    return new Shell(this.host, this);
  }

  /** With other descriptors while `work` runs. */
  async withDescriptors<T>(changes: Iterable<readonly [number, Descriptor]>, work: () => Promise<T>): Promise<T> {
    const before = this.descriptors;
    this.descriptors = new Map([...before, ...changes]);
    try {
      return await work();
    } finally {
      this.descriptors = before;
    }
  }

  write(text: string, lines: LinePlaces | null = null): void {
    this.descriptors.get(1)?.output?.write(text, lines);
  }

  complain(text: string): void {
    this.descriptors.get(2)?.output?.write(text);
  }
}
