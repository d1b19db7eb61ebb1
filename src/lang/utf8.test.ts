import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeUtf8, encodeUtf8 } from './utf8.ts';

test('well-formed text agrees with the platform in both directions', () => {
  const text = 'tc · Ω € 流 😀';
  expect(encodeUtf8(text)).toEqual(Uint8Array.from(new TextEncoder().encode(text)));
  expect(decodeUtf8(new TextEncoder().encode(text))).toBe(text);
});

test('any well-formed text survives', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(encodeUtf8(text)).toEqual(Uint8Array.from(new TextEncoder().encode(text)));
      expect(decodeUtf8(encodeUtf8(text))).toBe(text);
    }),
  );
});

test('any bytes survive, well-formed or not', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(encodeUtf8(decodeUtf8(bytes))).toEqual(bytes);
    }),
  );
});

test.each([
  ['an overlong slash', [0xc0, 0xaf]],
  ['an encoded surrogate', [0xed, 0xa0, 0x80]],
  ['a code point above U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ['a sequence that the end cuts off', [0xe2, 0x82]],
])('%s is no character: each byte stands alone', (_, bytes) => {
  const text = decodeUtf8(Uint8Array.from(bytes));
  expect(Array.from(text, (char) => (char.codePointAt(0) ?? 0) - 0xdc00)).toEqual(bytes);
});

test('reads only the part asked for', () => {
  expect(decodeUtf8(new TextEncoder().encode('abcdef'), 2, 4)).toBe('cd');
});
