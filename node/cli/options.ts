import { type Besides, type Question, QuestionError, type ScriptReport, type Tables } from '../../src/api/index.ts';
import { MAX_MAX } from '../../src/conntrack/index.ts';
import type { EraName } from '../../src/era.ts';
import { FormatError, KernelError, LimitError, UsageError } from '../../src/errors.ts';
import { counted, escapeText, nearest } from '../../src/lang/index.ts';
import { METADATA_NAMES } from '../../src/packet/index.ts';
import { ALL_KEYS, KEYS } from '../../src/sched/flow/index.ts';
import type { Simulated } from '../../src/shell/index.ts';
import { caretInValue } from './caret.ts';
import type { WalkFlags } from './commands/walk.ts';
import { CommandLineError, FailedError, inOption, kernelAnswer } from './errors.ts';
import { fileOfSets, setsLines } from './ipset.ts';
import { type Limits, limitsOf, tooMany } from './limits.ts';
import { readLines } from './named-file.ts';
import { txQueuesOf, unsigned } from './numbers.ts';
import { say } from './output.ts';
import { shellOf, shellQuestion } from './script-files.ts';
import { nameOfSetUp, PRINTED_BY, setUpOf } from './set-up.ts';

/**
 * The question that flags ask, whichever of them a command has. Throws CommandLineError, or FailedError for a file that
 * cannot be read.
 */
export function questionOf(flags: Partial<WalkFlags>): Question {
  return present({
    ...{ filters: flags.filter, dev: flags.dev, parent: flags.parent, at: flags.at, vlan: flags.vlan },
    ...setUpOf(flags),
    ...(flags.script === undefined ? {} : shellQuestion(flags, limitsOf(flags))),
    txQueues: txQueuesOf(flags),
    // A state names its own.
    kernel: (flags.era ?? (flags.state === undefined ? '6.1' : undefined)) as EraName | undefined,
    seed: flags.seed === undefined ? undefined : unsigned('--seed', flags.seed),
    hashrnd: flags.hashrnd?.map((text) => unsigned('--hashrnd', text)),
    ...{ rxhashKey: flags.rxhashKey, foldKey: flags.foldKey, nat: flags.nat },
    ...{ captured: capturedOf(flags.captured), interface: flags.interface, direction: flags.direction },
    hosts: flags.hosts?.flatMap((text) => text.split(',')),
    conntrackMax:
      flags.conntrackMax === undefined ? undefined : unsigned('--conntrack-max', flags.conntrackMax, MAX_MAX),
    metadata: flags.set === undefined ? undefined : { all: Object.fromEntries(flags.set.flatMap(assignments)) },
  });
}

/** `lan`, or `lan0=lan,wan0=wan`. A single word that is no side is found out where the question is read. */
function capturedOf(text: string | undefined): Question['captured'] {
  if (text === undefined || !text.includes('=')) return text as Question['captured'];
  const sides = new Map<string, string>();
  for (const part of text.split(',')) {
    const [, name = '', side = ''] = /^(.+)=(lan|wan|here)$/.exec(part) ?? [];
    const problem = name === '' ? `expected NAME=lan, NAME=wan or NAME=here, not "${part}"` : `${name} is there twice`;
    if (name === '' || sides.has(name)) {
      throw new CommandLineError(`--captured: ${escapeText(problem)}`, caretInValue('--captured', text, -1, part));
    }
    sides.set(name, side);
  }
  return Object.fromEntries(sides) as Question['captured'];
}

/** What a call is given besides the question: tables, which are read as they are asked for, and who prints what it notes. */
export function besidesOf(flags: Partial<WalkFlags>): Besides {
  return {
    tables: tablesOf(flags),
    shell: flags.script === undefined ? undefined : shellOf(flags.script, limitsOf(flags)),
    script: (report) => sayScript(nameOfSetUp(flags), report),
    note: (text) => say(`note: ${escapeText(text)}`),
  };
}

function tablesOf(flags: Partial<WalkFlags>): Tables {
  const { conntrack, ipset, meta } = flags;
  const limits = limitsOf(flags);
  return {
    ...(conntrack === undefined ? {} : { conntrack: readLines(conntrack, limits) }),
    ...(ipset === undefined ? {} : { sets: setsLines(ipset, limits) }),
    ...(meta === undefined ? {} : { metadata: objectsOf(meta, limits) }),
  };
}

