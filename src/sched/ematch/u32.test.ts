import { describe, expect, test } from 'vitest';
import { AROUND, matches, payloadOf, printedOf, recordedPacket, refusalOf, treeOf } from '../../../test/ematches.ts';
import { envOf, hex } from '../../../test/frames.ts';
import { compileMatch } from './index.ts';

describe('u32', () => {
  test.each([
    ['u32(u32 0xc0a80102 0xffffffff at 12)', true],
    ['u32(u16 0xabcd 0xffff at 20)', true],
    ['u32(u16 0x0035 0xffff at 22)', true],
    ['u32(u8 17 0xff at 9)', true],
    ['u32(u8 17 0xff at 10)', false],
    ['u32(u32 0 0 at 56)', false],
  ])('%s is %s for the recorded packet', (expr, matched) => {
    expect(matches(expr)).toBe(matched);
  });

  test('quirk 28: nexthdr+ has no effect', () => {
    expect(matches('u32(u8 17 0xff at nexthdr+9)')).toBe(true);
  });

  test('a negative offset, which messages may have, reaches back into the link header', () => {
    const payload = treeOf([3, hex('0000ffff 00000800 fcffffff 00000000')]);
    expect(compileMatch(payload, AROUND, envOf()).match(recordedPacket())).toBe(true);
    const tooFar = treeOf([3, hex('00000000 00000000 f0ffffff 00000000')]);
    expect(compileMatch(tooFar, AROUND, envOf()).match(recordedPacket())).toBe(false);
  });

  test.each([
    ['u32(u8 0x45 0xff at 0)', 'u32(45000000/ff000000 at 0)'],
    ['u32(u8 6 0xff at 9)', 'u32(00060000/00ff0000 at 8)'],
    ['u32(u16 0x1234 0xffff at 2)', 'u32(00001234/0000ffff at 0)'],
    ['u32(u32 0xaabbccdd 0xff00ff00 at nexthdr+0)', 'u32(aa00cc00/ff00ff00 at nexthdr+0)'],
    ['u32(u16 80 0xffff at nexthdr+2)', 'u32(00000050/0000ffff at nexthdr+0)'],
  ])('%s prints as %s', (expr, text) => {
    expect(printedOf(payloadOf(expr))).toBe(text);
  });

  test('quirk 26: a nexthdr+ of its own leaves no trace', () => {
    expect(printedOf(payloadOf('u32(u32 1 1 at nexthdr+ 4)'))).toBe('u32(00000001/00000001 at 4)');
  });

  test('quirk 27: a u16 at an odd offset is the lower half of the word', () => {
    expect(printedOf(payloadOf('u32(u16 0x12 0xff at 1)'))).toBe('u32(00000012/000000ff at 0)');
  });

  test('refuses what tc refuses', () => {
    expect(refusalOf('u32(u8 1)')).toMatch(/^u32: missing mask\n.*\n\.\.\. u32\(u8 1\)\.\.\.$/);
    expect(refusalOf('u32(u8 0x100 0xff at 0)')).toMatch(/^Illegal key \(>0xFF\)\n.* at >>0<<\)\.\.\.$/s);
    expect(refusalOf('u32(u32 1 1 at 2)')).toMatch(/^u32: invalid offset alignment, must be aligned to 4\.\n/);
  });
});
