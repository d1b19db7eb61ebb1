import { statSync } from 'node:fs';
import path from 'node:path';
import {
  annotationsOf,
  type Checked,
  type CheckOptions,
  checkedOf,
  QuestionError,
  readCheckOptions,
  reportOf,
  sarifOf,
} from '../../src/api/index.ts';
import { counted, escapeText } from '../../src/lang/index.ts';
import { type CheckedFinding, mended, type Report, SEVERITIES } from '../../src/lint/index.ts';
import { ExistsError } from '../write.ts';
import { caretInValue } from './caret.ts';
import { type Config, configOf } from './check-config.ts';
import { isFolder, type ScriptFile, scriptFiles } from './check-files.ts';
import type { CheckFlags } from './commands/check.ts';
import { CommandLineError, tell } from './errors.ts';
import { limitsOf } from './limits.ts';
import { readCommands, readFailure, writeText } from './named-file.ts';
import { txQueuesOf } from './numbers.ts';
import { painter, say } from './output.ts';
import { checkOutputs } from './outputs.ts';
import { Output } from './result.ts';
import { listingOfFlags, nameOfSetUp, PRINTED_BY } from './set-up.ts';

/** Findings of one code that are told in full; the rest is counted. */
const TOLD = 3;
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

/** Checks scripts and tells what was found. Returns the exit status. */
export async function checkScripts(names: readonly string[], flags: CheckFlags): Promise<number> {
  const question = questionOf(flags);
  if (flags.force && !flags.fix) throw new CommandLineError('--force: goes with --fix only');
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
function questionOf(flags: CheckFlags): CheckOptions {
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
    return readCheckOptions(asked);
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
  throw new CommandLineError(`--hosts ${value}: a number expected`, caretInValue('--hosts', value, 0));
}

/** Each by itself: what is wrong with one is told, and the others go on. */
async function judgedEach(names: readonly string[], flags: CheckFlags, question: CheckOptions): Promise<Script[]> {
  const scripts: Script[] = [];
  for (const file of scriptFiles(names)) {
    const script = await judgedOrNot(file, flags, question);
    if (!file.isNamed && holdsNothing(script)) continue;
    scripts.push(script);
    if (script.problem !== null) say(tell(script.problem, []).text);
  }
  if (scripts.length > 0 || flags.passWithoutTc) return scripts;
  throw new CommandLineError(`${names.join(', ')}: there is no tc script in it`);
}

async function judgedOrNot(file: ScriptFile, flags: CheckFlags, question: CheckOptions): Promise<Script> {
  try {
    if (file.failure !== null) throw readFailure(file.failure, file.name, CommandLineError);
    return await judged(file.name, flags, question);
  } catch (problem) {
    if (!(problem instanceof CommandLineError)) throw problem;
    return { name: file.name, text: null, report: null, problem, fixed: null };
  }
}

async function judged(name: string, flags: CheckFlags, question: CheckOptions, given?: string): Promise<Script> {
  const text = given ?? readCommands(name, limitsOf(flags), CommandLineError);
  const report = inScript(name, () => reportOf(text, question));
  const problem = problemOf(name, report, flags);
  const fixed = flags.fix && problem === null ? await writeFixed(name, text, report, flags.force === true) : null;
  return { name, text, report, problem, fixed };
}

/** Why there is nothing that could be judged; null: there is. */
function problemOf(file: string, { script }: Report, { passWithoutTc }: CheckFlags): CommandLineError | null {
  const { commands, unexpanded, dump } = script;
  if (commands.length > 0 || dump) return null;
  if (unexpanded.length === 0) {
    return passWithoutTc ? null : new CommandLineError(`${file}: there is no tc command in it`);
  }
  return new CommandLineError(
    `${file}: every tc line in it holds variables (${unexpanded.length})`,
    null,
    `run it and look at what it does: cls-flow record -- ${file}`,
  );
}

function holdsNothing({ report }: Script): boolean {
  if (report === null) return false;
  const { commands, unexpanded, dump } = report.script;
  return commands.length === 0 && unexpanded.length === 0 && !dump;
}

function exitOf({ report, problem }: Script, { failOn, strict }: CheckFlags): number {
  if (report === null || problem !== null) return FAILED;
  const limit = SEVERITIES.indexOf(failOn);
  if (report.findings.some(({ severity }) => SEVERITIES.indexOf(severity) <= limit)) return FOUND;
  const isWhole = report.notModelled.length === 0 && report.unchecked.length === 0;
  return strict && !isWhole ? INCOMPLETE : 0;
}

interface TextFlags extends CheckFlags {
  /** One script was named, and nothing else. */
  readonly isOne: boolean;
}

type Printer = (scripts: readonly Script[], question: CheckOptions, flags: TextFlags) => string;

const PRINTED: Readonly<Record<CheckFlags['format'], Printer>> = {
  text: asTexts,
  json: (scripts, question) => `${JSON.stringify(jsonOf(scripts, question))}\n`,
  sarif: (scripts, question) => `${JSON.stringify(sarifOf(jsonOf(scripts, question), path.sep), null, 2)}\n`,
  github: (scripts, question) => annotationsOf(jsonOf(scripts, question)),
};

function jsonOf(scripts: readonly Script[], question: CheckOptions): Checked {
  const judged = scripts.map((script) => ({ ...script, problem: script.problem?.message ?? null }));
  return checkedOf(judged, question);
}

/** What text output says, beside another. */
function tellNotes({ name, report, problem, fixed }: Script, isOne: boolean): void {
  if (report === null || problem !== null) return;
  const lines = [...notes(report, name), ...(fixed?.fixes === 0 ? [NO_FIX] : [])];
  for (const line of lines) say(`cls-flow: ${isOne ? '' : `${escapeText(name)}: `}${line}`);
}

/** One after the other, and the sum of several. */
function asTexts(scripts: readonly Script[], { hosts }: CheckOptions, flags: TextFlags): string {
  const judged = scripts.filter(({ problem }) => problem === null);
  const texts = judged.map((script) => asText(script, flags, hosts ?? null));
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

/** What --fix wrote: without any fix there is no file. */
interface Fixed {
  readonly name: string;
  readonly fixes: number;
}

/** NAME.fixed.EXT beside the script, where there is anything to mend. A file of that name may be somebody's own work. */
async function writeFixed(file: string, text: string, report: Report, isForced: boolean): Promise<Fixed> {
  const { text: better, fixes } = mended(text, report);
  if (fixes === 0) return { name: '', fixes };
  const { dir, name, ext } = path.parse(file);
  const target = path.join(dir, `${name}.fixed${ext}`);
  checkOutputs([target], [file]);
  try {
    await writeText(target, better, { isNew: !isForced, mode: statSync(file).mode });
  } catch (error) {
    if (!(error instanceof ExistsError)) throw error;
    throw new CommandLineError(`${target}: is there already`, null, '--fix --force replaces it');
  }
  return { name: target, fixes };
}

function asText({ name: file, text, report, fixed }: Script, { all }: CheckFlags, hosts: number | null): string {
  if (report === null) return '';
  const lines = text?.split('\n') ?? [];
  const counts = new Map<string, number>();
  const left = new Map<string, number[]>();
  const blocks = report.findings.flatMap((finding) => {
    const { code, line } = finding;
    const count = counts.get(code) ?? 0;
    counts.set(code, count + 1);
    if (all || count < TOLD) return [block(finding, file, lines, report.script.dump)];
    const at = left.get(code);
    if (at === undefined) left.set(code, [line]);
    else at.push(line);
    return [];
  });
  const more = [...left].map(([code, at]) => `${code}: ${at.length} more like these, in ${linesText(at)}`);
  return [...blocks, ...more, ...summary(report, file, fixed, hosts), ...notes(report, file)].join('\n').concat('\n');
}

const PAINT = { error: 'red', warning: 'yellow', advice: 'cyan' } as const;

/** The place, what is wrong, the line with the words underlined, what that does, and the command that is right. */
function block(finding: CheckedFinding, file: string, lines: readonly string[], dump: boolean): string {
  const { code, severity, line, column, length, message, effect, fix, command } = finding;
  const paint = painter('stdout');
  const source = dump ? command.source : (lines[line - 1] ?? '');
  const indent = source.length - source.trimStart().length;
  const before = escapeText(source.slice(indent, column - 1));
  const marked = escapeText(source.slice(column - 1, column - 1 + length));
  const margin = '    ';
  return [
    `${escapeText(file)}:${line}  ${paint(PAINT[severity], `${code} ${severity}`)}  ${escapeText(message)}`,
    `${margin}${escapeText(source.trim())}`,
    `${margin}${' '.repeat(before.length)}${'^'.repeat(Math.max(1, marked.length))}`,
    `${margin}${escapeText(effect)}`,
    ...(fix === null ? [] : [`${margin}fix: ${escapeText(fix)}`]),
    '',
  ].join('\n');
}

function summary(
  { findings, script, hasFlowFilter }: Report,
  file: string,
  fixed: Fixed | null,
  hosts: number | null,
): string[] {
  if (findings.length === 0)
    return [`${escapeText(file)}: nothing found in ${counted(script.commands.length, 'tc command')}${fixText(fixed)}`];
  const mendable = findings.filter(({ fix }) => fix !== null).length;
  const fixes =
    fixed !== null
      ? fixText(fixed)
      : mendable > 0 && !script.dump && file !== '-'
        ? `; --fix mends ${mendable} of them in a copy`
        : '';
  const more = hosts === null && hasFlowFilter ? ['with --hosts N the buckets are judged too (FT017)'] : [];
  return [`${bySeverity(findings)}${fixes}`, ...more];
}

function bySeverity(findings: readonly CheckedFinding[]): string {
  const counts = SEVERITIES.map((severity) => ({
    severity,
    count: findings.filter((finding) => finding.severity === severity).length,
  })).filter(({ count }) => count > 0);
  return counts.map(({ severity, count }) => counted(count, severity)).join(', ');
}

const NO_FIX = '--fix: nothing to mend, no copy written';

function fixText(fixed: Fixed | null): string {
  if (fixed === null) return '';
  return fixed.fixes === 0 ? `; ${NO_FIX}` : `; ${counted(fixed.fixes, 'fix')} written to ${escapeText(fixed.name)}`;
}

/** Line numbers, each once. */
function linesText(lines: readonly number[]): string {
  const each = [...new Set(lines)];
  return each.length === 1 ? `line ${each[0]}` : `lines ${each.join(', ')}`;
}

/** What was supposed, and what could not be looked at. */
function notes(report: Report, file: string): string[] {
  return [
    ...kindNotes(report),
    ...assumedNotes(report),
    ...modelNotes(report),
    ...unreadNotes(report),
    ...unexpandedNotes(report, file),
  ];
}

/** The kind of a text is guessed; of a script nobody wonders. */
function kindNotes({ script: { kind } }: Report): string[] {
  const printed = PRINTED_BY[kind];
  return printed === undefined ? [] : [`read as what ${printed} prints`];
}

function unreadNotes({ script: { unexpanded } }: Report): string[] {
  return unexpanded.flatMap(({ line, unread }) =>
    unread === null ? [] : [`note: line ${line}: not checked: ${escapeText(unread)}`],
  );
}

function assumedNotes({ assumed, standing }: Report): string[] {
  const replaced = assumed.filter((line) => !standing.includes(line));
  return [
    ...listed('assumed, since the script builds on it and does not make it:', standing),
    ...listed('assumed, since the script deletes it and then makes its own:', replaced),
  ];
}

function listed(head: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [head, ...lines.map((line) => `    tc ${escapeText(line)}`)];
}

function modelNotes({ notModelled }: Report): string[] {
  return notModelled.map(({ line, why }) => `note: line ${line}: ${escapeText(why)}`);
}

function unexpandedNotes({ script: { unexpanded } }: Report, file: string): string[] {
  const open = unexpanded.filter(({ unread }) => unread === null);
  const [first] = open;
  if (first === undefined) return [];
  const many = `${counted(open.length, 'tc line')} ${open.length === 1 ? 'holds' : 'hold'}`;
  return [
    `${many} variables and could not be checked, the first is line ${first.line}: cls-flow record -- ${escapeText(file)}`,
  ];
}
