import { existsSync } from 'node:fs';
import path from 'node:path';
import {
  annotationsOf,
  type Checked,
  type CheckOptions,
  checkedOf,
  QuestionError,
  readCheckOptions,
  reportOf,
  reportOfSimulated,
  type ScriptGiven,
  sarifOf,
  simulateQuestion,
} from '../../src/api/index.ts';
import { counted, covers, escapeText, type Prefix, parsePrefix, shellQuoted } from '../../src/lang/index.ts';
import { type Report, SEVERITIES } from '../../src/lint/index.ts';
import { caretInValue } from './caret.ts';
import { type Config, configOf } from './check-config.ts';
import { isFolder, type ScriptFile, scriptFiles } from './check-files.ts';
import { type Fixed, type Texts, writeFixed } from './check-fix.ts';
import { asText, bySeverity, freshNotes, noFix, notes } from './check-text.ts';
import type { CheckFlags } from './commands/check.ts';
import { CommandLineError, tell } from './errors.ts';
import { type Limits, limitsOf } from './limits.ts';
import { readCommands, readFailure } from './named-file.ts';
import { txQueuesOf } from './numbers.ts';
import { say } from './output.ts';
import { Output } from './result.ts';
import { shellOf, shellQuestion } from './script-files.ts';
import { listingOfFlags, nameOfSetUp } from './set-up.ts';
import { endText } from './simulated-end.ts';

const FOUND = 1;
const FAILED = 2;
const INCOMPLETE = 3;
/** The worst first: of several scripts that one counts. */
const EXITS = [FAILED, FOUND, INCOMPLETE, 0];

/** A script, what was found in it and what --fix wrote. */
interface Script {
  readonly name: string;
  /** null: it could not be read, or cannot be a script. */
  readonly text: string | null;
  readonly report: Report | null;
  /** Why it could not be judged; null: it was. */
  readonly problem: CommandLineError | null;
  readonly fixed: Fixed | null;
}

const TYPED = { force: '--force', inPlace: '--in-place' } as const;

/** Checks scripts and tells what was found. Returns the exit status. */
export async function checkScripts(names: readonly string[], flags: CheckFlags): Promise<number> {
  const question = questionOf(flags);
  for (const name of ['force', 'inPlace'] as const) {
    if (flags[name] && !flags.fix) throw new CommandLineError(`${TYPED[name]}: goes with --fix only`);
  }
  if (flags.fix && names.includes('-')) throw new CommandLineError('--fix: standard input has no file beside it');
  const listing = listingOfFlags(flags);
  const [first = ''] = listing === null ? named(names) : [alone(names, flags)];
  const isOne = listing !== null || (names.length === 1 && !isFolder(first));
  const scripts = isOne
    ? [await judged(first, flags, question, listing ?? undefined)]
    : await judgedEach(names, flags, question);
  if (isOne && scripts[0]?.problem) throw scripts[0].problem;
  const output = new Output();
  output.write(PRINTED[flags.format](scripts, question, { ...flags, isOne }));
  output.flush();
  if (flags.format !== 'text') for (const script of scripts) tellNotes(script, isOne);
  const exits = scripts.map((script) => exitOf(script, flags));
  return EXITS.find((exit) => exits.includes(exit)) ?? 0;
}

type Asked = CheckOptions & ScriptGiven;

function named(names: readonly string[]): readonly string[] {
  if (names.length > 0) return names;
  throw new CommandLineError('check: a script expected, or --state, or --live');
}

/** What --state or --live is called, which goes with no script. */
function alone(names: readonly string[], flags: CheckFlags): string {
  if (names.length > 0) throw new CommandLineError(`a script, --state and --live exclude each other: give one`);
  if (flags.fix) throw new CommandLineError('--fix: a kernel is no file that could be mended');
  return nameOfSetUp(flags);
}

/** What was asked, checked. */
function questionOf(flags: CheckFlags): Asked {
  const config = configOf(flags);
  const hosts = hostsOf(flags.hosts);
  const txQueues = txQueuesOf(flags);
  const { only, ignore } = flags;
  const asked = {
    ...(hosts === null ? {} : { hosts }),
    ...(txQueues === undefined ? {} : { txQueues }),
    ...(only === undefined ? {} : { only: codesIn(only) }),
    ...(ignore === undefined ? {} : { ignore: codesIn(ignore) }),
    ...(config?.severities === undefined ? {} : { severities: config.severities }),
  };
  try {
    return { ...readCheckOptions(asked), ...shellQuestion(flags, limitsOf(flags)) };
  } catch (error) {
    throw error instanceof QuestionError ? asTyped(error, flags, config) : error;
  }
}

const codesIn = (typed: readonly string[]): string[] => typed.flatMap((codes) => codes.split(','));

