import { expect, test } from 'vitest';
import { answer, fact, kindOf, ROOT, refusal, shown, spoken } from '../../../test/qdiscs.ts';
import { Errno } from '../../errors.ts';

test.each([
  ['', ''],
  ['limit 10', '080002000a000000'],
  ['limit 10k', '0800020000280000'],
  ['limit 5 limit 7', '0800020007000000'],
])('tc qdisc add … pfifo %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('pfifo', line))).toBe(bytes);
});

test.each([
  ['limit x', '1: pfifo: Illegal value for "limit": "x"'],
  ['limit', '255: Command line is not complete. Try option "help"'],
  ['foo', '1: pfifo: unknown parameter "foo"'],
  ['help', '1: '],
])('tc qdisc add … pfifo %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spoken('pfifo', line))).toBe(words);
});

test.each([
  ['', ''],
  ['limit 1mbit', '0800020000000200'],
])('tc qdisc add … bfifo %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('bfifo', line))).toBe(bytes);
});

test.each([
  ['limit x', '1: bfifo: Illegal value for "limit": "x"'],
  ['foo', '1: bfifo: unknown parameter "foo"'],
])('tc qdisc add … bfifo %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spoken('bfifo', line))).toBe(words);
});

test.each([
  ['', ''],
  ['limit 10', '080002000a000000'],
])('tc qdisc add … pfifo_head_drop %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('pfifo_head_drop', line))).toBe(bytes);
});

test.each([['foo', '1: pfifo_head_drop: unknown parameter "foo"']])(
  'tc qdisc add … pfifo_head_drop %s is refused in tc’s words',
  (line, words) => {
    expect(refusal(() => spoken('pfifo_head_drop', line))).toBe(words);
  },
);

test.each([['', {}, 'limit 1000p']])('pfifo %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shown('pfifo', line, show)).toBe(text);
});

test.each([['', {}, 'limit 1514000b']])('bfifo %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shown('bfifo', line, show)).toBe(text);
});

test.each([['', {}, 'limit 1000p']])('pfifo_head_drop %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shown('pfifo_head_drop', line, show)).toBe(text);
});

test('a limit that is cut short is refused (__fifo_init())', () => {
  expect(answer(() => kindOf('pfifo').settle(null, new Uint8Array(3), ROOT))).toEqual([Errno.EINVAL, '']);
});
