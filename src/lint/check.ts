import { createEnv } from '../env.ts';
import { ERAS } from '../era.ts';
import { shellQuoted } from '../lang/index.ts';
import type { Simulated } from '../shell/index.ts';
import { apart, changed, compatible, startOf, type TextEdit, textEdits } from './changes.ts';
import { applied, type Besides, type Edit, type Found, type Rule, SEVERITIES, type Severities } from './finding.ts';
import type { CheckedFinding, NotModelledAt, Report } from './report.ts';
import { RULES } from './rules/index.ts';
import { unlisted } from './rules/refusals.ts';
import { type Command, isMuted, readScript, type Script, whereIs } from './script.ts';
import { Setup } from './setup.ts';
import { scriptOf } from './simulated.ts';
import { agreed, gathered } from './turns.ts';

/** Findings of a more particular kind: an error of theirs is about the refusal itself. */
const PARTICULAR: ReadonlySet<string> = new Set([
  'FT002',
  'FT012',
  'FT016',
  'FT019',
  'FT021',
  'FT023',
  'FT026',
  'FT031',
]);
const GENERAL: ReadonlySet<string> = new Set(['SYNTAX', 'REFUSED']);
/** That the script ends there, which a refusal tells itself. */
const ENDS = 'FT040';

/** Checks a script. Throws FormatError if it is a dump that ends in the middle. */
export function check(text: string, besides: Besides = { hosts: null }): Report {
  return judged(readScript(text), besides);
}

/** Checks what a simulated run gave tc. */
export function checkSimulated(simulated: Simulated, besides: Besides = { hosts: null }): Report {
  return judged(scriptOf(simulated), besides);
}

function judged(script: Script, besides: Besides): Report {
  const parts = partsOf(script).map((part) => ({ ...part, setup: setUp(part.script, besides) }));
  const found = parts.flatMap(({ setup }) => findingsOf(setup, besides));
  const findings = script.simulated === null ? found : gathered(agreed(found, script.commands));
  const reached = parts.filter(({ isReached }) => isReached);
  const lines = (of: (setup: Setup) => readonly string[]): string[] =>
    reached.flatMap(({ netns, setup }) => of(setup).map((line) => (netns === '' ? line : `-n ${netns} ${line}`)));
  const order = [...script.texts.keys()];
  return {
    findings: together(findings.sort(byPlace(order))),
    script,
    hasFlowFilter: reached.some(({ setup }) => setup.flows().next().done === false),
    assumed: lines(({ assumed }) => assumed),
    standing: lines(({ standing }) => standing),
    notModelled: notModelled(parts.map(({ setup }) => setup)),
    unchecked: [...script.unchecked, ...parts.flatMap(({ setup }) => unlisted(setup))],
  };
}

/** The commands of one network namespace, which have devices of their own. */
interface Part {
  readonly netns: string;
  readonly isReached: boolean;
  readonly script: Script;
}

/** The first namespace, the others, and what no run reached. */
function partsOf(script: Script): Part[] {
  return [...partsBy(script, script.commands, true), ...partsBy(script, script.unreached, false)];
}

function partsBy(script: Script, commands: readonly Command[], isReached: boolean): Part[] {
  const lists = new Map<string, Command[]>(isReached ? [['', []]] : []);
  for (const command of commands) {
    const list = lists.get(command.netns);
    if (list === undefined) lists.set(command.netns, [command]);
    else list.push(command);
  }
  const isWhole = isReached && lists.size === 1 && script.tools.every(({ netns }) => netns === '');
  return Array.from(lists, ([netns, own]) => ({
    netns,
    isReached,
    script: isWhole ? script : within(script, { netns, isReached }, own),
  }));
}

/** The script as one namespace sees it. */
function within(script: Script, { netns, isReached }: Omit<Part, 'script'>, commands: readonly Command[]): Script {
  const elsewhere = script.commands.filter((command) => command.netns !== netns);
  const others = [...script.others, ...elsewhere.map(({ source }) => ({ source, netns: null }))];
  const isEnd = script.ended?.command.netns === netns && isReached;
  return {
    ...{ ...script, commands, ended: isEnd ? script.ended : null },
    others: others.filter((line) => line.netns === null || line.netns === netns),
    tools: script.tools.filter((line) => line.netns === netns),
  };
}

const setUp = (script: Script, besides: Besides): Setup =>
  new Setup(script, createEnv({ era: ERAS['6.1'], seed: 0 }), besides);

