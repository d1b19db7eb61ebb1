import { describe, expect, it } from 'vitest';
import { timeText } from '../../src/api/index.ts';
import { caretInCommand, caretInValue, caretText } from './caret.ts';
import { progressLine } from './progress.ts';

describe('a caret', () => {
  it('stands under the word of a value', () => {
    expect(caretText(caretInValue('--nat', 'snat a to b', 2))).toBe("  --nat 'snat a to b'\n                ^^");
  });

  it('counts a quoted word as one', () => {
    const caret = caretInValue('--filter', `hash "ke ys" 'a b' x`, 3);
    expect(caret.line.slice(caret.at, caret.at + caret.length)).toBe('x');
  });

  it('stands behind the last word when one is missing', () => {
    expect(caretText(caretInValue('--filter', 'hash keys', 2))).toBe(`  --filter 'hash keys'\n${' '.repeat(22)}^`);
  });

  it('stays below its word when characters before it are escaped', () => {
    expect(caretText(caretInCommand(['\u001b', 'x'], 1))).toBe(`  cls-flow '\\x1b' x\n${' '.repeat(18)}^`);
  });
});

describe('the time of a packet', () => {
  it.each([
    [1_700_000_000, 5, '1700000000.000000005'],
    [0, 0, '0.000000000'],
    [-1, 0, '-1.000000000'],
    // Half a second before 1970 is -1 and a half second upwards.
    [-1, 500_000_000, '-0.500000000'],
    [-2, 250_000_000, '-1.750000000'],
  ])('%i s and %i ns is %s', (seconds, nanoseconds, text) => {
    expect(timeText(seconds, nanoseconds)).toBe(text);
  });
});

describe('progress', () => {
  const MIB = 1 << 20;

  it('tells the part done, the rate and the time left', () => {
    expect(progressLine(10 * MIB, { packets: 1234, seconds: 2, total: 40 * MIB })).toBe(
      `[======${' '.repeat(18)}]  25%  10.0 MiB  5.0 MiB/s  1234 packets  6 s left`,
    );
  });

  it('tells no time left where nobody knows the size', () => {
    expect(progressLine(MIB, { packets: 7, seconds: 1, total: null })).toBe('1.0 MiB  1.0 MiB/s  7 packets');
  });
});
