import type { Command } from './command.ts';

/** Words of a command put in place of others. */
export interface Edit {
  /** Index of the first word that goes; what is inserted stands there. */
  readonly at: number;
  readonly remove: number;
  readonly insert: readonly string[];
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
