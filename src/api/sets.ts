import { type IpSet, parseSets } from '../sched/ematch/index.ts';
import type { SetsText } from './question.ts';
import { inField, QuestionError } from './question-error.ts';

/**
 * The sets of some texts, in the place of those of the same name in `kept` or behind them. A set keeps its number, since
 * requests name it by that; new ones get the next, from 0, as in the kernel. Throws a QuestionError.
 */
export function readSets(texts: readonly SetsText[], kept: readonly IpSet[] = []): IpSet[] {
  const sets = new Map(kept.map((set) => [set.name, set]));
  const numbers = new Map(kept.map((set) => [set.name, set.index]));
  const given = new Set<string>();
  let next = kept.reduce((most, { index }) => Math.max(most, index + 1), 0);
  const indexOf = (name: string): number => {
    const index = numbers.get(name) ?? next++;
    numbers.set(name, index);
    return index;
  };
  for (const [at, { name, text }] of texts.entries()) {
    for (const set of inField(`sets[${at}]`, () => parseSets(text, indexOf, name))) {
      if (given.has(set.name)) throw new QuestionError(`sets[${at}]`, `set ${set.name} is given twice`);
      given.add(set.name);
      sets.set(set.name, set);
    }
  }
  return [...sets.values()];
}
