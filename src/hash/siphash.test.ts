import { describe, expect, test } from 'vitest';
import { COUNTING_KEY, ZERO_KEY } from '../../test/frames.ts';
import { siphash1u64Low, siphashLow } from './siphash.ts';

/** The bytes 00 01 02 … as little-endian words. */
const COUNTING_WORDS = Array.from({ length: 16 }, (_, i) => 0x03020100 + 0x04040404 * i);

describe('SipHash-2-4', () => {
  test('gives the worked example of its paper: 15 counting bytes under the counting key', () => {
    // Aumasson and Bernstein, "SipHash: a fast short-input PRF", appendix A: a129ca6149be45e5.
    const words = [...COUNTING_WORDS.slice(0, 3), 0x000e0d0c];
    expect(siphashLow(words, 15, COUNTING_KEY) >>> 0).toBe(0x49be45e5);
  });

  test('looks at no byte beyond the length', () => {
    const longer = [...COUNTING_WORDS.slice(0, 4), 0xffffffff];
    expect(siphashLow(longer, 16, COUNTING_KEY)).toBe(siphashLow(COUNTING_WORDS, 16, COUNTING_KEY));
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
