import { UsageError } from '../errors.ts';
import { parsePrefix } from '../lang/index.ts';

/** Names of addresses and prefixes: of several that cover an address, the longest has it. */
export class HostNames {
  /** Longest first; each by the address, with the bits behind the prefix left out. */
  private readonly lengths = new Map<string, Map<string, string>>();
  private order: readonly [family: number, length: number][] = [];

  /**
   * Reads lines `ADDRESS NAME` or `PREFIX NAME`; blank lines and those that begin with # are left out, and of two lines
   * about one prefix the later counts. Throws a UsageError, whose word is the index of the line.
   */
  constructor(lines: Iterable<string>) {
    let number = 0;
    for (const line of lines) {
      if (!/^\s*(#|$)/.test(line)) this.add(line, number);
      number++;
    }
    this.order = [...this.lengths.keys()]
      .map((key) => key.split('/').map(Number) as [number, number])
      .sort(([, a], [, b]) => b - a);
  }

  private add(line: string, number: number): void {
    const [, head = '', name = ''] = /^\s*(\S+)\s+(.*\S)\s*$/s.exec(line) ?? [];
    const prefix = parsePrefix(head);
    if (prefix === null || name === '') {
      throw new UsageError('expected ADDRESS NAME or PREFIX NAME', number);
    }
    const { address, length } = prefix;
    const key = `${address.family}/${length}`;
    const names = this.lengths.get(key) ?? new Map<string, string>();
    this.lengths.set(key, names);
    names.set(maskedWords(address.words, length).join(), name);
  }

  /** The name of the address in `words`, of IPv4 the first of them; undefined: it has none. */
  of(family: number, words: ArrayLike<number>): string | undefined {
    for (const [of, length] of this.order) {
      if (of !== family) continue;
      const name = this.lengths.get(`${of}/${length}`)?.get(maskedWords(words, length).join());
      if (name !== undefined) return name;
    }
    return undefined;
  }
}

/** The four words of an address with all bits behind the prefix 0. */
export function maskedWords(words: ArrayLike<number>, length: number): number[] {
  return [0, 32, 64, 96].map((before, i) => {
    const left = length - before;
    const mask = left >= 32 ? -1 : left <= 0 ? 0 : ~(0xffffffff >>> left);
    return (words[i] ?? 0) & mask;
  });
}
