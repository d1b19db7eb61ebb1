import { turnsText } from '../../src/api/index.ts';
import type { InputKind } from '../../src/command/index.ts';
import { counted, escapeLines, escapeText } from '../../src/lang/index.ts';
import { type CheckedFinding, type FilePlace, type Report, SEVERITIES } from '../../src/lint/index.ts';
import type { Fixed } from './check-fix.ts';
import { painter } from './output.ts';
import { PRINTED_BY } from './set-up.ts';
import { endText } from './simulated-end.ts';

/** Findings of one kind that are told in full; the rest is counted. */
const TOLD = 3;
const MARGIN = '    ';

/** A script, and all that is printed about it. */
export interface ToldScript {
  readonly name: string;
  readonly report: Report;
  readonly fixed: Fixed | null;
}

/** The lines of the files; of a dump, whose commands are made up from it, there are none. */
type Lines = ReadonlyMap<string | null, readonly string[]> | null;

/** What was found in one script. */
export function asText({ name, report, fixed }: ToldScript, all: boolean, hosts: number | null): string {
  const { dump, texts } = report.script;
  const lines = dump ? null : new Map(Array.from(texts, ([file, text]) => [file, text.split('\n')]));
  const kinds = new Map<string, CheckedFinding[]>();
  const blocks = report.findings.flatMap((finding) => {
    const known = kinds.get(kindOf(finding)) ?? [];
    kinds.set(kindOf(finding), known);
    known.push(finding);
    return all || known.length <= TOLD ? [block(finding, name, lines)] : [];
  });
  const more = all ? [] : [...kinds.values()].flatMap(moreText);
  const diff = fixed === null || fixed.diff === '' ? [] : [escapeLines(fixed.diff)];
  const sum = summary(report, name, fixed, hosts);
  const said = [...sum, ...freshNotes(fixed), ...kindNote(report, name), ...notes(report, name)];
  return [...blocks, ...more, ...diff, ...said].join('\n').concat('\n');
}

/** Findings are alike where the same is said of them, but for the numbers: classes and handles. */
const kindOf = ({ code, message }: CheckedFinding): string =>
  `${code} ${message.replace(/\b(?:[\da-f]*:[\da-f]*|\d+)/g, '0')}`;

/** Where the findings of a kind are that are not told in full. */
function moreText([first, ...others]: readonly CheckedFinding[]): string[] {
  const left = others.slice(TOLD - 1);
  if (first === undefined || left.length === 0) return [];
  return [`${first.code}: ${left.length} more like ${linesText([first])}, in ${linesText(left)}`];
}

const PAINT = { error: 'red', warning: 'yellow', advice: 'cyan' } as const;

/** The place, what is wrong, the line with the words underlined, what that does, and the command that is right. */
function block(finding: CheckedFinding, name: string, lines: Lines): string {
  const { code, severity, file, line, column, length, message, effect, fix, command } = finding;
  const paint = painter('stdout');
  const source = lines?.get(file)?.[line - 1] ?? command.source;
  const indent = source.length - source.trimStart().length;
  const before = escapeText(source.slice(indent, column - 1));
  const marked = escapeText(source.slice(column - 1, column - 1 + length));
  const turns = turnsText(finding);
  return [
    `${escapeText(file ?? name)}:${line}  ${paint(PAINT[severity], `${code} ${severity}`)}  ${escapeText(message)}`,
    `${MARGIN}${escapeText(source.trim())}`,
    `${MARGIN}${' '.repeat(before.length)}${'^'.repeat(Math.max(1, marked.length))}`,
    ...(turns === '' ? [] : [`${MARGIN}line ${line}, ${escapeText(turns)}`]),
    `${MARGIN}${escapeText(effect)}`,
    ...(fix === null ? [] : [`${MARGIN}fix: ${escapeText(fix)}`]),
    '',
  ].join('\n');
}

function summary(report: Report, file: string, fixed: Fixed | null, hosts: number | null): string[] {
  const { findings, script, hasFlowFilter } = report;
  if (findings.length === 0)
    return [
      `${escapeText(file)}: nothing found in ${counted(script.commands.length, 'tc command')}${fixText(report, fixed)}`,
    ];
  const mendable = findings.filter(({ changes }) => changes.length > 0).length;
  const hint = mendable > 0 && file !== '-' ? `; --fix mends ${mendable} of them in a copy` : '';
  const more = hosts === null && hasFlowFilter ? ['with --hosts N the buckets are judged too (FT017)'] : [];
  return [`${bySeverity(findings)}${fixed === null ? hint : fixText(report, fixed)}`, ...more];
}

export function bySeverity(findings: readonly CheckedFinding[]): string {
  const counts = SEVERITIES.map((severity) => ({
    severity,
    count: findings.filter((finding) => finding.severity === severity).length,
  })).filter(({ count }) => count > 0);
  return counts.map(({ severity, count }) => counted(count, severity)).join(', ');
}

/** Why --fix wrote nothing. A fix that can be typed is told all the same. */
export function noFix({ findings, script }: Report): string {
  if (findings.every(({ fix }) => fix === null)) return '--fix: nothing to mend, no copy written';
  const why = script.dump ? 'what tc prints is no script' : 'variables make the words';
  return `--fix: no copy written, as ${why}: type the fixes yourself`;
}

