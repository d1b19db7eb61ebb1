import { startOf, type TextEdit } from './changes.ts';
import type { Command, FilePlace } from './command.ts';
import type { CheckedFinding } from './report.ts';

/**
 * Changes that are right for every turn of a loop and every call of a function: commands that share a word of the text
 * must all want the same there, or nothing is changed. A command that is run again with the same words counts once.
 */
export function agreed(findings: readonly CheckedFinding[], commands: readonly Command[]): CheckedFinding[] {
  const wishes = wishesIn(findings);
  const lines = new Set(findings.flatMap(({ changes }) => changes.map(({ line }) => line)));
  for (const command of commands) {
    for (const place of anchors(command, lines)) {
      const wished = wishes.get(place);
      if (wished !== undefined && !wished.has(nameOf(command))) wished.set(nameOf(command), new Set());
    }
  }
  const split = new Set(Array.from(wishes).flatMap(([place, wished]) => (isOneWish(wished) ? [] : [place])));
  return findings.map((finding) =>
    finding.changes.some((change) => split.has(startOf(change))) ? { ...finding, changes: [] } : finding,
  );
}

/** By the words of the commands: the changes that each wants at one place. */
type Wished = Map<string, Set<string>>;

function wishesIn(findings: readonly CheckedFinding[]): Map<string, Wished> {
  const wishes = new Map<string, Wished>();
  for (const { changes, command } of findings) {
    for (const change of changes) {
      const wished = entry(wishes, startOf(change), () => new Map());
      entry(wished, nameOf(command), () => new Set()).add(textOf(change));
    }
  }
  return wishes;
}

function entry<V>(map: Map<string, V>, key: string, none: () => V): V {
  const value = map.get(key) ?? none();
  map.set(key, value);
  return value;
}

const isOneWish = (wished: Wished): boolean =>
  new Set(Array.from(wished.values(), (changes) => [...changes].sort().join('\n'))).size === 1;

const nameOf = ({ words }: Command): string => words.join('\0');
const textOf = ({ endLine, endColumn, text }: TextEdit): string => `${endLine}:${endColumn} ${text}`;

/** Where words begin and end, on these lines: where changes may be made. */
function* anchors({ spans }: Command, lines: ReadonlySet<number>): Generator<string> {
  for (const span of spans) {
    if (span === null) continue;
    const { file, endLine, endColumn } = span;
    if (lines.has(span.line)) yield startOf(span);
    if (lines.has(endLine)) yield startOf({ ...span, file, line: endLine, column: endColumn });
  }
}

/** One finding for all turns of the same place and code, with their number; the first is told in full. */
export function gathered(findings: readonly CheckedFinding[]): CheckedFinding[] {
  const groups = new Map<string, { readonly first: CheckedFinding; readonly turns: Set<Command> }>();
  const told = new Map<Command, Map<string, number>>();
  for (const finding of findings) {
    const { code, severity, command } = finding;
    const place = `${code} ${severity} ${startOf(finding)} ${endOf(finding)}`;
    // Several of one turn are told apart.
    const counts = told.get(command) ?? new Map<string, number>();
    const count = (counts.get(place) ?? 0) + 1;
    told.set(command, counts.set(place, count));
    const key = `${count} ${place}`;
    const group = groups.get(key) ?? { first: finding, turns: new Set<Command>() };
    groups.set(key, group);
    group.turns.add(command);
  }
  return Array.from(groups.values(), ({ first, turns }) => ({ ...first, turns: turns.size }));
}

const endOf = ({ endLine, endColumn }: FilePlace): string => `${endLine}:${endColumn}`;