/** The error about an option or the configuration. */
function asTyped({ field, problem, hint }: QuestionError, flags: CheckFlags, config: Config | null): CommandLineError {
  const [, name, index] = /^(only|ignore)\[(\d+)\]$/.exec(field) ?? [];
  if (name !== 'only' && name !== 'ignore') {
    return new CommandLineError(`${config?.file}: ${field.replace(/^severities/, 'rules')}: ${problem}`, null, hint);
  }
  const typed = flags[name] ?? [];
  const code = codesIn(typed)[Number(index)] ?? '';
  const value = typed.find((codes) => codes.split(',').includes(code)) ?? '';
  return new CommandLineError(`--${name}: ${problem}`, caretInValue(`--${name}`, value, -1, code), hint);
}

function hostsOf(value: string | undefined): number | null {
  if (value === undefined) return null;
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  const prefixes = value.split(',').map(parsePrefix);
  if (prefixes.every((prefix) => prefix !== null)) return hostsIn(prefixes);
  throw new CommandLineError(`--hosts ${value}: a number or prefixes expected`, caretInValue('--hosts', value, 0));
}

const MOST_HOSTS = 999_999_999;
/** What one subscriber has of IPv6, as of `classify --by subscriber`. */
const SUBSCRIBER_BITS = 64;

/** Addresses that hosts can have in prefixes, of IPv6 the subscribers; what lies in another one counts once. */
function hostsIn(prefixes: readonly Prefix[]): number {
  const isIn = (one: Prefix, other: Prefix): boolean =>
    other.length <= one.length && covers(other, one.address.family, one.address.words);
  const own = prefixes.filter((one, i) =>
    prefixes.every((other, j) => i === j || !isIn(one, other) || (isIn(other, one) && i < j)),
  );
  const counts = own.map(({ address: { family }, length }) => {
    if (family === 6) return 2 ** Math.max(0, SUBSCRIBER_BITS - length);
    // The first and the last address of a network are no host's.
    return length < 31 ? 2 ** (32 - length) - 2 : 2 ** (32 - length);
  });
  return Math.min(
    MOST_HOSTS,
    counts.reduce((sum, count) => sum + count, 0),
  );
}

/** Each by itself: what is wrong with one is told, and the others go on. */
async function judgedEach(names: readonly string[], flags: CheckFlags, question: Asked): Promise<Script[]> {
  const scripts: Script[] = [];
  for (const file of scriptFiles(names)) {
    const script = await judgedOrNot(file, flags, question);
    if (!file.isNamed && holdsNothing(script)) continue;
    scripts.push(script);
    if (script.problem !== null) say(tell(withWayOut(script.problem, file.name, names), []).text);
  }
  if (scripts.length > 0 || flags.passWithoutTc) return scripts;
  throw new CommandLineError(`${names.join(', ')}: there is no tc script in it`);
}

/** Arguments of a script may have been taken for scripts, as no `--` stands before them. */
function withWayOut(problem: CommandLineError, name: string, names: readonly string[]): CommandLineError {
  const at = names.indexOf(name);
  const isArgument = at > 0 && /^[^-./][^./]*$/.test(name) && !existsSync(name) && existsSync(names[at - 1] ?? '');
  if (!isArgument) return problem;
  const [scripts, args] = [names.slice(0, at), names.slice(at)].map((list) => list.map(shellQuoted).join(' '));
  const way = `the arguments of a script stand behind --: cls-flow check ${scripts} -- ${args}`;
  return new CommandLineError(problem.message, problem.caret, way);
}

async function judgedOrNot(file: ScriptFile, flags: CheckFlags, question: Asked): Promise<Script> {
  try {
    if (file.failure !== null) throw readFailure(file.failure, file.name, CommandLineError);
    return await judged(file.name, flags, question);
  } catch (problem) {
    if (!(problem instanceof CommandLineError)) throw problem;
    return { name: file.name, text: null, report: null, problem, fixed: null };
  }
}

async function judged(name: string, flags: CheckFlags, question: Asked, given?: string): Promise<Script> {
  const limits = limitsOf(flags);
  const text = given ?? readCommands(name, limits, CommandLineError);
  const judge = (script: string, mended: Texts): Promise<Report> => {
    const asked = { ...question, files: { ...question.files, ...mended } };
    return reportOn({ name, script, limits }, asked);
  };
  const report = given === undefined ? await judge(text, {}) : inScript(name, () => reportOf(text, question));
  const problem = problemOf(name, report, flags);
  const fixed = flags.fix && problem === null ? await writeFixed(name, report, flags, judge) : null;
  return { name, text, report, problem, fixed };
}

interface Read {
  readonly name: string;
  readonly script: string;
  readonly limits: Limits;
}

async function reportOn({ name, script, limits }: Read, question: Asked): Promise<Report> {
  const { args = [], env = {}, files = {} } = question;
  const simulated = await simulateQuestion({ script, args, env, files }, shellOf(name, limits));
  return inScript(name, () =>
    simulated === null ? reportOf(script, question) : reportOfSimulated(simulated, question),
  );
}

