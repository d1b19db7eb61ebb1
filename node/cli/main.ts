import { readFileSync } from 'node:fs';
import type { CommanderError } from 'commander';
import { Output, PipeClosed, say } from './output.ts';
import { createProgram, type Handlers } from './program.ts';

const INTERRUPTED = 130;
const USAGE = 2;

const argv = process.argv.slice(2);

/** Help and version need none of the rest: each command is loaded when it runs. */
const handlers: Handlers = {
  async classify(captures, flags) {
    const { classify } = await import('./classify.ts');
    process.exitCode = await classify(captures, flags);
  },
  async explain(what, flags) {
    const { explainPacket } = await import('./explain.ts');
    await explainPacket(what, flags);
  },
  async tc(args, flags) {
    const { tc } = await import('./tc.ts');
    process.exitCode = await tc(args, flags);
  },
  async diff(script, flags) {
    const { diff } = await import('./diff.ts');
    process.exitCode = diff(script, flags);
  },
  async netlink(action, args) {
    const { netlink } = await import('./netlink.ts');
    process.exitCode = netlink(action, args);
  },
  async compare(captures, flags) {
    const { compare } = await import('./compare.ts');
    process.exitCode = await compare(captures, flags);
  },
  async advise(captures, flags) {
    const { advise } = await import('./advise.ts');
    process.exitCode = await advise(captures, flags);
  },
  async classes(flags) {
    const { classes } = await import('./classes.ts');
    classes(flags);
  },
  async recoverSeed(files, flags) {
    const { recoverSeed } = await import('./recover-seed.ts');
    process.exitCode = await recoverSeed(files, flags);
  },
  async check(script, flags) {
    const { checkScript } = await import('./check.ts');
    process.exitCode = await checkScript(script, flags);
  },
  async record(command, flags) {
    const { record } = await import('./record.ts');
    process.exitCode = await record(command, flags);
  },
  async completion(shell) {
    const { completion } = await import('./completion.ts');
    const output = new Output();
    output.write(completion(shell, createProgram('', handlers)));
    output.flush();
  },
};

async function main(): Promise<void> {
  const output = new Output();
  const program = createProgram(version(), handlers, argv[0]);
  for (const command of [program, ...program.commands]) {
    command.configureOutput({ writeOut: (text) => output.write(text), writeErr: () => {}, outputError: () => {} });
  }
  try {
    if (argv.length === 0) {
      process.exitCode = USAGE;
      program.configureOutput({ writeErr: say }).outputHelp({ error: true });
      return;
    }
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!isAnswered(error)) return fail(error);
    output.flush();
  }
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

// What was not flushed is not printed: nothing half.
process.once('SIGINT', () => process.exit(INTERRUPTED));
process.on('uncaughtException', (error) => void fail(error).then(() => process.exit()));
void main();
