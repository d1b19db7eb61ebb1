import type { Command } from './script.ts';
import type { Tree } from './tree.ts';

export const SEVERITIES = ['error', 'warning', 'advice'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Words of a command put in place of others. */
export interface Edit {
  /** Index of the first word that goes; what is inserted stands there. */
  readonly at: number;
  readonly remove: number;
  readonly insert: readonly string[];
}

/** What a rule found. */
export interface Found {
  readonly command: Command;
  /** Index of the word to underline; -1: all of them. */
  readonly word: number;
  /** What is wrong, in a few words. */
  readonly message: string;
  /** What happens to packets because of it. */
  readonly effect: string;
  /** How the command would be right. */
  readonly mend?: readonly Edit[] | null;
  /** Where it is worse or better than the rule's usual. */
  readonly severity?: Severity;
}

/** What is known besides the script. */
export interface Besides {
  /** How many hosts the filters are to keep apart; null: not told. */
  readonly hosts: number | null;
}

/** One kind of finding. */
export interface Rule {
  readonly code: string;
  readonly severity: Severity;
  /** A few words for lists of rules. */
  readonly title: string;
  look(tree: Tree, besides: Besides): Iterable<Found>;
}

/** The last first, so that the places of the others stay. */
export const byPlace = (a: Edit, b: Edit): number => b.at - a.at;

/** Words with others put in their place. */
export function applied(words: readonly string[], edits: readonly Edit[]): string[] {
  const result = [...words];
  for (const { at, remove, insert } of [...edits].sort(byPlace)) result.splice(at, remove, ...insert);
  return result;
}

/** Replaces one word. */
export function put(at: number, word: string): Edit {
  return { at, remove: 1, insert: [word] };
}

/** Replaces an option's value, or adds the option at the end: before the actions, which take all words behind them. */
export function option(command: Command, at: number, keyword: string, value: string): Edit {
  const { words } = command;
  const actions = words.findIndex((word, i) => i > words.indexOf('flow', 2) && /^(?:action|police)$/.test(word));
  return at >= 0 ? put(at, value) : { at: actions < 0 ? words.length : actions, remove: 0, insert: [keyword, value] };
}

/** Where a command was written, as people say it. */
export function lineOf(command: Command | null): string {
  return command === null ? '' : `line ${command.line}`;
}
