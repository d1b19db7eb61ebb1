import { LimitError } from '../../src/errors.ts';
import { type IpSet, parseSetLines } from '../../src/sched/ematch/index.ts';
import { caretInValue } from './caret.ts';
import { CommandLineError, FailedError } from './errors.ts';
import { type Limits, tooMany } from './limits.ts';
import { named, readLines } from './named-file.ts';

/**
 * The sets of `--ipset [NAME=]FILE`, in the place of those of the same name in `kept` or behind them. A set keeps its
 * number, since requests name it by that; new ones get the next, from 0, as in the kernel.
 */
export function readSets(specs: readonly string[], limits: Limits, kept: readonly IpSet[] = []): IpSet[] {
  const sets = new Map(kept.map((set) => [set.name, set]));
  const told = new Set<string>();
  const numbers = new Map(kept.map((set) => [set.name, set.index]));
  let next = kept.reduce((most, { index }) => Math.max(most, index + 1), 0);
  const indexOf = (name: string): number => {
    const index = numbers.get(name) ?? next++;
    numbers.set(name, index);
    return index;
  };
  for (const spec of specs) {
    for (const set of readFile(spec, indexOf, limits)) {
      if (told.has(set.name)) {
        throw new CommandLineError(`--ipset: set ${set.name} is given twice`, caretInValue('--ipset', spec, -1));
      }
      told.add(set.name);
      sets.set(set.name, set);
    }
  }
  return [...sets.values()];
}

/** `NAME=FILE`, or a file of sets that have names. */
const SPEC = /^([^=]*)=(.*)$/s;

export const fileOfSets = (spec: string): string => SPEC.exec(spec)?.[2] ?? spec;

function readFile(spec: string, indexOf: (name: string) => number, limits: Limits): IpSet[] {
  const path = fileOfSets(spec);
  return named(path, FailedError, () => {
    try {
      return parseSetLines(readLines(path, limits), indexOf, SPEC.exec(spec)?.[1], limits.entries);
    } catch (error) {
      throw error instanceof LimitError ? tooMany(path, limits.entries, 'elements') : error;
    }
  });
}