/** Why there is nothing that could be judged; null: there is. */
function problemOf(file: string, report: Report, { passWithoutTc }: CheckFlags): CommandLineError | null {
  const { commands, unreached, dump, simulated } = report.script;
  if (commands.length > 0 || unreached.length > 0 || dump) return null;
  const { unchecked } = report;
  const [first] = unchecked;
  if (first === undefined && passWithoutTc) return null;
  if (simulated !== null && simulated.unchecked.length === 0) {
    return new CommandLineError(
      `${file}: without tc commands: ${endText(simulated)}`,
      null,
      argumentsHint(file, report),
    );
  }
  if (first === undefined) return new CommandLineError(`${file}: there is no tc command in it`);
  if (simulated !== null) {
    const where = `${first.file ?? file}:${first.line}`;
    return new CommandLineError(
      `${file}: no tc command in it could be run (${unchecked.length}); ${where}: ${first.why}`,
    );
  }
  return new CommandLineError(
    `${file}: every tc line in it holds variables (${unchecked.length})`,
    null,
    `run it and look at what it does: cls-flow record --run -- ${file}`,
  );
}

/** The script has tc commands, looks at its arguments, and was given none. */
function argumentsHint(file: string, { script: { simulated, texts }, unchecked }: Report): string {
  const isWanting = simulated?.args.length === 0 && unchecked.length > 0 && /\$\{?[1@*]/.test(texts.get(null) ?? '');
  return isWanting ? `its arguments stand behind --: cls-flow check ${shellQuoted(file)} -- ARGUMENTS` : '';
}

function holdsNothing({ report }: Script): boolean {
  if (report === null) return false;
  const { commands, unreached, dump } = report.script;
  return commands.length + unreached.length + report.unchecked.length === 0 && !dump;
}

function exitOf({ report, problem }: Script, { failOn, strict }: CheckFlags): number {
  if (report === null || problem !== null) return FAILED;
  const end = report.script.simulated?.ended?.kind;
  if (end === 'syntax') return FAILED;
  const limit = SEVERITIES.indexOf(failOn);
  if (report.findings.some(({ severity }) => SEVERITIES.indexOf(severity) <= limit)) return FOUND;
  const isWhole = report.notModelled.length === 0 && report.unchecked.length === 0 && end !== 'limit';
  return strict && !isWhole ? INCOMPLETE : 0;
}

interface TextFlags extends CheckFlags {
  /** One script was named, and nothing else. */
  readonly isOne: boolean;
}

type Printer = (scripts: readonly Script[], question: Asked, flags: TextFlags) => string;

const PRINTED: Readonly<Record<CheckFlags['format'], Printer>> = {
  text: asTexts,
  json: (scripts, question) => `${JSON.stringify(jsonOf(scripts, question))}\n`,
  sarif: (scripts, question) => `${JSON.stringify(sarifOf(jsonOf(scripts, question), path.sep), null, 2)}\n`,
  github: (scripts, question) => annotationsOf(jsonOf(scripts, question)),
};

function jsonOf(scripts: readonly Script[], question: Asked): Checked {
  const judged = scripts.map((script) => ({ ...script, problem: script.problem?.message ?? null }));
  return checkedOf(judged, question);
}

/** What text output says, beside another. */
function tellNotes({ name, report, problem, fixed }: Script, isOne: boolean): void {
  if (report === null || problem !== null) return;
  const lines = [...notes(report, name), ...(fixed?.fixes === 0 ? [noFix(report)] : []), ...freshNotes(fixed)];
  for (const line of lines) say(`cls-flow: ${isOne ? '' : `${escapeText(name)}: `}${line}`);
}

/** One after the other, and the sum of several. */
function asTexts(scripts: readonly Script[], { hosts }: Asked, flags: TextFlags): string {
  const texts = scripts.flatMap(({ name, report, problem, fixed }) =>
    report === null || problem !== null ? [] : [asText({ name, report, fixed }, flags.all === true, hosts ?? null)],
  );
  return [...texts, ...(flags.isOne ? [] : [`${sum(scripts)}\n`])].join('\n');
}

function sum(scripts: readonly Script[]): string {
  const findings = scripts.flatMap(({ report, problem }) => (problem === null ? (report?.findings ?? []) : []));
  const failed = scripts.filter(({ problem }) => problem !== null).length;
  const found = findings.length === 0 ? 'nothing found' : bySeverity(findings);
  return `${counted(scripts.length, 'script')}: ${found}${failed === 0 ? '' : `; ${failed} could not be checked`}`;
}

function inScript<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof QuestionError ? new CommandLineError(`${file}: ${error.problem}`) : error;
  }
}
