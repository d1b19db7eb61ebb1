import { describe, expect, test } from 'vitest';
import { Xxh64 } from './xxhash.ts';

/** The bytes of the test program of xxHash (tests/sanity_test.c of its repository): a generator modulo 2^64. */
function sanityBuffer(length: number): Uint8Array {
  const prime = 11_400_714_785_074_694_797n;
  let state = 2_654_435_761n;
  return Uint8Array.from({ length }, () => {
    const byte = Number(state >> 56n);
    state = BigInt.asUintN(64, state * prime);
    return byte;
  });
}

const hexOf = ([high, low]: readonly [number, number]): string =>
  [high, low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');

describe('XXH64', () => {
  test.each([
    ['', 'ef46db3751d8e999'],
    ['a', 'd24ec4f1a98c6e5b'],
    ['abc', '44bc2cf5ad770999'],
    ['Nobody inspects the spammish repetition', 'fbcea83c8a378bf1'],
  ])('of "%s" is %s, as published', (text, expected) => {
    const hash = new Xxh64();
    hash.update(Buffer.from(text));
    expect(hexOf(hash.digest())).toBe(expected);
  });

  test.each([
    [1, 'e934a84adb052768'],
    [14, '8282dcc4994e35c8'],
    [222, 'b641ae8cb691c174'],
  ])('of %d bytes of its own test program', (length, expected) => {
    const hash = new Xxh64();
    hash.update(sanityBuffer(length));
    expect(hexOf(hash.digest())).toBe(expected);
  });

  test.each([
    [4, '9136a0dca57457ee'],
    [8, 'cdbcf538e71d1348'],
    [12, '0723bf50086ead9a'],
    [31, '299b39a290e6d783'],
    [32, '18b216492bb44b70'],
    [33, '55c8dc3e578f5b59'],
    [64, 'ef558f8acac2b5cd'],
  ])('of %d bytes of the same, where its tail changes its shape, as libxxhash has it', (length, expected) => {
    const hash = new Xxh64();
    hash.update(sanityBuffer(length));
    expect(hexOf(hash.digest())).toBe(expected);
  });

  test('takes bytes only, and says what it was given', () => {
    expect(() => new Xxh64().update('abc' as never)).toThrow('data');
  });

  test('does not depend on the pieces that the data comes in', () => {
    const data = sanityBuffer(300);
    for (let cut = 0; cut <= 300; cut += 7) {
      const [whole, pieces] = [new Xxh64(), new Xxh64()];
      whole.update(data);
      pieces.update(data.subarray(0, cut));
      pieces.update(data.subarray(cut, cut + 1));
      pieces.update(data.subarray(cut + 1));
      expect(pieces.digest()).toEqual(whole.digest());
    }
  });
});
