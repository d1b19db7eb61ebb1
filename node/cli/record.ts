import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { counted, encodeUtf8, escapeText } from '../../src/lang/index.ts';
import { writeAtomically } from '../write.ts';
import type { RecordFlags } from './commands/record.ts';
import { CommandLineError, FailedError } from './errors.ts';
import { limitsOf } from './limits.ts';
import { isTerminal, say, sayRaw } from './output.ts';
import { checkOutputs } from './outputs.ts';
import type { Transcript } from './record/batch.ts';
import { escapes } from './record/escapes.ts';
import { isCommand, isFile } from './record/host.ts';
import { type Ended, type Environment, hasOwnNetwork, NotIsolatedError, runIsolated, runUnsafe } from './record/run.ts';
import { simulateCommand } from './record/simulate.ts';
import { transcriptOf } from './record/simulated.ts';
import { readLog, transcript } from './record/transcript.ts';
import { Output } from './result.ts';
import { shellQuestion } from './script-files.ts';
import { endsBadly, endText } from './simulated-end.ts';

const FAILED = 1;
/** A file larger than this is no script that anybody wrote. */
const SCRIPT_MAX = 1 << 20;
const TOLD_MAX = 5;

/** `cls-flow record SCRIPT`: writes what a script asks of tc as a file for `tc -batch`. Returns the exit code. */
export async function record(command: readonly string[], flags: RecordFlags): Promise<number> {
  if (flags.run !== true && flags.unsafe !== true) return recordSimulated(command, flags);
  const how = flags.unsafe === true ? '--unsafe' : '--run';
  if (flags.file !== undefined)
    throw new CommandLineError(`--file: a script that is run reads its own files: not with ${how}`);
  checkRunnable(command, how);
  return recordRun(command, flags);
}

/** Nothing is run. */
async function recordSimulated(command: readonly string[], flags: RecordFlags): Promise<number> {
  const { output } = flags;
  checkOutputs([output], command);
  return writingTo(output, async (write) => {
    const simulated = await simulateCommand(command, flags, limitsOf(flags));
    const made = transcriptOf(simulated);
    say('cls-flow: simulated, nothing was run');
    if (simulated.triedStart) say('cls-flow: no arguments were given, and "start" was tried');
    tellTranscript(made, 'written');
    tellSome(simulated.unchecked, ({ place, why }) => `${place.file}:${place.line}: not in the batch file: ${why}`);
    write(made.text);
    if (!endsBadly(simulated)) return 0;
    say(`cls-flow: failed: ${escapeText(endText(simulated))}`);
    return FAILED;
  });
}

async function recordRun(command: readonly string[], flags: RecordFlags): Promise<number> {
  checkOutputs([flags.output], command);
  const isUnsafe = flags.unsafe === true;
  const most = limitsOf(flags).text;
  const env = environmentOf(flags);
  tellBefore(command, isUnsafe);
  if (flags.yes !== true && isTerminal.stdin() && isTerminal.stderr() && !(await agreed())) {
    say('cls-flow: not run');
    return FAILED;
  }
  return writingTo(flags.output, async (write) => {
    const ended = isUnsafe ? await runUnsafe(command, env, most) : await isolated(command, env, most);
    const made = transcript(readLog(ended.log), command.join(' '));
    say(`cls-flow: ${ended.status.text}`);
    tellTranscript(made, 'recorded');
    if (isUnsafe) tellEscapes(command);
    else tellLeft(ended);
    write(made.text);
    return ended.status.failed ? FAILED : 0;
  });
}

/** An output is opened before anything is run: it would be run in vain. */
function writingTo(
  output: string | undefined,
  work: (write: (text: string) => void) => Promise<number>,
): Promise<number> {
  if (output === undefined) return work(printed);
  return writeAtomically(output, (sink) => work((text) => sink(encodeUtf8(text))));
}

function printed(text: string): void {
  const output = new Output();
  output.write(text);
  output.flush();
}

/** The variables of `--env`. */
function environmentOf(flags: RecordFlags): Environment {
  const { env = {} } = shellQuestion({ ...(flags.env === undefined ? {} : { env: flags.env }) }, limitsOf(flags));
  if (env.PATH === undefined) return env;
  throw new CommandLineError('--env PATH: the stand-ins must be found first: not with --run and --unsafe');
}

