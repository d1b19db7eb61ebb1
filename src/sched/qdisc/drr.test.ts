import { expect, test } from 'vitest';
import {
  answer,
  classPlace,
  fact,
  kindOf,
  payloadOf,
  refusal,
  shownClass,
  spoken,
  spokenClass,
} from '../../../test/qdiscs.ts';
import { Errno } from '../../errors.ts';

test.each([['', '']])('tc qdisc add … drr %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('drr', line))).toBe(bytes);
});

test.each([
  ['x', '1: What is "x"?'],
  ['help', '1: '],
])('tc qdisc add … drr %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spoken('drr', line))).toBe(words);
});

test.each([
  ['', '04000200'],
  ['quantum 1500', '0c00020008000100dc050000'],
  ['quantum 2k', '0c0002000800010000080000'],
  ['quantum 1 quantum 2', '1400020008000100010000000800010002000000'],
])('tc class add … drr %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spokenClass('drr', line))).toBe(bytes);
});

test.each([
  ['quantum x', '1: Illegal "quantum"'],
  ['quantum', '255: Command line is not complete. Try option "help"'],
  ['foo', '1: What is "foo"?'],
  ['help', '1: '],
])('tc class add … drr %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spokenClass('drr', line))).toBe(words);
});

test.each([
  ['', {}, 'quantum 1514b '],
  ['quantum 2k', {}, 'quantum 2Kb '],
])('drr %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shownClass('drr', line, show)).toBe(text);
});

test('a quantum of zero and a class without options are refused (drr_change_class())', () => {
  const classes = kindOf('drr').classes;
  const settle = (payload: Uint8Array | null) => classes?.settle(null, payload, classPlace('drr'));
  expect(answer(() => settle(payloadOf(spokenClass('drr', 'quantum 0'))))).toEqual([
    Errno.EINVAL,
    'Specified DRR quantum cannot be zero',
  ]);
  expect(answer(() => settle(null))).toEqual([Errno.EINVAL, 'DRR options are required for this operation']);
});

test('a change without a quantum keeps it', () => {
  const classes = kindOf('drr').classes;
  expect(classes?.settle({ quantum: 3000 }, new Uint8Array(), classPlace('drr'))).toEqual({ quantum: 3000 });
});
