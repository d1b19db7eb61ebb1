import { addressText } from '../lang/index.ts';
import { word } from '../u32.ts';
import type { Sharing } from './sharing.ts';

/** Hosts of one class. */
export interface ClassHosts {
  readonly classid: number;
  /** All of them: an estimate where the sharing is one. */
  readonly hosts: number;
  /** IPv4 before IPv6, each in the order of the numbers; of an estimate a sample. */
  readonly addresses: readonly string[];
}

/**
 * The hosts of each class, or of one: most hosts first, then by class id. `most`: addresses of a class that are listed,
 * the lowest.
 */
export function classHosts(sharing: Sharing, most: number, only: number | null = null): ClassHosts[] {
  const found = new Map<number, Addresses>();
  sharing.eachHost((classid, isV6, words, at) => {
    if (only !== null && classid !== only) return;
    const addresses = found.get(classid) ?? new Addresses();
    found.set(classid, addresses);
    if (isV6) addresses.addV6(words, at);
    else addresses.v4.push(word(words, at) >>> 0);
  });
  const shared = sharing.perClass();
  return [...found]
    .map(([classid, addresses]) => ({
      classid,
      hosts: shared.get(classid)?.hosts ?? 0,
      addresses: addresses.texts(most),
    }))
    .sort((a, b) => b.hosts - a.hosts || a.classid - b.classid);
}

const V6_WORDS = [0, 1, 2, 3] as const;

/** Numbers, as long as they are many: texts would take ten times as much. */
class Addresses {
  readonly v4: number[] = [];
  private readonly v6: bigint[] = [];

  addV6(words: Int32Array, at: number): void {
    this.v6.push(V6_WORDS.reduce((high, i) => (high << 32n) | BigInt(word(words, at + i) >>> 0), 0n));
  }

  texts(most: number): string[] {
    const v4 = this.v4.sort((a, b) => a - b).slice(0, most);
    const v6 = this.v6.sort((a, b) => (a < b ? -1 : 1)).slice(0, most - v4.length);
    return [...v4.map((address) => addressText(4, [address])), ...v6.map(v6Text)];
  }
}

const v6Text = (address: bigint): string =>
  addressText(
    6,
    V6_WORDS.map((i) => Number((address >> BigInt(96 - 32 * i)) & 0xffffffffn)),
  );
