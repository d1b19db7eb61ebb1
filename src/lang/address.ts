import { be32 } from '../u32.ts';
import { strtoul } from './units.ts';

/**
 * iproute2 lib/utils.c: get_addr_ipv4() — one to four numbers of any base, 0…255 each; missing ones are 0 on the
 * right (`10.8` is 10.8.0.0, unlike everywhere else). An unsigned word, 192.168.0.1 = 0xc0a80001.
 */
export function tcIpv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length > 4) return undefined;
  let address = 0;
  for (const [i, part] of parts.entries()) {
    const { value, rest } = strtoul(part, 0);
    if (value === undefined || rest !== '' || value > 255n) return undefined;
    address |= Number(value) << (24 - 8 * i);
  }
  return address >>> 0;
}

/** inet_pton(AF_INET): exactly four decimal numbers 0…255 without leading zeros. */
export function dottedQuad(text: string): number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

/** The 16-bit groups of one side of `::`, the last of which may be a dotted quad; undefined if it is no such list. */
function groups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const tail = last && parts.at(-1)?.includes('.') ? dottedQuad(parts.pop() ?? '') : [];
  if (tail === undefined || !parts.every((part) => /^[0-9a-f]{1,4}$/i.test(part))) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = tail;
  return [...parts.map((part) => Number.parseInt(part, 16)), ...(tail.length > 0 ? [(a << 8) | b, (c << 8) | d] : [])];
}

/** INET6_ADDRSTRLEN less its NUL: eight groups, the last two as a dotted quad. */
const LONGEST = 45;

/** inet_pton(AF_INET6), RFC 4291 section 2.2: the 16 bytes, or undefined. */
export function ipv6Bytes(text: string): Uint8Array | undefined {
  if (text.length > LONGEST) return undefined;
  const [left = '', right, more] = text.split('::');
  if (more !== undefined) return undefined;
  const head = groups(left, right === undefined);
  const tail = right === undefined ? [] : groups(right, true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (right === undefined ? missing !== 0 : missing < 1) return undefined;
  const words = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}

/** The last four bytes of an IPv6 address as an unsigned word. */
export function ipv6LastWord(text: string): number | undefined {
  const bytes = ipv6Bytes(text);
  return bytes && be32(bytes, 12) >>> 0;
}
