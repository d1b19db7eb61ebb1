import { describe, expect, test } from 'vitest';
import { COUNTING_KEY, ZERO_KEY } from '../../test/frames.ts';
import { siphash1u64Low, siphashLow } from './siphash.ts';

/** The bytes 00 01 02 … as little-endian words. */
const COUNTING_WORDS = Array.from({ length: 16 }, (_, i) => 0x03020100 + 0x04040404 * i);

/** lib/test_siphash.c: test_vectors_siphash, lower halves: the first n counting bytes under the counting key. */
const KERNEL_VECTORS = [
  0xdd0e0e31, 0x93dc67fd, 0xd9a94f5a, 0xd7fb7e2d, 0x277187b7, 0xcd99a68d, 0x58fee3ce, 0x8b01d137, 0x9a932462,
  0x0ba9e4b0, 0x94ddb9f3, 0x226bada7, 0x860ee5fb, 0xc0843d90, 0x8e7af2ee, 0x49be45e5, 0x57c29bdb,
];

/** Computed from the paper's definition with integers of any length. */
const CANCELLED = 0xc6dae392;

describe('SipHash-2-4', () => {
  test('gives the worked example of its paper: 15 counting bytes under the counting key', () => {
    // Aumasson and Bernstein, "SipHash: a fast short-input PRF", appendix A: a129ca6149be45e5.
    const words = [...COUNTING_WORDS.slice(0, 3), 0x000e0d0c];
    expect(siphashLow(words, 15, COUNTING_KEY) >>> 0).toBe(0x49be45e5);
  });

  test.each(KERNEL_VECTORS.map((low, length) => [length, low]))(
    'of %d counting bytes is as in the kernel',
    (length, low) => {
      const words = COUNTING_WORDS.slice(0, length >> 2);
      if (length % 4 !== 0) words.push((COUNTING_WORDS[length >> 2] ?? 0) & ((1 << (8 * (length % 4))) - 1));
      expect(siphashLow(words, length, COUNTING_KEY) >>> 0).toBe(low);
      expect(siphashLow([...words, 0xffffffff, 0xffffffff], length, COUNTING_KEY) >>> 0).toBe(low);
    },
  );

  test('no carry where the first addend is 0, as under a key that cancels the first constant', () => {
    const key = { ...ZERO_KEY, k0lo: 0x70736575 };
    expect(siphashLow([0, 0], 8, key) >>> 0).toBe(CANCELLED);
  });
});

describe('siphash_1u64, the fold of a kernel pointer', () => {
  test.each([
    ['null under the zero key', 0, 0, ZERO_KEY, 0x6ffe2567],
    ['1 under the zero key', 1, 0, ZERO_KEY, 0x94105f5e],
    ['ffff888012345678 under the zero key', 0x12345678, 0xffff8880, ZERO_KEY, 0xa16f4a20],
    ['null under the counting key', 0, 0, COUNTING_KEY, 0xa07681a7],
    ['1 under the counting key', 1, 0, COUNTING_KEY, 0x85e6d1f6],
    ['ffff888012345678 under the counting key', 0x12345678, 0xffff8880, COUNTING_KEY, 0xace6f775],
  ])('of %s', (_, low, high, key, expected) => {
    expect(siphash1u64Low(low, high, key) >>> 0).toBe(expected);
  });
});
