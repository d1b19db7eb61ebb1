import { Errno, FatalUsageError, KernelError, UsageError } from '../errors.ts';
import { batchLines, matches, TC_OPTIONS, Words } from '../lang/index.ts';
import { NLA_MAX } from '../netlink/index.ts';
import { doActions } from './action.ts';
import { doClass } from './class.ts';
import { CHAIN, doFilter, FILTER, nothingShown } from './filter.ts';
import { Exit, giveUp, NO_OPTIONS, type TakenWord, type TcOptions, TcProcess, type Transport } from './process.ts';
import { doQdisc, noQdiscsShown } from './qdisc.ts';
import { usageOf } from './usage.ts';

/** What one run of tc printed, and its exit status. */
export interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
  /** The words that tc took and that are not modelled here: the kernel has what they ask for, as far as it is known. */
  readonly notModelled: readonly TakenWord[];
}

export interface TcRun {
  readonly transport: Transport;
  /** Text of the file that -batch names, `-` being standard input; undefined: it cannot be read. */
  readonly readBatch?: (file: string) => string | undefined;
  /** Sequence numbers begin above this; tc takes the time in seconds. */
  readonly seq?: number;
  /** A running kernel answers: what is not modelled here is not sent to it, and the command ends with status 2. */
  readonly modelledOnly?: boolean;
  /** Print the invalid JSON of tc 6.1.0: for checking records. */
  readonly oldJson?: boolean;
  /** Told of words that tc cannot understand, before it puts that into its own: for those who point at the word. */
  readonly misunderstood?: (error: UsageError) => void;
}

/** Where they come last, tc looks for an object behind a word that is not there. */
const CUT_SHORT = ['-batch', '-cf', '-conf'];

/** What tc manages. */
export const OBJECTS = ['qdisc', 'class', 'filter', 'chain', 'actions'];
/** The version whose words, bytes and prints these are. */
const VERSION = 'tc utility, iproute2-6.1.0';

/** How many words from the first on are tc's own options, with what they take; -1: there is one that tc has not. */
export function countOptions(args: readonly string[]): number {
  let at = 0;
  while (args[at]?.startsWith('-')) {
    const word = args[at] ?? '';
    const row = TC_OPTIONS.find(([name]) => matches(word, name));
    if (row === undefined) return -1;
    at += row[2] ? 2 : 1;
  }
  return at;
}

/** The namespace that tc's own options choose; empty: they choose none. */
export function namespaceOption(args: readonly string[]): string {
  let name = '';
  for (let at = 0; args[at]?.startsWith('-'); at++) {
    const row = TC_OPTIONS.find(([option]) => matches(args[at] ?? '', option));
    if (row?.[0] === '-netns') name = args[at + 1] ?? '';
    if (row?.[2]) at++;
  }
  return name;
}

/** tc/tc.c: main() — one run of tc with these arguments (without the name). Throws only what is our own fault. */
export function runTc(args: readonly string[], run: TcRun): Answer {
  return runWords(new Words(args), run);
}

/** The same with a cursor over the arguments. */
export function runWords(words: Words, run: TcRun): Answer {
  const options: TcOptions = { ...NO_OPTIONS, oldJson: run.oldJson ?? false };
  const tc = new TcProcess(run.transport, options, run.seq ?? 0);
  tc.modelledOnly = run.modelledOnly ?? false;
  const work = (): number => main(words, tc, run);
  const exit = guarded(tc, work, (error) => {
    if (error instanceof UsageError) run.misunderstood?.(error);
    return false;
  });
  return { stdout: tc.stdout, stderr: tc.stderr, exit, notModelled: tc.notModelled };
}

