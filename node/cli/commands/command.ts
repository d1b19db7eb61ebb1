import { type Command, Option } from 'commander';

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
  /** The option that prints the help, where `-h` belongs to tc. */
  readonly helpFlags?: string;
  /** Below the options. */
  readonly note?: string;
  /** Lines that can be typed. */
  readonly examples?: readonly string[];
  readonly exits?: readonly ExitCode[];
  /** Loads what the command does, only now, and does it: the arguments as typed, then the flags. Returns the exit code. */
  run(...typed: never[]): Promise<number>;
}

/** For most commands: docs/schema has the JSON. */
export function formatOption(...choices: readonly string[]): Option {
  return new Option('--format <format>', 'how it is told').choices(choices).default('text');
}

/** The parser of an option that may be given again. */
export const list = (value: string, earlier: readonly string[] = []): string[] => [...earlier, value];

/** What stands below the options. */
export function footer({ note, examples = [], exits = [] }: CliCommand): string {
  return [
    ...(note === undefined ? [] : [note]),
    ...(examples.length === 0 ? [] : [`Examples:\n${examples.map((line) => `  ${line}`).join('\n')}`]),
    ...(exits.length === 0 ? [] : [exitCodeHelp(exits)]),
  ].join('\n\n');
}

export function exitCodeHelp(exits: readonly ExitCode[]): string {
  return `Exit codes:\n${exits.map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`).join('\n')}`;
}
