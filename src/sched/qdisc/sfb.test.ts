import { expect, test } from 'vitest';
import { fact, kindOf, ROOT, refusal, shown, spoken } from '../../../test/qdiscs.ts';

test.each([
  ['', '2c00020028000100c027090060ea000019000000140000002100000003000000000000000a00000014000000'],
  ['rehash 1000 db 500', '2c00020028000100e8030000f401000019000000140000002100000003000000000000000a00000014000000'],
  ['limit 100 max 30', '2c00020028000100c027090060ea00001e000000180000002100000003000000640000000a00000014000000'],
  ['target 20', '2c00020028000100c027090060ea000019000000140000002100000003000000000000000a00000014000000'],
  [
    'increment 0.001 decrement 0.0005',
    '2c00020028000100c027090060ea000019000000140000004200000021000000000000000a00000014000000',
  ],
  [
    'penalty_rate 20 penalty_burst 30',
    '2c00020028000100c027090060ea00001900000014000000210000000300000000000000140000001e000000',
  ],
  ['increment 0.5x', '2c00020028000100c027090060ea000019000000140000000080000003000000000000000a00000014000000'],
])('tc qdisc add … sfb %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('sfb', line))).toBe(bytes);
});

test.each([
  ['increment 2', '1: Illegal "increment"'],
  ['rehash x', '1: Illegal "rehash"'],
  ['foo', '1: What is "foo"?'],
  ['help', '1: What is "help"?'],
])('tc qdisc add … sfb %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spoken('sfb', line))).toBe(words);
});

test.each([
  [
    '',
    {},
    'rehash 600s db 60s limit 1000p max 25p target 20p increment 0.000503548 decrement 4.57771e-05 penalty_rate 10pps penalty_burst 20p ',
  ],
  [
    'max 30 target 15 limit 500 rehash 10',
    {},
    'rehash 12ms db 60s limit 500p max 30p target 15p increment 0.000503548 decrement 4.57771e-05 penalty_rate 10pps penalty_burst 20p ',
  ],
])('sfb %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shown('sfb', line, show)).toBe(text);
});

test('the kernel’s own defaults are others than tc’s (sfb_default_ops)', () => {
  expect(kindOf('sfb').settle(null, null, ROOT)).toMatchObject({
    max: 25,
    binSize: 20,
    increment: 66,
    decrement: 11,
    limit: 1000,
  });
});
