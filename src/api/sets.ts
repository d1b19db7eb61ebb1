import { type IpSet, parseSetLines } from '../sched/ematch/index.ts';
import { linesOf } from './lines.ts';
import type { SetsText } from './question.ts';
import { inField, QuestionError } from './question-error.ts';

/** Sets whose lines need not be in memory together. */
export interface SetsLines {
  readonly name?: string;
  readonly lines: Iterable<string>;
  /** Elements that are too many; without it 2^20. */
  readonly most?: number;
}

/** The texts of a question, in lines. */
export const linesOfSets = (texts: readonly SetsText[]): SetsLines[] =>
  texts.map(({ text, ...set }) => ({ ...set, lines: linesOf(text) }));

/**
 * The sets of some texts, in the place of those of the same name in `kept` or behind them. A set keeps its number, since
 * requests name it by that; new ones get the next, from 0, as in the kernel. Throws a QuestionError.
 */
export function readSets(texts: readonly SetsLines[], kept: readonly IpSet[] = []): IpSet[] {
  const sets = new Map(kept.map((set) => [set.name, set]));
  const numbers = new Map(kept.map((set) => [set.name, set.index]));
  const given = new Set<string>();
  let next = kept.reduce((most, { index }) => Math.max(most, index + 1), 0);
  const indexOf = (name: string): number => {
    const index = numbers.get(name) ?? next++;
    numbers.set(name, index);
    return index;
  };
  for (const [at, { name, lines, most }] of texts.entries()) {
    for (const set of inField(`sets[${at}]`, () => parseSetLines(lines, indexOf, name, most))) {
      if (given.has(set.name)) throw new QuestionError(`sets[${at}]`, `set ${set.name} is given twice`);
      given.add(set.name);
      sets.set(set.name, set);
    }
  }
  return [...sets.values()];
}
