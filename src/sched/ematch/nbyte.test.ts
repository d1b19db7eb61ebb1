import { describe, expect, test } from 'vitest';
import { AROUND, matches, payloadOf, printedOf, refusalOf, treeOf } from '../../../test/ematches.ts';
import { envOf, hex } from '../../../test/frames.ts';
import { Errno } from '../../errors.ts';
import { compileMatch } from './index.ts';

describe('nbyte', () => {
  test.each([
    ['nbyte("\\xab\\xcd" at 0 layer transport)', true],
    ['nbyte("\\xc0\\xa8" at 12 layer 1)', true],
    ['nbyte(E at 0)', true],
    ['nbyte(F at 0)', false],
    ['nbyte("\\000\\000" at 56)', true],
    ['nbyte("\\000\\000" at 57)', false],
  ])('%s is %s for the recorded packet', (expr, matched) => {
    expect(matches(expr)).toBe(matched);
  });

  test('prints bytes and text', () => {
    expect(printedOf(payloadOf('nbyte("GET " at 20 layer transport)'))).toBe('nbyte(47 45 54 20 "GET " at 20 layer 2)');
    expect(printedOf(payloadOf('nbyte("a\\x00b" at 12 layer 1)'))).toBe('nbyte(61 00 62 "a.b" at 12 layer 1)');
    expect(printedOf(payloadOf('nbyte(0x41 at 3)'))).toBe('nbyte(30 78 34 31 "0x41" at 3 layer 1)');
  });

  test('refuses what tc refuses', () => {
    expect(refusalOf('nbyte("abc")')).toMatch(/^nbyte: offset required\n.*\n\.\.\. nbyte\(abc\)\.\.\.$/);
    expect(refusalOf('nbyte("abc" at)')).toMatch(/^nbyte: missing argument\n.*\n\.\.\. nbyte\(abc >>at<<\)\.\.\.$/);
    expect(refusalOf('nbyte("" at 0)')).toMatch(/^nbyte: needle length is 0\n/);
  });

  test('a pattern longer than its data is EINVAL', () => {
    const payload = treeOf([2, hex('0000 0510 61626364')]);
    expect(() => compileMatch(payload, AROUND, envOf())).toThrow(expect.objectContaining({ errno: Errno.EINVAL }));
  });
});
