import { createEnv } from '../env.ts';
import { ERAS } from '../era.ts';
import { shellQuoted } from '../lang/index.ts';
import {
  applied,
  type Besides,
  type Edit,
  type Found,
  type Rule,
  SEVERITIES,
  type Severities,
  type Severity,
} from './finding.ts';
import { RULES } from './rules/index.ts';
import { type Command, type Place, readScript, type Script, whereIs } from './script.ts';
import { Setup } from './setup.ts';

/** One finding, as it is reported. */
export interface CheckedFinding extends Place {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly effect: string;
  /** The corrected command; null: there is no single right one. */
  readonly fix: string | null;
  readonly edits: readonly Edit[];
  /** The same as changes of the script's text, the first place first; none of a dump, which nobody runs. */
  readonly changes: readonly TextEdit[];
  readonly command: Command;
  /** Who refuses the command, whatever else the finding says of it; null: nobody. */
  readonly refusedBy: 'tc' | 'kernel' | null;
}

export interface Report {
  /** By line. */
  readonly findings: readonly CheckedFinding[];
  readonly script: Script;
  /** A flow filter stands on a qdisc of the script's. */
  readonly hasFlowFilter: boolean;
  /** tc lines that were run before the script, since it builds on what they make. */
  readonly assumed: readonly string[];
  /** Those of them that the script has not replaced by its own. */
  readonly standing: readonly string[];
  /** Words that tc takes and that are not modelled here, which is no fault of the script. */
  readonly notModelled: readonly NotModelledAt[];
  /** tc commands that hold variables, which nobody here expands, and what could not be read of a dump or listing. */
  readonly unchecked: readonly UncheckedAt[];
}

export interface UncheckedAt extends Place {
  readonly why: string;
}

export interface NotModelledAt extends Place {
  readonly word: string;
  readonly why: string;
}

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

/** Checks a script. Throws FormatError if it is a dump that ends in the middle. */
export function check(text: string, besides: Besides = { hosts: null }): Report {
  const script = readScript(text);
  const setup = new Setup(script, createEnv({ era: ERAS['6.1'], seed: 0 }), besides);
  const refusers = new Map(setup.refusals.map(({ command, by }) => [command, by]));
  const { severities = {} } = besides;
  // What is off explains no refusal: that stays a finding of its own.
  const all = RULES.filter(({ code }) => severities[code] !== 'off').flatMap((rule) =>
    [...rule.look(setup, besides)].map((found) => reported(rule, found, refusers.get(found.command) ?? null, script)),
  );
  const explained = new Set(
    all.filter(({ code, severity }) => PARTICULAR.has(code) && severity === 'error').map(({ command }) => command),
  );
  const findings = all
    .filter(({ code, command }) => !(GENERAL.has(code) && explained.has(command)))
    .filter((finding) => !isMuted(script, finding))
    .map((finding) => counting(finding, severities))
    .sort((a, b) => a.line - b.line || bySeverity(a, b) || a.column - b.column);
  const notModelled = setup.notModelled.map(({ command, word, why }) => {
    return { ...whereIs(command, word), word: command.words[word] ?? '', why };
  });
  const hasFlowFilter = setup.flows().next().done === false;
  const { assumed, standing } = setup;
  const unchecked = script.unexpanded.map((command) => {
    return { ...whereIs(command, -1), why: command.unread ?? 'it holds variables' };
  });
  return { findings: together(findings), script, hasFlowFilter, assumed, standing, notModelled, unchecked };
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
function asWritten({ source, from, spans }: Command, words: readonly string[]): string {
  const before = source.slice(from, spans[0]?.at ?? 0).trim();
  return [...(before === '' ? [] : [before]), ...words.map(shellQuoted)].join(' ');
}

const clash = (some: readonly Edit[], others: readonly Edit[]): boolean =>
  some.some((one) => others.some((other) => one.at === other.at));

const bySeverity = (a: CheckedFinding, b: CheckedFinding): number =>
  SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);