/** Fields that are there: a question is kept and sent as JSON. */
function present(fields: { readonly [K in keyof Question]?: Question[K] | undefined }): Question {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Does what asks the question; what is wrong with a field is wrong with the option that it comes from. */
export function asking<T>(flags: Partial<WalkFlags>, ask: () => T): T {
  try {
    const answer = ask();
    if (!(answer instanceof Promise)) return answer;
    return answer.catch((error: unknown) => {
      throw onCommandLine(error, flags);
    }) as T;
  } catch (error) {
    throw onCommandLine(error, flags);
  }
}

/** A field: its option and what was typed there, and how its errors are reported where that is not as usual. */
interface Typed {
  readonly option: string;
  readonly value: string;
}

/** The error as the command line reports it. */
export function onCommandLine(error: unknown, flags: Partial<WalkFlags> & { readonly names?: string }): unknown {
  if (!(error instanceof QuestionError)) return error;
  const { reason, problem, hint, word } = error;
  const [, name = '', index = '0'] = /^(\w+(?:\.\w+)?)?(?:\[(\d+)\])?/.exec(error.field) ?? [];
  if (name === 'script') return new FailedError(`${nameOfSetUp(flags)}: ${problem}`);
  if (name === 'script.filters' || name === 'state' || name === 'state.era') {
    return new CommandLineError(`${nameOfSetUp(flags)}: ${problem}`);
  }
  if (name === 'conntrack') return new FailedError(`${flags.conntrack}: ${problem}`);
  if (name === 'names') return new CommandLineError(`${flags.names}:${Number(index) + 1}: ${problem}`, null, hint);
  if (name === 'metadata.some') return inMeta(error, flags.meta ?? '', Number(index));
  if (name === 'sets') return inSets(error, flags.ipset?.[Number(index)] ?? '', flags);
  const typed = typedOf(name, Number(index), flags);
  if (typed === null) return new CommandLineError(problem, null, helpOf(name, hint));
  const { option, value } = typed;
  if (reason instanceof KernelError) {
    const rule = problem === reason.message ? '' : ` (${problem})`;
    return new CommandLineError(
      `${kernelAnswer(reason)}${rule}`,
      rule === '' ? null : caretInValue(option, value, word),
    );
  }
  if (reason instanceof UsageError) return inOption(option, value, reason, suggestion(name, reason));
  const shown = problem.replace('a script', '--script');
  return new CommandLineError(`${option}: ${shown}`, caretInValue(option, value, word), hint);
}

/** What helps where a field was not given, in options. */
const EXAMPLE = "example: --filter 'hash keys src,dst divisor 1024'";
const DEVICE = 'add --dev NAME';

function helpOf(name: string, hint: string): string {
  if (name === 'filters') return EXAMPLE;
  return name === 'dev' && hint === '' ? DEVICE : hint;
}

/** Options whose name is not the field's. */
const OPTIONS: Readonly<Record<string, string>> = {
  filters: 'filter',
  sets: 'ipset',
  kernel: 'era',
  'metadata.all': 'set',
};

function typedOf(name: string, index: number, flags: Partial<WalkFlags>): Typed | null {
  const flag = OPTIONS[name] ?? name;
  const given = (flags as Readonly<Record<string, unknown>>)[flag];
  const value = Array.isArray(given) ? (name === 'metadata.all' ? given.join(',') : given[index]) : given;
  const option = `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return typeof value === 'string' ? { option, value } : null;
}

const FLOW_WORDS = 'map hash keys key and or xor rshift addend divisor baseclass perturb'.split(' ');
const KEY_NAMES = ALL_KEYS.map((key) => KEYS[key].name);

/** What was probably meant, if that can be guessed. */
function suggestion(name: string, { message }: UsageError): string | null {
  const wrong = /^(?:What is|Unknown flow key|unknown name) "(.*)"/.exec(message)?.[1];
  if (wrong === undefined) return null;
  if (name === 'metadata.all') return nearest(wrong, METADATA_NAMES)[0] ?? null;
  if (name !== 'filters') return null;
  return nearest(wrong, message.startsWith('Unknown') ? KEY_NAMES : FLOW_WORDS)[0] ?? null;
}

function inMeta({ problem, hint }: QuestionError, path: string, index: number): CommandLineError {
  return new CommandLineError(`${path}:${index + 1}: ${problem}`, null, hint);
}

function inSets({ reason, problem }: QuestionError, spec: string, flags: Partial<WalkFlags>): Error {
  const file = fileOfSets(spec);
  if (reason instanceof LimitError) return tooMany(file, limitsOf(flags).entries, 'elements');
  if (reason instanceof FormatError) return new FailedError(`${file}: ${problem}`);
  return new CommandLineError(`--ipset: ${problem}`, caretInValue('--ipset', spec, -1));
}

/** `name=value,name=value`; a value in braces is JSON and may hold commas. */
function assignments(text: string): (readonly [string, unknown])[] {
  return splitOutsideBraces(text).map((part) => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(part) ?? [];
    if (name === undefined || value === undefined) {
      throw new CommandLineError('--set: expected name=value', caretInValue('--set', text, 0, part));
    }
    return [name, literal(value)];
  });
}

function splitOutsideBraces(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const char of text) {
    depth += char === '{' ? 1 : char === '}' ? -1 : 0;
    if (char === ',' && depth === 0) parts.push('');
    else parts.push(`${parts.pop() ?? ''}${char}`);
  }
  return parts;
}

/** true, false, null and objects as in JSON; everything else stays text. */
function literal(value: string): unknown {
  if (!/^(true|false|null|\{.*\})$/s.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** The objects of a JSONL file, one a line; undefined: a blank line. */
function* objectsOf(path: string, limits: Limits): Generator<unknown> {
  let number = 0;
  for (const line of readLines(path, limits)) {
    number++;
    yield line.trim() === '' ? undefined : parsed(line, `${path}:${number}`);
  }
}

function parsed(line: string, place: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new CommandLineError(`${place}: ${(error as Error).message}`);
  }
}

/** Findings that are printed in full; the rest is counted. */
const PRINTED = 5;

/** What running the script came to, on standard error. */
function sayScript(file: string, report: ScriptReport): void {
  const { kind, failed, notModelled, unexpanded, unread, assumed, empty, simulated } = report;
  const name = escapeText(file);
  const printed = PRINTED_BY[kind];
  if (printed !== undefined) say(`note: ${name} is read as what ${printed} prints`);
  for (const { line, message } of failed.slice(0, PRINTED)) say(`${name}:${line}: ${escapeText(message)}`);
  if (failed.length > PRINTED) say(`${name}: ${counted(failed.length - PRINTED, 'more command')} failed`);
  for (const { line, why } of notModelled.slice(0, PRINTED)) say(`${name}:${line}: note: ${escapeText(why)}`);
  if (notModelled.length > PRINTED) say(`${name}: ${counted(notModelled.length - PRINTED, 'more note')} like these`);
  for (const { line, why } of unread.slice(0, PRINTED)) say(`${name}:${line}: not read: ${escapeText(why)}`);
  if (unread.length > PRINTED) say(`${name}: ${counted(unread.length - PRINTED, 'more line')} could not be read`);
  if (simulated !== null) saySimulated(name, simulated);
  else if (unexpanded.length > 0) {
    say(
      `${name}: ${counted(unexpanded.length, 'tc line')} with variables left out, the first is line ${unexpanded[0]}`,
    );
  }
  if (assumed.length > 0) {
    say(`${name}: it builds on what it does not make; assumed (and so are the results):`);
    for (const line of assumed) say(`  tc ${escapeText(line)}`);
  }
  if (empty !== undefined) say(`note: ${name} ${escapeText(empty)}`);
}

/** What the run of a shell script rests on, in short: `check` lists all of it. */
function saySimulated(name: string, { assumptions, unchecked, ended, triedStart }: Simulated): void {
  const [assumed] = assumptions;
  const [left] = unchecked;
  if (triedStart) say(`${name}: without arguments it gives no tc command: simulated with "start"`);
  if (ended !== null) say(`${name}:${ended.place.line}: the script ends here: ${escapeText(ended.why)}`);
  if (left !== undefined) {
    say(
      `${name}:${left.place.line}: not simulated: ${escapeText(left.why)}${unchecked.length > 1 ? ` (and ${unchecked.length - 1} more)` : ''}`,
    );
  }
  if (assumed !== undefined) {
    const many = counted(assumptions.length, 'question');
    const { question, answer, place } = assumed;
    say(
      `${name}: ${many} of it answered by assumption, the first in line ${place.line}: ${escapeText(question)}: ${escapeText(answer)}`,
    );
  }
}
