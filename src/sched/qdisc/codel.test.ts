import { expect, test } from 'vitest';
import { fact, refusal, shown, spoken } from '../../../test/qdiscs.ts';

test.each([
  ['', '04000200'],
  ['limit 1000', '0c00020008000200e8030000'],
  ['target 5ms interval 100ms ecn', '1c00020008000300a086010008000100881300000800040001000000'],
  ['noecn', '0c0002000800040000000000'],
  ['ce_threshold 1ms', '0c00020008000500e8030000'],
])('tc qdisc add … codel %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('codel', line))).toBe(bytes);
});

test.each([
  ['limit x', '1: Illegal "limit"'],
  ['foo', '1: What is "foo"?'],
  ['help', '1: '],
])('tc qdisc add … codel %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spoken('codel', line))).toBe(words);
});

test.each([
  ['', {}, 'limit 1000p target 5ms interval 100ms '],
  ['ecn ce_threshold 3ms', {}, 'limit 1000p target 5ms ce_threshold 3ms interval 100ms ecn '],
])('codel %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shown('codel', line, show)).toBe(text);
});