async function isolated(command: readonly string[], env: Environment, most: number): Promise<Ended> {
  try {
    return await runIsolated(command, command.map(scriptText), env, most);
  } catch (error) {
    if (!(error instanceof NotIsolatedError)) throw error;
    throw new FailedError(
      `not run, as it cannot be isolated here (${error.message}); without --run it is simulated, --unsafe runs it on this host`,
    );
  }
}

function tellTranscript({ commands, elsewhere, unwritable, unreached }: Transcript, done: string): void {
  say(`cls-flow: ${counted(commands, 'tc command')} ${done}`);
  if (elsewhere > 0) say(`cls-flow: ${counted(elsewhere, 'tc command')} of other network namespaces are comments only`);
  if (unwritable > 0)
    say(`cls-flow: ${counted(unwritable, 'tc command')} cannot stand in a batch file and are comments only`);
  if (unreached > 0) say(`cls-flow: ${counted(unreached, 'tc command')} behind the end of the script: comments only`);
}

function tellBefore(command: readonly string[], isUnsafe: boolean): void {
  say(`cls-flow: runs ${escapeText(command.join(' '))}`);
  say(
    isUnsafe
      ? 'cls-flow: tc, ip, iptables, nft, ipset and modprobe are written down only; all else it does is really done'
      : 'cls-flow: in namespaces of its own: it has no network, its tc, ip, iptables, nft, ipset and modprobe are written down only, and the files that it writes are thrown away',
  );
  if (isUnsafe && !hasOwnNetwork())
    say('cls-flow: no "unshare -rn" here: a tool that escapes the stand-ins would act on this host');
}

/** Without readline's own keys, so that Ctrl-C ends us as ever; the end of the input is a no. */
async function agreed(): Promise<boolean> {
  sayRaw('Run it? [y/N] ');
  const asking = createInterface({ input: process.stdin, terminal: false });
  const answer = await new Promise<string>((resolve) => {
    asking.once('line', resolve).once('close', () => resolve(''));
  });
  asking.close();
  return /^y(es)?$/i.test(answer.trim());
}

/** The likeliest mistake, told in words instead of an errno. */
function checkRunnable([file = '']: readonly string[], how: string): void {
  if (!file.includes('/')) {
    checkCommand(file);
    return;
  }
  if (!isFile(file)) throw new FailedError(`${file}: no such file`);
  try {
    accessSync(file, constants.X_OK);
  } catch {
    throw new CommandLineError(`${file}: not executable`, null, `try: cls-flow record ${how} -- sh ${file}`);
  }
}

/** A shell looks for a name without a slash in PATH alone. */
function checkCommand(name: string): void {
  if (isCommand(name)) return;
  const here = isFile(name) ? `; for the file here write ./${name}` : '';
  throw new FailedError(`${name}: no such command${here}`);
}

/** What a real tc did in the namespaces. */
function tellLeft({ left, missing }: Ended): void {
  if (left === null) say('cls-flow: no tc here: what got past the stand-ins cannot be told');
  for (const line of left ?? []) say(`cls-flow: not recorded, but done in the namespaces: ${escapeText(line.trim())}`);
  for (const folder of missing) say(`cls-flow: it could not see ${escapeText(folder)}: no overlay can be made of it`);
}

/** Looks at what can be read of the command: the script, and scripts among its arguments. */
function tellEscapes(command: readonly string[]): void {
  for (const file of command) {
    tellSome(escapes(scriptText(file)), ({ line, what }) => `${file}:${line}: not recorded: ${what}`);
  }
}

function tellSome<T>(all: readonly T[], text: (one: T) => string): void {
  for (const one of all.slice(0, TOLD_MAX)) say(escapeText(text(one)));
  if (all.length > TOLD_MAX) say(`cls-flow: and ${all.length - TOLD_MAX} more like these`);
}

/** '': it is no script, or cannot be read. */
function scriptText(file: string): string {
  try {
    const about = statSync(file, { throwIfNoEntry: false });
    if (about?.isFile() !== true || about.size > SCRIPT_MAX) return '';
    const text = readFileSync(file, 'utf8');
    return text.includes('\0') ? '' : text;
  } catch {
    return '';
  }
}