function fixText(report: Report, fixed: Fixed | null): string {
  if (fixed === null) return '';
  const names = fixed.names.map(escapeText).join(', ');
  return fixed.fixes === 0 ? `; ${noFix(report)}` : `; ${counted(fixed.fixes, 'fix')} written to ${names}`;
}

/** What the fixes bring with them. */
export function freshNotes(fixed: Fixed | null): string[] {
  const fresh = fixed?.fresh ?? [];
  if (fresh.length === 0) return [];
  const texts = fresh.map((finding) => `${finding.code} in ${linesText([finding])}`);
  return [`the fixed script has ${fresh.length === 1 ? 'a new finding' : 'new findings'}: ${texts.join(', ')}`];
}

/** Where things are, each place once: `line 3`, `lines 3, 5-9`, `line 7 of lib.sh`. */
function linesText(places: readonly FilePlace[]): string {
  const files = new Map<string | null, Set<number>>();
  for (const { file, line } of places) files.set(file, (files.get(file) ?? new Set()).add(line));
  const texts = Array.from(files, ([file, lines]) => {
    const text = `${lines.size === 1 ? 'line' : 'lines'} ${rangesText([...lines]).join(', ')}`;
    return file === null ? text : `${text} of ${escapeText(file)}`;
  });
  return texts.join(', ');
}

/** Lines that follow each other as one range. */
function rangesText(lines: readonly number[]): string[] {
  const ranges: { from: number; to: number }[] = [];
  for (const line of lines.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last.to + 1 === line) last.to = line;
    else ranges.push({ from: line, to: line });
  }
  return ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`));
}

/** What was assumed, what the run came by, and what could not be looked at. */
export function notes(report: Report, file: string): string[] {
  return [
    ...runNotes(report, file),
    ...assumedNotes(report),
    ...modelNotes(report),
    ...(report.script.simulated === null && !report.script.dump
      ? unexpandedNotes(report, file)
      : uncheckedNotes(report)),
  ];
}

const KINDS: Readonly<Record<InputKind, { readonly text: string; readonly names: RegExp }>> = {
  batch: { text: 'a tc -batch file', names: /\.(?:tc|batch)$/ },
  shell: { text: 'a shell script', names: /\.(?:sh|bash)$/ },
  dump: { text: `what ${PRINTED_BY.dump} prints`, names: /\.json$/ },
  listing: { text: `what ${PRINTED_BY.listing} prints`, names: /$^/ },
  binary: { text: 'no text', names: /$^/ },
};

/** What the text was taken for, where neither its name nor its first line says so. */
function kindNote({ script: { kind, commands, texts } }: Report, file: string): string[] {
  const { text, names } = KINDS[kind];
  const isPlain = names.test(file) || (kind === 'shell' && texts.get(null)?.startsWith('#!') === true);
  return isPlain || commands.length === 0 ? [] : [`read as ${text}`];
}

/** What the simulated run answered for the machine, and what it came by. */
function runNotes({ script: { simulated, commands } }: Report, script: string): string[] {
  if (simulated === null) return [];
  const { assumptions, notes: others, triedStart } = simulated;
  const at = ({ file, line }: { readonly file: string; readonly line: number }): string =>
    linesText([{ ...NOWHERE, file: file === script ? null : file, line }]);
  return [
    ...(commands.length > 0 ? [] : [`the run comes to no tc command: ${escapeText(endText(simulated))}`]),
    ...(triedStart ? ['no tc command without arguments; run with "start"'] : []),
    ...assumptions.map(
      ({ place, question, answer }) => `assumed: ${at(place)}: ${escapeText(question)} → ${escapeText(answer)}`,
    ),
    ...(assumptions.some(({ question }) => ASKS_FOR_FILE.test(question)) ? ['--file PATH=FILE gives a file'] : []),
    ...others.map(({ place, why }) => `note: ${at(place)}: ${escapeText(why)}`),
  ];
}

/** What the text of a file answers: `[ -f FILE ]`, `cat FILE`, `. FILE`, `< FILE`. */
const ASKS_FOR_FILE = /^(?:\[\[? |test ).*-[efrs] |^(?:cat|\.|source|<) /;

const NOWHERE = { column: 1, length: 0, endLine: 1, endColumn: 1 } as const;

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
  return notModelled.map((one) => `note: ${linesText([one])}: ${escapeText(one.why)}`);
}

/** All lines, by what hinders. */
function uncheckedNotes({ unchecked }: Report): string[] {
  const reasons = new Map<string, FilePlace[]>();
  for (const one of unchecked) {
    const known = reasons.get(one.why);
    if (known === undefined) reasons.set(one.why, [one]);
    else known.push(one);
  }
  return Array.from(reasons, ([why, places]) => `not checked, ${linesText(places)}: ${escapeText(why)}`);
}

function unexpandedNotes({ script: { unexpanded } }: Report, file: string): string[] {
  const [first] = unexpanded;
  if (first === undefined) return [];
  const many = `${counted(unexpanded.length, 'tc line')} ${unexpanded.length === 1 ? 'holds' : 'hold'}`;
  return [
    `${many} variables and could not be checked, the first is line ${first.line}: cls-flow record -- ${escapeText(file)}`,
  ];
}
