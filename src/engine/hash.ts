import { add, type Code, constant, get, rotateLeft, set, sub, xor } from './wasm.ts';

/** include/linux/jhash.h: JHASH_INITVAL */
const JHASH_INITVAL = 0xdeadbeef | 0;

/** Locals that the hash may use. */
export interface Scratch {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** hash/jhash.ts, jhash2() over as many words as there are: computes into `c`, or `b` and `a` too. */
export function jhash(words: readonly Code[], initval: Code, { a, b, c }: Scratch): Code {
  const code: Code[] = [
    set(a, add(constant(JHASH_INITVAL + (words.length << 2)), initval)),
    set(b, get(a)),
    set(c, get(a)),
  ];
  let at = 0;
  for (; words.length - at > 3; at += 3) code.push(absorb(words.slice(at, at + 3), [a, b, c]), mix(a, b, c));
  const rest = words.slice(at);
  code.push(absorb(rest, [a, b, c]), rest.length === 0 ? [] : final(a, b, c));
  return code;
}

function absorb(words: readonly Code[], into: readonly number[]): Code {
  return words.map((word, i) => set(into[i] ?? 0, add(get(into[i] ?? 0), word)));
}

/** __jhash_mix() */
function mix(a: number, b: number, c: number): Code {
  const round = (x: number, y: number, z: number, bits: number): Code => [
    set(x, xor(sub(get(x), get(z)), rotateLeft(get(z), constant(bits)))),
    set(z, add(get(z), get(y))),
  ];
  return [
    round(a, b, c, 4),
    round(b, c, a, 6),
    round(c, a, b, 8),
    round(a, b, c, 16),
    round(b, c, a, 19),
    round(c, a, b, 4),
  ];
}

/** __jhash_final() */
function final(a: number, b: number, c: number): Code {
  const round = (x: number, y: number, bits: number): Code =>
    set(x, sub(xor(get(x), get(y)), rotateLeft(get(y), constant(bits))));
  return [
    round(c, b, 14),
    round(a, c, 11),
    round(b, a, 25),
    round(c, b, 16),
    round(a, c, 4),
    round(b, a, 14),
    round(c, b, 24),
  ];
}
