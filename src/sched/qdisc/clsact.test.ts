import { expect, test } from 'vitest';
import { answer, fact, HOOK, ROOT, refusal, settled, shown, spoken } from '../../../test/qdiscs.ts';
import { Errno } from '../../errors.ts';

test.each([['', '']])('tc qdisc add … clsact %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('clsact', line))).toBe(bytes);
});

test.each([
  ['foo', '1: What is "foo"?'],
  ['help', '1: What is "help"?'],
])('tc qdisc add … clsact %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spoken('clsact', line))).toBe(words);
});

test.each([['', {}, '']])('clsact %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shown('clsact', line, show, HOOK)).toBe(text);
});

test('clsact sits at ffff:fff1 only (clsact_init())', () => {
  expect(answer(() => settled('clsact', '', ROOT))).toEqual([Errno.EOPNOTSUPP, '']);
  expect(settled('clsact', '', HOOK)).toBeNull();
});
