import { statSync } from 'node:fs';
import path from 'node:path';
import { reportOf as ask, type CheckOptions, checkedOf, QuestionError } from '../../src/api/index.ts';
import { counted, escapeText } from '../../src/lang/index.ts';
import { type CheckedFinding, mended, type Report, RULES, SEVERITIES, type Severity } from '../../src/lint/index.ts';
import { ExistsError } from '../write.ts';
import { caretInValue } from './caret.ts';
import type { CheckFlags } from './commands/check.ts';
import { CommandLineError } from './errors.ts';
import { limitsOf } from './limits.ts';
import { readCommands, writeText } from './named-file.ts';
import { txQueuesOf } from './numbers.ts';
import { painter, say } from './output.ts';
import { checkOutputs } from './outputs.ts';
import { Output } from './result.ts';

/** Findings of one code that are told in full; the rest is counted. */
const TOLD = 3;
const FOUND = 1;
const INCOMPLETE = 3;

/** Checks a script and tells what was found. Returns the exit status. */
export async function checkScript(file: string, flags: CheckFlags): Promise<number> {
  const hosts = hostsOf(flags.hosts);
  const txQueues = txQueuesOf(flags);
  if (flags.force && !flags.fix) throw new CommandLineError('--force: goes with --fix only');
  if (flags.fix && file === '-') throw new CommandLineError('--fix: standard input has no file beside it');
  const text = readCommands(file, limitsOf(flags), CommandLineError);
  const question = { ...(hosts === null ? {} : { hosts }), ...(txQueues === undefined ? {} : { txQueues }) };
  const report = reportOf(text, file, question);
  const fixed = flags.fix ? await writeFixed(file, text, report, flags.force === true) : null;
  const output = new Output();
  if (flags.format === 'json') output.write(`${JSON.stringify(checkedOf(report, text, file, question))}\n`);
  else if (flags.format === 'sarif') output.write(`${JSON.stringify(asSarif(report, file), null, 2)}\n`);
  else output.write(asText(report, file, text, fixed, hosts));
  output.flush();
  if (flags.format !== 'text') {
    for (const line of notes(report, file)) say(`cls-flow: ${line}`);
    if (fixed?.fixes === 0) say(`cls-flow: ${NO_FIX}`);
  }
  const limit = SEVERITIES.indexOf(flags.failOn);
  if (report.findings.some(({ severity }) => SEVERITIES.indexOf(severity) <= limit)) return FOUND;
  return flags.strict && report.notModelled.length > 0 ? INCOMPLETE : 0;
}

function hostsOf(value: string | undefined): number | null {
  if (value === undefined) return null;
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new CommandLineError(`--hosts ${value}: a number expected`, caretInValue('--hosts', value, 0));
}

function reportOf(text: string, file: string, question: CheckOptions): Report {
  const report = inScript(file, () => ask(text, question));
  if (report.script.commands.length > 0 || report.script.dump) return report;
  const { unexpanded } = report.script;
  if (unexpanded.length === 0) throw new CommandLineError(`${file}: there is no tc command in it`);
  throw new CommandLineError(
    `${file}: every tc line in it holds variables (${unexpanded.length})`,
    null,
    `run it and look at what it does: cls-flow record -- ${file}`,
  );
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

const SARIF_LEVELS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', advice: 'note' };

/** SARIF 2.1.0 */
function asSarif({ findings, notModelled }: Report, file: string) {
  const uri = file === '-' ? 'stdin' : file.split(path.sep).map(encodeURIComponent).join('/');
  const rules = RULES.map(({ code, title, severity }) => ({
    id: code,
    shortDescription: { text: title },
    defaultConfiguration: { level: SARIF_LEVELS[severity] },
  }));
  const results = findings.map(({ code, severity, line, column, length, message, effect, fix }) => ({
    ruleId: code,
    ruleIndex: RULES.findIndex((rule) => rule.code === code),
    level: SARIF_LEVELS[severity],
    message: { text: `${message}: ${effect}${fix === null ? '' : `. Fix: ${fix}`}` },
    locations: [locationOf(uri, { line, column, length })],
  }));
  const toolExecutionNotifications = notModelled.map((where) => ({
    level: 'note',
    message: { text: where.why },
    locations: [locationOf(uri, where)],
  }));
  const invocations = [{ executionSuccessful: true, toolExecutionNotifications }];
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'cls-flow', rules } }, columnKind: 'utf16CodeUnits', invocations, results }],
  };
}

type Where = Pick<CheckedFinding, 'line' | 'column' | 'length'>;

function locationOf(uri: string, { line, column, length }: Where) {
  const region = { startLine: line, startColumn: column, endColumn: column + length };
  return { physicalLocation: { artifactLocation: { uri }, region } };
}

function asText(report: Report, file: string, text: string, fixed: Fixed | null, hosts: number | null): string {
  const lines = text.split('\n');
  const counts = new Map<string, number>();
  const left = new Map<string, number[]>();
  const blocks = report.findings.flatMap((finding) => {
    const { code, line } = finding;
    const count = counts.get(code) ?? 0;
    counts.set(code, count + 1);
    if (count < TOLD) return [block(finding, file, lines, report.script.dump)];
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
  const counts = SEVERITIES.map((severity) => ({
    severity,
    count: findings.filter((finding) => finding.severity === severity).length,
  })).filter(({ count }) => count > 0);
  const said = counts.map(({ severity, count }) => counted(count, severity)).join(', ');
  const mendable = findings.filter(({ fix }) => fix !== null).length;
  const fixes =
    fixed !== null
      ? fixText(fixed)
      : mendable > 0 && !script.dump && file !== '-'
        ? `; --fix mends ${mendable} of them in a copy`
        : '';
  const more = hosts === null && hasFlowFilter ? ['with --hosts N the buckets are judged too (FT017)'] : [];
  return [`${said}${fixes}`, ...more];
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
  return [...assumedNotes(report), ...modelNotes(report), ...unexpandedNotes(report, file)];
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
  const [first] = unexpanded;
  if (first === undefined) return [];
  const many = `${counted(unexpanded.length, 'tc line')} ${unexpanded.length === 1 ? 'holds' : 'hold'}`;
  return [
    `${many} variables and could not be checked, the first is line ${first.line}: cls-flow record -- ${escapeText(file)}`,
  ];
}