function isMuted({ muted }: Script, { code, line, command }: CheckedFinding): boolean {
  return [line, command.line].some((at) => muted.get(at)?.has(code));
}

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
    changes: dump ? [] : textEdits(command, edits),
    command,
    refusedBy,
  };
}

/** The script with every fix written into it (where two would change the same word, the first), and how many were. */
export function mended(text: string, { findings, script }: Report): { readonly text: string; readonly fixes: number } {
  if (script.dump) return { text, fixes: 0 };
  let fixes = 0;
  /** By the line that the source begins on: several commands may share one. */
  const sources = new Map<number, { readonly source: string; readonly patches: Patch[] }>();
  for (const [command, mends] of byCommand(findings)) {
    const edits: Edit[] = [];
    for (const finding of mends) {
      const clashes = clash(finding.edits, edits);
      if (clashes && !finding.edits.every((one) => edits.some((other) => sameEdit(one, other)))) continue;
      fixes++;
      if (!clashes) edits.push(...finding.edits);
    }
    const { line, source } = command;
    const known = sources.get(line) ?? { source, patches: [] };
    for (const edit of edits) known.patches.push(patchOf(command, edit));
    sources.set(line, known);
  }
  const lines = text.split('\n');
  for (const [line, { source, patches }] of sources) {
    for (const [i, one] of patched(source, patches).split('\n').entries()) lines[line - 1 + i] = one;
  }
  return { text: lines.join('\n'), fixes };
}

const sameEdit = (a: Edit, b: Edit): boolean =>
  a.at === b.at && a.remove === b.remove && `${a.insert}` === `${b.insert}`;

/** What goes of a source, and what stands there instead. */
interface Patch {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Text that is put in place of other text. Lines and columns are counted from 1; the end is behind what goes. */
export interface TextEdit extends Omit<Place, 'length'> {
  readonly text: string;
}

function textEdits(command: Command, edits: readonly Edit[]): TextEdit[] {
  const found: TextEdit[] = [];
  for (const edit of edits.toReversed().sort((a, b) => a.at - b.at)) {
    const next = { ...rangeOf(command, edit), text: patchOf(command, edit).text };
    const before = found.at(-1);
    // Several at one place are one change.
    if (before?.line !== next.line || before.column !== next.column) found.push(next);
    else found[found.length - 1] = { ...next, text: before.text + next.text };
  }
  return found;
}

function rangeOf(command: Command, { at, remove }: Edit): Omit<TextEdit, 'text'> {
  const { spans } = command;
  const isBehind = at >= spans.length;
  const { line, column } = whereIs(command, at);
  const { endLine, endColumn } = whereIs(command, isBehind ? spans.length - 1 : at + remove - 1);
  if (isBehind) return { line: endLine, column: endColumn, endLine, endColumn };
  if (remove === 0) return { line, column, endLine: line, endColumn: column };
  return { line, column, endLine, endColumn };
}

function patchOf({ source, spans }: Command, { at, remove, insert }: Edit): Patch {
  const inserted = insert.map(shellQuoted).join(' ');
  const first = spans[at];
  const last = spans[first === undefined ? spans.length - 1 : at + remove - 1];
  const end = last === undefined ? source.length : last.at + last.length;
  if (first === undefined) return { from: end, to: end, text: ` ${inserted}` };
  if (remove === 0) return { from: first.at, to: first.at, text: `${inserted} ` };
  return { from: first.at, to: end, text: inserted };
}

/**
 * The source with words put in place of others; the rest, comments too, stays as it was written. Of two at one place the
 * later comes first, as in applied().
 */
function patched(source: string, patches: readonly Patch[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const { from, to, text } of patches.toReversed().sort((a, b) => a.from - b.from)) {
    parts.push(source.slice(at, from), text);
    at = to;
  }
  return [...parts, source.slice(at)].join('');
}
