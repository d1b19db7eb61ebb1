import { Command } from 'commander';
import { type CliCommand, EXIT_CODES, exitCodeHelp, footer } from './commands/command.ts';
import { ENVIRONMENT } from './commands/environment.ts';
import { COMMANDS } from './commands/index.ts';

/** Runs a command with what was typed. */
export type Runner = (command: CliCommand, typed: readonly unknown[]) => Promise<void>;

/**
 * The command line: names, options and help. Imports the parser only, so that help and version answer at once. `first`:
 * what the command line begins with; if that is a command, there is no other: to make all took 4 ms.
 */
export function createProgram(version: string, run: Runner, first = ''): Command {
  const program = new Command('cls-flow')
    .description('Which class the Linux flow classifier (tc filter … flow) gives each packet of a capture, and why.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: false })
    .enablePositionalOptions()
    .exitOverride()
    .addHelpText(
      'after',
      () => `\n${exitCodeHelp(EXIT_CODES)}\n\n${environmentHelp()}\n\nMore: cls-flow help COMMAND, man cls-flow`,
    );
  const named = COMMANDS.filter(({ name }) => name === first);
  for (const command of named.length > 0 ? named : COMMANDS) addCommand(program, command, run);
  return program;
}

const environmentHelp = (): string => `Environment: ${ENVIRONMENT.map(([name]) => name).join(', ')}`;

function addCommand(program: Command, command: CliCommand, run: Runner): void {
  const parser = program.command(command.name).description(command.summary);
  if (command.usage !== undefined) parser.usage(command.usage);
  command.define(parser);
  // Last, as it belongs to the last group of options.
  parser.helpOption(command.helpFlags ?? '-h, --help', 'print this help');
  const below = footer(command);
  if (below !== '') parser.addHelpText('after', `\n${below}`);
  parser.action((...typed: readonly unknown[]) => run(command, typed));
}
