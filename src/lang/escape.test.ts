import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeLines, escapeRest, escapeText } from './escape.ts';
import { decodeUtf8 } from './utf8.ts';

test('plain text in any language stays as it is', () => {
  expect(escapeText('eth0 — größe 流 😀 שלום')).toBe('eth0 — größe 流 😀 שלום');
});

test.each([
  ['\u001b[31mred', '\\x1b[31mred'],
  ['two\nlines\r\t', 'two\\nlines\\r\\t'],
  ['\u0000\u007f\u009b', '\\x00\\x7f\\x9b'],
  ['\u202egpj.exe\u2066', '\\u{202e}gpj.exe\\u{2066}'],
  ['zero\u200bwidth\ufeff', 'zero\\u{200b}width\\u{feff}'],
  ['\ud800', '\\u{d800}'],
  ['soft\u00adhyphen', 'soft\\xadhyphen'],
  ['tags\u{e0041}\u{e007f}', 'tags\\u{e0041}\\u{e007f}'],
  ['filler\u3164\u115f', 'filler\\u{3164}\\u{115f}'],
])('%j becomes %s', (text, shown) => {
  expect(escapeText(text)).toBe(shown);
});

test('a byte that was no UTF-8 is shown as that byte', () => {
  expect(escapeText(decodeUtf8(Uint8Array.of(0x61, 0xff, 0x80)))).toBe('a\\xff\\x80');
});

test('nothing that moves a terminal gets through', () => {
  const unit = fc.integer({ min: 0, max: 0x2100 }).map((point) => String.fromCodePoint(point));
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      const shown = escapeText(text);
      for (const char of shown) {
        expect(char).not.toMatch(/\p{Cc}/u);
        expect('\u202a\u202b\u202c\u202d\u202e\u2028\u2029\u200e\u200f\u061c'.includes(char)).toBe(false);
      }
    }),
  );
});

test('newlines and tabs of our own stay', () => {
  expect(escapeLines('a\tb\n\u001b[31m\r\u009b\u202e')).toBe(
    'a\tb\n\\x1b[31m\\x0d\\x9b\\u{202e}'.replace('\\x0d', '\\r'),
  );
});

test('JSON stays JSON, whatever its strings hold', () => {
  const value = { name: '\u001b\u007f\u009b\u00ad\u202e\u{e0041}\u2028größe 😀' };
  const shown = escapeRest(JSON.stringify(value, null, 2));
  expect(JSON.parse(shown)).toEqual(value);
  expect(shown.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}]/u);
  expect(shown).toContain('größe 😀');
});
