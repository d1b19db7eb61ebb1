import { describe, expect, test } from 'vitest';
import { isPattern, matcher, quotedPattern, unquotedPattern } from './pattern.ts';

// Expectations: bash 5.2, `[[ $text == $pattern ]]` with extglob.
describe('patterns', () => {
  test.each([
    ['eth*', 'eth0', true],
    ['eth*', 'wlan0', false],
    ['e?h[0-9]', 'eth7', true],
    ['et[0-9]', 'eth7', false],
    ['[!a-c]x', 'dx', true],
    ['[!a-c]x', 'bx', false],
    ['[]a]', ']', true],
    ['[a-]', '-', true],
    ['[[:digit:]]*', '7up', true],
    ['\\*', '*', true],
    ['\\*', 'x', false],
    ['a*b*c', 'a-b-b-c', true],
    ['[', '[', true],
    ['@(ifb|imq)*', 'ifb4eth0', true],
    ['!(tun*|dummy*)', 'tun0', false],
    ['!(tun*|dummy*)', 'ppp0', true],
    ['eth+([0-9])', 'eth10', true],
    ['?(a)b', 'b', true],
    ['*(ab)', 'ababab', true],
    ['*', 'two\nlines', true],
  ])('%s and %s', (pattern, text, matches) => {
    expect(matcher(pattern)(text)).toBe(matches);
  });

  test('many stars take no time', () => {
    expect(matcher(`${'a*'.repeat(30)}b`)('a'.repeat(5000))).toBe(false);
  });

  test('a quoted pattern matches itself alone', () => {
    const text = 'a*b?[c]\\(d|e)';
    expect(isPattern(quotedPattern(text))).toBe(false);
    expect(unquotedPattern(quotedPattern(text))).toBe(text);
    expect(matcher(quotedPattern('*'))('x')).toBe(false);
  });
});
