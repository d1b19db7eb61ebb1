import { be32 } from '../u32.ts';
import { dottedQuad, ipv6Bytes } from './address.ts';

/** An IP address as big-endian words (int32): IPv4 in the first, IPv6 in all four. */
export interface Address {
  readonly family: 4 | 6;
  readonly words: readonly [number, number, number, number];
}

/** An address and how many of its leading bits count. */
export interface Prefix {
  readonly address: Address;
  readonly length: number;
}

/** Reads `192.0.2.1` or `2001:db8::1` (inet_pton); null: neither. */
export function parseAddress(text: string): Address | null {
  const bytes = text.includes(':') ? ipv6Bytes(text) : dottedQuad(text);
  if (bytes === undefined) return null;
  const all = Uint8Array.from(bytes);
  if (all.length === 4) return { family: 4, words: [be32(all, 0), 0, 0, 0] };
  return { family: 6, words: [be32(all, 0), be32(all, 4), be32(all, 8), be32(all, 12)] };
}

/** Reads `ADDRESS/BITS`, or an address alone: all of its bits; null: neither. */
export function parsePrefix(text: string): Prefix | null {
  const [head = '', bits, ...rest] = text.split('/');
  const address = parseAddress(head);
  if (address === null || rest.length > 0) return null;
  const width = address.family === 4 ? 32 : 128;
  if (bits === undefined) return { address, length: width };
  return /^\d{1,3}$/.test(bits) && Number(bits) <= width ? { address, length: Number(bits) } : null;
}

/** Whether the prefix covers the address in `words`. */
export function covers(prefix: Prefix, family: number, words: ArrayLike<number>): boolean {
  if (prefix.address.family !== family) return false;
  let left = prefix.length;
  for (let i = 0; left > 0; i++, left -= 32) {
    const mask = left >= 32 ? -1 : ~(0xffffffff >>> left);
    if ((((words[i] ?? 0) ^ (prefix.address.words[i] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}

/** `192.0.2.1`, or IPv6 as RFC 5952 writes it. */
export function addressText(family: number, words: ArrayLike<number>): string {
  const word = (i: number): number => words[i] ?? 0;
  if (family === 4) return [24, 16, 8, 0].map((shift) => (word(0) >>> shift) & 0xff).join('.');
  const groups = [0, 1, 2, 3].flatMap((i) => [word(i) >>> 16, word(i) & 0xffff]);
  const { start, length } = longestZeros(groups);
  const hex = (part: number[]): string => part.map((group) => group.toString(16)).join(':');
  if (length < 2) return hex(groups);
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [i, group] of groups.entries()) {
    if (group !== 0) start = i + 1;
    else if (i + 1 - start > best.length) best = { start, length: i + 1 - start };
  }
  return best;
}
