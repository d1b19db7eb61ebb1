import type { Prefix } from '../lang/index.ts';

/** What holds for the addresses of a prefix, and when it was given: counted from 0. */
interface Rule<T> {
  readonly order: number;
  readonly value: T;
}

/** Values of address prefixes, found by an address: what one look costs does not grow with how many there are. */
export class PrefixRules<T> {
  /** How many were added. */
  length = 0;
  /** By family, then by length of the prefix, then by the words that count. */
  private readonly families = {
    4: new Map<number, Map<string, Rule<T>[]>>(),
    6: new Map<number, Map<string, Rule<T>[]>>(),
  };

  add({ address, length }: Prefix, value: T): void {
    const lengths = this.families[address.family];
    const known = lengths.get(length) ?? new Map<string, Rule<T>[]>();
    lengths.set(length, known);
    const name = masked(address.words, 0, length);
    const rules = known.get(name) ?? [];
    known.set(name, rules);
    rules.push({ order: this.length++, value });
  }

  /** The values of all prefixes that cover an address that begins at one of `starts`, in the order of their addition. */
  covering(family: 4 | 6, words: ArrayLike<number>, starts: readonly number[]): T[] {
    const found = new Set<Rule<T>>();
    for (const [length, rules] of this.families[family]) {
      for (const start of starts) for (const rule of rules.get(masked(words, start, length)) ?? []) found.add(rule);
    }
    return [...found].sort((a, b) => a.order - b.order).map(({ value }) => value);
  }
}

/** The first `length` bits of the words from `start` on. */
function masked(words: ArrayLike<number>, start: number, length: number): string {
  let name = '';
  for (let left = length, i = start; left > 0; left -= 32, i++) {
    const mask = left >= 32 ? -1 : ~(0xffffffff >>> left);
    name += `${(words[i] ?? 0) & mask} `;
  }
  return name;
}