function main(words: Words, tc: TcProcess, run: TcRun): number {
  let batch: string | null = null;
  while (words.peek().startsWith('-')) {
    const word = words.next();
    const row = TC_OPTIONS.find(([name]) => words.was(name));
    if (row === undefined) throw giveUp(`Option "${word}" is unknown, try "tc -help".`, '', words.at - 1);
    const [name, flag, argument] = row;
    if (flag !== null) tc.options[flag] = true;
    if (name === '-Version') return tell(tc, `${VERSION}\n`);
    if (name === '-help') throw usage();
    if (!argument) continue;
    if (words.done && CUT_SHORT.includes(name)) throw usage();
    const value = words.next();
    if (name === '-batch') batch = value;
  }
  const memory = { shown: nothingShown(), qdiscs: noQdiscsShown() };
  if (batch !== null) return doBatch(batch, tc, run, memory);
  if (words.done) throw usage();
  tc.run(words, () => doCommand(words, tc, memory));
  return 0;
}

function tell(tc: TcProcess, text: string): number {
  tc.stdout += text;
  return 0;
}

function usage(): UsageError {
  const options =
    '-s(tatistics) | -d(etails) | -r(aw) | -iec | -j(son) | -p(retty) | -br(ief) | -force | -b(atch) FILE';
  return new UsageError('', -1, `${usageOf(`[ ${options} ] OBJECT`, OBJECTS, 'COMMAND')}`, 0);
}

/** What a batch remembers from one command to the next. */
interface Memory {
  shown: ReturnType<typeof nothingShown>;
  qdiscs: ReturnType<typeof noQdiscsShown>;
}

/** tc/tc.c: do_cmd() */
function doCommand(words: Words, tc: TcProcess, memory: Memory): void {
  const word = words.next();
  if (words.was('qdisc')) doQdisc(words, tc, memory.qdiscs);
  else if (words.was('class')) doClass(words, tc);
  else if (words.was('filter')) doFilter(FILTER, words, tc, memory.shown);
  else if (words.was('chain')) doFilter(CHAIN, words, tc, memory.shown);
  else if (words.was('actions')) doActions(words, tc);
  else if (words.was('monitor') || words.was('exec')) leaveObject(words, tc);
  else if (words.was('help')) throw usage();
  else throw giveUp(`Object "${word}" is unknown, try "tc help".`, '', words.at - 1);
}

/** What changes nothing in the kernel that is emulated: `tc monitor` listens, `tc exec` starts another program. */
function leaveObject(words: Words, tc: TcProcess): void {
  words.leaveOut(`tc ${words.list[words.at - 1]}`);
  words.takeRest();
  tc.checkModelled();
}

/** tc/tc.c: batch() — stops at the first failure unless -force was given. Exit status 1 if anything failed. */
function doBatch(file: string, tc: TcProcess, run: TcRun, memory: Memory): number {
  const text = run.readBatch?.(file);
  if (text === undefined) {
    throw new UsageError(`Cannot open file "${file}" for reading: No such file or directory`);
  }
  let failed = 0;
  for (const { line, words } of batchLines(text)) {
    const status = guarded(
      tc,
      () => {
        const command = new Words(words);
        tc.run(command, () => doCommand(command, tc, memory), line);
        return 0;
      },
      (error) => error instanceof FatalUsageError,
    );
    if (status === 0) continue;
    failed = 1;
    tc.say(`Command failed ${file}:${line}\n`);
    if (!tc.options.force) return 1;
  }
  return failed;
}

/** Tells what went wrong as tc does, and gives the exit status; what ends the whole run goes on to whoever ends it. */
function guarded(tc: TcProcess, work: () => number, ends: (error: unknown) => boolean = () => false): number {
  try {
    return work();
  } catch (error) {
    if (error instanceof Exit) return error.status;
    if (error instanceof KernelError && error.errno === Errno.EMSGSIZE) {
      // Quirk 65: tc's own bound is 4096 bytes, or 16384.
      tc.say(`addattr_l ERROR: message exceeded bound of ${NLA_MAX}\n`);
      return 255;
    }
    if (ends(error) || !(error instanceof UsageError)) throw error;
    if (error.message !== '') tc.say(`${error.message}\n`);
    if (error.hint !== '') tc.say(`${error.hint}\n`);
    return error.exit;
  }
}
