import { expect, test } from 'vitest';
import { fact, refusal, shown, spoken } from '../../../test/qdiscs.ts';

test.each([
  ['', '04000200'],
  ['limit 100 target 20ms tupdate 30ms', '1c0002000800020064000000080003003075000008000100204e0000'],
  ['alpha 3 beta 15', '140002000800040003000000080005000f000000'],
  ['ecn bytemode dq_rate_estimator', '1c000200080006000100000008000700010000000800080001000000'],
  ['noecn nobytemode no_dq_rate_estimator', '1c000200080006000000000008000700000000000800080000000000'],
])('tc qdisc add … pie %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('pie', line))).toBe(bytes);
});

test.each([
  ['alpha 33', '1: Illegal "alpha"'],
  ['beta x', '1: Illegal "beta"'],
  ['foo', '1: What is "foo"?'],
  ['help', '1: '],
])('tc qdisc add … pie %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spoken('pie', line))).toBe(words);
});

test.each([
  ['', {}, 'limit 1000p target 15ms tupdate 16ms alpha 2 beta 20 '],
  [
    'ecn bytemode dq_rate_estimator target 20ms',
    {},
    'limit 1000p target 20ms tupdate 16ms alpha 2 beta 20 ecn bytemode dq_rate_estimator ',
  ],
])('pie %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shown('pie', line, show)).toBe(text);
});
