import { expect, test } from 'vitest';
import { answer, fact, kindOf, ROOT, refusal, settled, shown, spoken } from '../../../test/qdiscs.ts';
import { Errno } from '../../errors.ts';

test.each([['', '0800020000000000']])('tc qdisc add … multiq %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('multiq', line))).toBe(bytes);
});

test.each([
  ['x', '1: What is "x"?'],
  ['help', '1: '],
])('tc qdisc add … multiq %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spoken('multiq', line))).toBe(words);
});

test.each([['', {}, 'bands 4/4 ']])('multiq %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shown('multiq', line, show)).toBe(text);
});

test('a device with one queue has no multiq (multiq_tune())', () => {
  const single = { ...ROOT, device: { ...ROOT.device, txQueues: 1 } };
  expect(answer(() => settled('multiq', '', single))).toEqual([Errno.EOPNOTSUPP, '']);
  expect(answer(() => kindOf('multiq').settle(null, null, ROOT))).toEqual([Errno.EINVAL, '']);
});
