import { type Command, Option } from 'commander';
import type { ScriptPlace } from '../script-args.ts';

/** What the process exits with, and what that means. */
export type ExitCode = readonly [code: number, meaning: string];

/** One command: all that the program, its help, the man page and the completions know of it. */
export interface CliCommand {
  readonly name: string;
  /** One line of help. */
  readonly summary: string;
  /** Behind the name in the help; without it the parser makes the line. */
  readonly usage?: string;
  /** Adds the arguments and options. */
  readonly define: (command: Command) => void;
  /** Where its script stands, whose arguments follow a `--`. */
  readonly script?: ScriptPlace;
  /** The option that prints the help, where `-h` belongs to tc. */
  readonly helpFlags?: string;
  /** Below the options. */
  readonly note?: string;
  /** Lines that can be typed. */
  readonly examples?: readonly string[];
  readonly exits: readonly ExitCode[];
  /** Loads what the command does, only now, and does it: the arguments as typed, then the flags. Returns the exit code. */
  run(...typed: never[]): Promise<number>;
}

/** What most commands exit with: what 1 and 2 mean, and what else there is. */
export function exitCodes(failed: string, wrong: string, ...more: readonly ExitCode[]): readonly ExitCode[] {
  return [[0, 'done'], [1, failed], [2, wrong], ...more, [130, 'interrupted']];
}

/** What the codes mean in general; each command says more of its own. */
export const EXIT_CODES: readonly ExitCode[] = exitCodes(
  'the answer is no, or a part could not be read',
  'the command line or the input cannot be used',
  [3, 'with --strict: the result is incomplete'],
);

/** For most commands: docs/schema has the JSON. */
export function formatOption(...choices: readonly string[]): Option {
  return new Option('--format <format>', 'how it is told').choices(choices).default('text');
}

/** The parser of an option that may be given again. */
export const list = (value: string, earlier: readonly string[] = []): string[] => [...earlier, value];

/** What stands below the options. */
export function footer({ note, examples = [], exits }: CliCommand): string {
  return [
    ...(note === undefined ? [] : [note]),
    ...(examples.length === 0 ? [] : [`Examples:\n${examples.map((line) => `  ${line}`).join('\n')}`]),
    exitCodeHelp(exits),
  ].join('\n\n');
}

export function exitCodeHelp(exits: readonly ExitCode[]): string {
  return `Exit codes:\n${exits.map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`).join('\n')}`;
}
