import { describe, expect, test } from 'vitest';
import { matches, payloadOf, printedOf, refusalOf } from '../../../test/ematches.ts';

/** Recorded: tc 6.1 and Linux 6.1 with the packet of recordedPacket(). */
describe('cmp', () => {
  test.each([
    ['cmp(u8 at 0 eq 0x45)', true],
    ['cmp(u8 at 9 eq 17)', true],
    ['cmp(u8 at 9 layer network eq 17)', true],
    ['cmp(u16 at 0 layer transport eq 0xabcd)', true],
    ['cmp(u32 at 12 layer 1 eq 0xc0a80102)', true],
    ['cmp(u32 at 12 layer 1 mask 0xff gt 1)', true],
    ['cmp(u32 at 12 layer 1 mask 0xff lt 3)', true],
    ['cmp(u32 at 12 layer 1 mask 0xff lt 2)', false],
    ['cmp(u8 at 1000 eq 0)', false],
    ['cmp(u16 at 12 layer link eq 0x0800)', true],
    ['cmp(u32 at 0 layer 0 eq 0x02000000)', true],
  ])('%s is %s', (expr, matched) => {
    expect(matches(expr)).toBe(matched);
  });

  test('quirk 25: trans turns the number around once more', () => {
    expect(matches('cmp(u16 at 0 layer 2 trans eq 0xcdab)')).toBe(true);
    expect(matches('cmp(u16 at 0 layer 2 trans eq 0xabcd)')).toBe(false);
  });

  test('numbers compare unsigned', () => {
    expect(matches('cmp(u32 at 12 gt 0x7fffffff)')).toBe(true);
    expect(matches('cmp(u8 at 0 lt 0xffffffff)')).toBe(true);
  });

  test.each([
    ['cmp(u8 at 0 layer 1 mask 0xf0 eq 0x40)', 'cmp(u8 at 0 layer 1 mask 0xf0 eq 64)'],
    ['cmp(u32 at 12 layer 1 mask 0xffffff00 lt 0x0a000100)', 'cmp(u32 at 12 layer 1 mask 0xffffff00 lt 167772416)'],
    ['cmp(u16 at 12 layer 0 trans eq 8)', 'cmp(u16 at 12 layer 0 trans eq 8)'],
    ['cmp(u8 at 0 eq 0xffffffff)', 'cmp(u8 at 0 layer 1 eq -1)'],
    ['cmp(u8 at 65536 eq 1)', 'cmp(u8 at 0 layer 1 eq 1)'],
  ])('%s prints as %s', (expr, text) => {
    expect(printedOf(payloadOf(expr))).toBe(text);
  });

  test.each([
    ['cmp(u64 at 0 eq 1)', 'cmp: invalid alignment', 'cmp(>>u64<< at 0 eq 1)'],
    ['cmp(u8 at)', 'cmp: missing argument', 'cmp(u8 >>at<<)'],
    ['cmp(u8 at -1 eq 3)', 'cmp: invalid offset, must be numeric', 'cmp(u8 at >>-1<< eq 3)'],
    ['cmp(u8 at 0 layer 9 eq 1)', 'cmp: illegal layer, must be in 0..2', 'cmp(u8 at 0 layer >>9<< eq 1)'],
    ['cmp(u8 at 0 layer x eq 1)', 'cmp: invalid layer', 'cmp(u8 at 0 layer >>x<< eq 1)'],
    ['cmp(u8 at 0)', 'cmp: offset and value required', 'cmp(u8 at 0)'],
  ])('%s is refused', (expr, message, shown) => {
    expect(refusalOf(expr)).toBe(`${message}\n... >>${expr}<< ...\n... ${shown}...`);
  });

  test('quirk 24: an unknown parameter of cmp is blamed on nbyte', () => {
    expect(refusalOf('cmp(u8 at 0 foo)')).toMatch(/^nbyte: unknown parameter\n/);
  });
});
