import { rol } from '../u32.ts';

/** include/linux/jhash.h: JHASH_INITVAL */
const JHASH_INITVAL = 0xdeadbeef;

/**
 * include/linux/jhash.h: jhash2() — Jenkins' lookup3 over `count` 32-bit words.
 * Returns an int32; `>>> 0` for the unsigned number.
 */
export function jhash2(words: ArrayLike<number>, count: number, initval: number): number {
  let a = (JHASH_INITVAL + (count << 2) + initval) | 0;
  let b = a;
  let c = a;
  let at = 0;
  let left = count;
  while (left > 3) {
    a = (a + (words[at] ?? 0)) | 0;
    b = (b + (words[at + 1] ?? 0)) | 0;
    c = (c + (words[at + 2] ?? 0)) | 0;
    // __jhash_mix()
    a = (a - c) ^ rol(c, 4);
    c = (c + b) | 0;
    b = (b - a) ^ rol(a, 6);
    a = (a + c) | 0;
    c = (c - b) ^ rol(b, 8);
    b = (b + a) | 0;
    a = (a - c) ^ rol(c, 16);
    c = (c + b) | 0;
    b = (b - a) ^ rol(a, 19);
    a = (a + c) | 0;
    c = (c - b) ^ rol(b, 4);
    b = (b + a) | 0;
    at += 3;
    left -= 3;
  }
  if (left === 0) return c;
  if (left === 3) c = (c + (words[at + 2] ?? 0)) | 0;
  if (left >= 2) b = (b + (words[at + 1] ?? 0)) | 0;
  a = (a + (words[at] ?? 0)) | 0;
  return jhashFinal(a, b, c);
}

/**
 * include/linux/jhash.h: jhash_3words() as it was until 4.4 — the start value goes into the third word only.
 * The seed era's flow hash.
 */
export function jhash3wordsOld(a: number, b: number, c: number, initval: number): number {
  return jhashFinal((a + JHASH_INITVAL) | 0, (b + JHASH_INITVAL) | 0, (c + initval) | 0);
}

/** include/linux/jhash.h: __jhash_final() */
function jhashFinal(a0: number, b0: number, c0: number): number {
  let a = a0;
  let b = b0;
  let c = c0;
  c = ((c ^ b) - rol(b, 14)) | 0;
  a = ((a ^ c) - rol(c, 11)) | 0;
  b = ((b ^ a) - rol(a, 25)) | 0;
  c = ((c ^ b) - rol(b, 16)) | 0;
  a = ((a ^ c) - rol(c, 4)) | 0;
  b = ((b ^ a) - rol(a, 14)) | 0;
  return ((c ^ b) - rol(b, 24)) | 0;
}
