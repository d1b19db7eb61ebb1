import { describe, expect, test } from 'vitest';
import { jhash2, jhash3wordsOld } from './jhash.ts';

/** Words, start value, hash; made with the kernel's macro (include/linux/jhash.h) compiled by gcc. */
const VECTORS: readonly (readonly [string, number, number])[] = [
  ['00000000', 0, 0x049396b8],
  ['00000001', 0, 0x72a82a9b],
  ['ffffffff', 0, 0x9b11c75b],
  ['ffffffff', 0xffffffff, 0xeae46760],
  ['c0a80001', 0, 0x141c753e],
  ['c0a80001', 0x12345678, 0x44ffab18],
  ['00000000 00000000', 0, 0x58c184bf],
  ['c0a80001 08080808', 0, 0x685d6e0f],
  ['08080808 c0a80001', 0, 0x95760614],
  ['c0a80001 08080808', 0xdeadbeef, 0xd0e46e7a],
  ['00000000 00000000 00000000', 0, 0x1b68e557],
  ['00000001 00000002 00000003', 0, 0xa46158f5],
  ['c0a80001 08080808 00000006', 0x12345678, 0xc167dba9],
  ['00000001 00000002 00000003 00000004', 0, 0x66491246],
  ['c0a80001 08080808 00000006 00003039', 0, 0xd36277f0],
  ['c0a80001 08080808 00000006 00003039 00000050', 0, 0xfdfcdc45],
  ['c0a80001 08080808 00000006 00003039 00000050', 0x12345678, 0x382698c7],
  ['0a000001 0a000002 00000011 000014e9 000014e9', 0xcafebabe, 0xc85fbe53],
  ['1 2 3 4 5 6', 0, 0xe3e36b25],
  ['1 2 3 4 5 6 7', 0, 0x3e606a2c],
  ['1 2 3 4 5 6 7 8 9', 1, 0xe9b9f523],
  ['0 1 2 3 4 5 6 7 8 9 a b c d e f 10 11', 0, 0x4223a8ea],
  [new Array(18).fill('ffffffff').join(' '), 0xffffffff, 0xf366d92a],
  ['1 2 3 4 5 6 7 8 9 a b c d e f 10 11 12', 0x9e3779b9, 0x8b8f4054],
];

describe('jhash2', () => {
  test.each(VECTORS)('hashes %s from %d as the kernel does', (text, initval, expected) => {
    const words = text.split(' ').map((word) => Number.parseInt(word, 16));
    expect(jhash2(words, words.length, initval) >>> 0).toBe(expected);
    expect(jhash2(Int32Array.from(words), words.length, initval | 0) >>> 0).toBe(expected);
  });

  test('of no words is the start value, as the kernel leaves it unmixed', () => {
    expect(jhash2([], 0, 5) >>> 0).toBe(0xdeadbef4);
  });

  test.each(VECTORS)('looks at no word behind %s', (text, initval, expected) => {
    const words = text.split(' ').map((word) => Number.parseInt(word, 16));
    expect(jhash2([...words, 0xffffffff, 0xffffffff], words.length, initval) >>> 0).toBe(expected);
  });
});

describe('jhash_3words of kernels before 4.5', () => {
  test('adds the start value to the third word only, and the length nowhere', () => {
    // The later jhash_3words(a, b, c, i) starts all three from JHASH_INITVAL + 12 + i.
    const later = jhash2([1 - 12 - 7, 2 - 12 - 7, 3 - 12 - 7 - 0xdeadbeef + 7], 3, 7);
    expect(jhash3wordsOld(1, 2, 3, 7)).toBe(later);
  });
});
