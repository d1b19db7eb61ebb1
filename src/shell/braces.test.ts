import { expect, test } from 'vitest';
import { expandBraces } from './braces.ts';

// Expectations: `echo WORD` of bash 5.2.
test.each([
  ['a{b,c}d', 'abd acd'],
  ['{1..3}', '1 2 3'],
  ['{3..1}', '3 2 1'],
  ['{01..10..3}', '01 04 07 10'],
  ['{-1..1}', '-1 0 1'],
  ['{a..e..2}', 'a c e'],
  ['{a,b}{1,2}', 'a1 a2 b1 b2'],
  ['x{a,{b,c}y}z', 'xaz xbyz xcyz'],
  ['{a}', '{a}'],
  ['{1..x}', '{1..x}'],
  ['{,x}', ' x'],
  ['$x{a,b}', '$xa $xb'],
  ["'{a,b}'", "'{a,b}'"],
  ['"{a,b}"c', '"{a,b}"c'],
  ['$(echo {a,b}){c,d}', '$(echo {a,b})c $(echo {a,b})d'],
])('%s', (word, words) => {
  expect(expandBraces(word)?.join(' ')).toBe(words);
});

test('a list that nobody wrote is none', () => {
  expect(expandBraces('{1..9999999}')).toBeNull();
});
