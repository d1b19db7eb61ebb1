import { readFileSync } from 'node:fs';
import type { Command, CommanderError } from 'commander';
import { COMMANDS } from './commands/index.ts';
import { PipeClosed, print, say } from './output.ts';
import { createProgram, type Runner } from './program.ts';
import { cutScriptArgs } from './script-args.ts';

const USAGE = 2;
/** Where a signal ends the process it exits with 128 and the signal's number. */
const HUNG_UP = 129;
const INTERRUPTED = 130;
const TERMINATED = 143;

const argv = asOption(process.argv.slice(2));

/** `help` and `help COMMAND` are --help: the parser's own says nothing of a command that is not there. */
function asOption([first = '', name, ...more]: readonly string[]): readonly string[] {
  if (first !== 'help') return process.argv.slice(2);
  if (name === undefined) return ['--help'];
  return COMMANDS.some((command) => command.name === name) ? [name, '--help', ...more] : [name, ...more];
}

/** Help and version need none of what commands do: each loads it when it runs. */
const run: Runner = async (command, typed) => {
  process.exitCode = await command.run(...(typed as never[]));
};

async function main(): Promise<void> {
  let help = '';
  const program = createProgram(version(), run, argv[0]);
  for (const command of [program, ...program.commands]) {
    command.configureOutput({ writeOut: (text) => (help += text), writeErr: () => {}, outputError: () => {} });
  }
  try {
    if (argv.length === 0) {
      process.exitCode = USAGE;
      program.configureOutput({ writeErr: say }).outputHelp({ error: true });
      return;
    }
    await program.parseAsync(withScriptArgs(program), { from: 'user' });
  } catch (error) {
    if (!isAnswered(error)) return fail(error);
    print(help);
  }
}

/** Without the arguments of a script, which its command finds among its flags. */
function withScriptArgs({ commands }: Command): readonly string[] {
  const place = COMMANDS.find(({ name }) => name === argv[0])?.script;
  const parser = commands.find((command) => command.name() === argv[0]);
  if (place === undefined || parser === undefined) return argv;
  const { words, args } = cutScriptArgs(argv, parser, place);
  if (args.length > 0) parser.setOptionValue('scriptArgs', args);
  return words;
}

/** Help and version end the parser with an error that is none. */
const isAnswered = (error: unknown): boolean => error instanceof Error && (error as CommanderError).exitCode === 0;

async function fail(error: unknown): Promise<void> {
  if (error instanceof PipeClosed) return;
  const { tell } = await import('./errors.ts');
  const { text, exit } = tell(error, argv);
  say(text);
  process.exitCode = exit;
}

function version(): string {
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

// What was not flushed is not printed: nothing half. Temporary files are removed as the process exits, a listener each.
process.once('SIGINT', () => process.exit(INTERRUPTED));
process.once('SIGTERM', () => process.exit(TERMINATED));
// The start is not for it: each signal costs system calls.
setImmediate(() => process.once('SIGHUP', () => process.exit(HUNG_UP)));
process.setMaxListeners(0);
process.on('uncaughtException', (error) => void fail(error).then(() => process.exit()));
void main();
