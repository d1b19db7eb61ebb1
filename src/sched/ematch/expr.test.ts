import { describe, expect, test } from 'vitest';
import { payloadOf, printedOf, refusalOf, spoken } from '../../../test/ematches.ts';
import { UsageError } from '../../errors.ts';
import { Words } from '../../lang/index.ts';
import { parseExpr } from './expr.ts';

/** What is printed of an expression's terms: kinds, relations, groups. */
function shape(text: string): string {
  return printedOf(payloadOf(text)).replaceAll(/\s+/g, ' ');
}

describe('words of an expression', () => {
  test('may be cut anywhere', () => {
    const whole = spoken("'cmp(u8 at 0 eq 1) and not cmp(u8 at 1 eq 2)'");
    expect(whole.rest).toBe('divisor 1');
    expect(spoken("'cmp(u8' at 0 'eq 1)' and not cmp'('u8 at 1 eq '2)'")).toEqual(whole);
    expect(spoken("cmp'('u8 '' at 0 eq '1)' AND Not 'cmp(' u8 at 1 eq 2 ')'")).toEqual(whole);
  });

  test('quirk 21: the last word is put back, even if nothing follows', () => {
    const words = new Words(['cmp(u8 at 0 eq 1)']);
    expect(parseExpr(words)).toHaveLength(1);
    expect(words.peek()).toBe('cmp(u8 at 0 eq 1)');
    const split = new Words(['cmp(u8', 'at', '0', 'eq', '1)']);
    parseExpr(split);
    expect(split.peek()).toBe('1)');
  });

  test('what cannot continue an expression ends it', () => {
    const words = new Words(['cmp(u8 at 0 eq 1) cmp(u8 at 0 eq 2)', 'rshift', '1']);
    expect(parseExpr(words)).toHaveLength(1);
    expect(words.at).toBe(0);
    expect(parseExpr(new Words(['']))).toEqual([]);
  });

  test('strings have the escapes of C', () => {
    const text = String.raw`nbyte("a\n\t\\\"\x41\101\q\x4" at 0)`;
    expect(shape(text)).toBe(String.raw`nbyte(61 0a 09 5c 22 41 41 71 04 "a..\"AAq." at 0 layer 1)`);
  });

  test('a string may run over several words, and loses line ends', () => {
    expect(printedOf(spoken(`'nbyte("a' 'b' '" at 0)'`).payload)).toContain('61 20 62 20 "a b "');
    expect(shape('nbyte("a\nb" at 0)')).toContain('61 62 "ab"');
  });

  test('quirk 20: all strings of an expression share their bytes', () => {
    expect(shape('nbyte("abc" at 0 layer 2) and nbyte("ab cd" at 40 layer 1)')).toBe(
      'nbyte(61 62 20 "ab " at 0 layer 2) AND nbyte(61 62 20 63 64 "ab cd" at 40 layer 1)',
    );
  });
});

describe('a refused expression', () => {
  test.each([
    ['bogus', '>>bogus<<'],
    ['cmp()', '>>cmp()<<'],
    ['and cmp(u8 at 0 eq 1)', '>>and cmp(u8 at 0 eq 1)<<'],
    ['()', '>>()<<'],
    ['not not cmp(u8 at 0 eq 1)', '>>not not cmp(u8 at 0 eq 1)<<'],
  ])('%s', (text, shown) => {
    const next = text === 'bogus' ? 'bogus >>divisor<<' : shown;
    expect(refusalOf(text)).toBe(`Parse error: syntax error\n... ${next} ...`);
  });

  test('shows all words up to the one that is wrong', () => {
    expect(() => parseExpr(new Words(['cmp(u8', 'at', '0', 'eq', '1)', 'and', '0xff']))).toThrow(
      'Parse error: syntax error\n... cmp(u8 at 0 eq 1) and >>0xff<< ...',
    );
    expect(() => spoken("'cmp(u8 at 0 eq 1) and'")).toThrow('... cmp(u8 at 0 eq 1) and divisor >>1<< ...');
    expect(() => spoken("'(cmp(u8 at 0 eq 1)'")).toThrow('... (cmp(u8 at 0 eq 1) >>divisor<< ...');
  });

  test('names the word that the caret goes under', () => {
    try {
      parseExpr(new Words(['flow', 'match', 'cmp(u8', 'and', 'x'], 2));
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      expect((error as UsageError).word).toBe(3);
    }
  });

  test('octal numbers have their limits', () => {
    expect(refusalOf(String.raw`nbyte("\777" at 0)`)).toMatch(
      /^error: octal escape sequence out of range\nParse error/,
    );
    expect(refusalOf(String.raw`nbyte("\18" at 0)`)).toMatch(/^error: invalid octale escape sequence\nParse error/);
  });

  test('an unknown kind is named', () => {
    expect(refusalOf('foo(1)')).toBe('Unknown ematch "foo"');
    expect(refusalOf('CMP(u8 at 0 eq 1)')).toBe('Unknown ematch "CMP"');
  });

  test('bison gives up at ten thousand symbols', () => {
    const nested = (depth: number) => refusalOf('('.repeat(depth));
    expect(nested(4990)).toMatch(/^Parse error: syntax error\n/);
    expect(nested(5010)).toMatch(/^Parse error: memory exhausted\n/);
    expect(refusalOf('x'.repeat(8191))).toBe('match argument too long.');
  });
});