function findingsOf(setup: Setup, besides: Besides): CheckedFinding[] {
  const { script } = setup;
  const refusers = new Map(setup.refusals.map(({ command, by }) => [command, by]));
  const { severities = {} } = besides;
  // What is off explains no refusal: that stays a finding of its own.
  const all = RULES.filter(({ code }) => severities[code] !== 'off').flatMap((rule) =>
    [...rule.look(setup, besides)].map((found) => reported(rule, found, refusers.get(found.command) ?? null, script)),
  );
  const explained = new Set(
    all.filter(({ code, severity }) => PARTICULAR.has(code) && severity === 'error').map(({ command }) => command),
  );
  const told = all
    .filter(({ code, command }) => !(GENERAL.has(code) && explained.has(command)))
    .filter(({ code, command, line }) => !isMuted(script, code, command, line));
  const refused = new Set(told.filter(({ code }) => GENERAL.has(code)).map(({ command }) => command));
  return told
    .filter(({ code, command }) => !(code === ENDS && refused.has(command)))
    .map((finding) => counting(finding, severities));
}

/** `files`: in their order. */
const byPlace =
  (files: readonly (string | null)[]) =>
  (a: CheckedFinding, b: CheckedFinding): number =>
    files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || bySeverity(a, b) || a.column - b.column;

/** Each place once, though a loop may come by it often. */
function notModelled(setups: readonly Setup[]): NotModelledAt[] {
  const each = new Map<string, NotModelledAt>();
  for (const { command, word, why } of setups.flatMap((setup) => setup.notModelled)) {
    const row = { ...whereIs(command, word), word: command.words[word] ?? '', why };
    const key = `${startOf(row)} ${row.word}`;
    if (!each.has(key)) each.set(key, row);
  }
  return [...each.values()];
}

function counting(finding: CheckedFinding, severities: Severities): CheckedFinding {
  const severity = severities[finding.code];
  return severity === undefined || severity === 'off' ? finding : { ...finding, severity };
}

/** Each fix with those of the same command that do not touch the same words: it can be pasted as it is. */
function together(findings: readonly CheckedFinding[]): CheckedFinding[] {
  const mends = byCommand(findings);
  return findings.map((finding) => {
    if (finding.edits.length === 0) return finding;
    const edits = [...finding.edits];
    for (const { edits: more } of mends.get(finding.command) ?? []) if (!clash(more, edits)) edits.push(...more);
    return { ...finding, fix: asWritten(finding.command, applied(finding.command.words, edits)) };
  });
}

/** The findings that say how their command would be right. */
function byCommand(findings: readonly CheckedFinding[]): Map<Command, CheckedFinding[]> {
  const lists = new Map<Command, CheckedFinding[]>();
  for (const finding of findings) {
    if (finding.edits.length === 0) continue;
    const list = lists.get(finding.command);
    if (list === undefined) lists.set(finding.command, [finding]);
    else list.push(finding);
  }
  return lists;
}

/** Behind what stood before the words: `tc`, `sudo tc`, or nothing in a batch file. */
const asWritten = ({ before }: Command, words: readonly string[]): string =>
  [...(before === '' ? [] : [before]), ...words.map(shellQuoted)].join(' ');

const clash = (some: readonly Edit[], others: readonly Edit[]): boolean =>
  some.some((one) => others.some((other) => one.at === other.at));

const bySeverity = (a: CheckedFinding, b: CheckedFinding): number =>
  SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);

function reported(
  { code, severity: usual }: Rule,
  found: Found,
  refusedBy: CheckedFinding['refusedBy'],
  { dump }: Script,
): CheckedFinding {
  const { command, word, message, effect, mend, severity = usual } = found;
  const edits = mend ?? [];
  return {
    code,
    severity,
    ...whereIs(command, word),
    message,
    effect,
    fix: null,
    edits,
    changes: dump ? [] : (textEdits(command, edits) ?? []),
    command,
    refusedBy,
    turns: 1,
    loops: command.loops,
  };
}

/**
 * A text of the script with every fix written into it (where two would change the same words, the first), and how many
 * were. `file`: one that the script reads; null: the script itself.
 */
export function mended(
  text: string,
  { findings }: Pick<Report, 'findings'>,
  file: string | null = null,
): { readonly text: string; readonly fixes: number; readonly changes: readonly TextEdit[] } {
  const lists = findings.flatMap(({ changes }) => (changes.some((change) => change.file === file) ? [changes] : []));
  const made = compatible(lists);
  const changes = apart(made.flat().filter((change) => change.file === file));
  return { text: changed(text, changes), fixes: made.length, changes };
}

/** The files that fixes change, the script itself (null) first. */
export function mendedFiles({ findings, script }: Report): (string | null)[] {
  const files = new Set(findings.flatMap(({ changes }) => changes.map(({ file }) => file)));
  return [...script.texts.keys()].filter((file) => files.has(file));
}
