import { expect, test } from 'vitest';
import { answer, fact, HOOK, ROOT, refusal, settled, shown, spoken } from '../../../test/qdiscs.ts';
import { Errno } from '../../errors.ts';

test.each([
  ['', ''],
  ['handle 3:', ''],
])('tc qdisc add … ingress %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('ingress', line))).toBe(bytes);
});

test.each([
  ['foo', '1: What is "foo"?'],
  ['help', '1: What is "help"?'],
  ['handle', '255: Command line is not complete. Try option "help"'],
])('tc qdisc add … ingress %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spoken('ingress', line))).toBe(words);
});

test.each([['', {}, '---------------- ']])('ingress %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shown('ingress', line, show, HOOK)).toBe(text);
});

test('ingress sits at ffff:fff1 only (ingress_init())', () => {
  expect(answer(() => settled('ingress', '', ROOT))).toEqual([Errno.EOPNOTSUPP, '']);
  expect(settled('ingress', '', HOOK)).toBeNull();
});
