import { expect, test } from 'vitest';
import { answer, fact, kindOf, payloadOf, refusal, settled, shown, spoken, spokenClass } from '../../../test/qdiscs.ts';
import { Errno } from '../../errors.ts';

test.each([
  ['bands 3', '0c0002800500010003000000'],
  ['strict 3', '1400028005000100030000000500020003000000'],
  ['quanta 1000 2000', '2000028005000100020000001400038008000400e803000008000400d0070000'],
  [
    'strict 2 quanta 1000 2000 3000',
    '30000280050001000500000005000200020000001c00038008000400e803000008000400d007000008000400b80b0000',
  ],
  [
    'bands 8 strict 2 quanta 5 priomap 0 1 2 3 4 5 6 7',
    '64000280050001000800000005000200020000000c00038008000400050000004400058005000600000000000500060001000000050006000200000005000600030000000500060004000000050006000500000005000600060000000500060007000000',
  ],
  ['quanta 1 bands 4', '1800028005000100040000000c0003800800040001000000'],
])('tc qdisc add … ets %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('ets', line))).toBe(bytes);
});

test.each([
  ['', '1: One of "bands", "quanta" or "strict" needs to be specified'],
  ['bands 17', '1: The number of "bands" must be <= 16'],
  ['bands x', '1: Illegal "bands"'],
  ['strict 17', '1: The number of "strict" must be <= 16'],
  ['bands 2 bands 3', '1: Duplicate "bands"'],
  ['quanta 1 quanta 2', '1: Duplicate "quanta"'],
  ['priomap 1', '1: One of "bands", "quanta" or "strict" needs to be specified'],
  ['bands 3 priomap 3', '1: "priomap" element is out of bounds'],
  ['bands 3 priomap x', '1: Illegal "priomap" element'],
  ['bands 2 strict 3', '1: Not enough total bands to cover all the strict bands and quanta'],
  ['quanta 0', '1: "quanta" must be > 0'],
  ['quanta x', '1: Illegal "quanta" element'],
  ['bands 3 priomap 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0', '1: "priomap" index cannot be higher than 15'],
  ['bands 3 foo', '1: What is "foo"?'],
  ['quanta 1 bands 4 5', '1: What is "5"?'],
  ['help', '1: '],
])('tc qdisc add … ets %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spoken('ets', line))).toBe(words);
});

test.each([
  ['', '04000280'],
  ['quantum 1000', '0c00028008000400e8030000'],
])('tc class add … ets %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spokenClass('ets', line))).toBe(bytes);
});

test.each([
  ['quantum 0', '1: "quanta" must be > 0'],
  ['quantum x', '1: Illegal "quanta" element'],
  ['quantum 1 quantum 2', '1: Duplicate "quantum"'],
  ['foo', '1: What is "foo"?'],
])('tc class add … ets %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spokenClass('ets', line))).toBe(words);
});

test.each([
  ['bands 3', {}, 'bands 3 quanta 1514 1514 1514 priomap 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 '],
  [
    'strict 2 quanta 1000 2000 3000 priomap 0 1 2',
    {},
    'bands 5 strict 2 quanta 1000 2000 3000 priomap 0 1 2 4 4 4 4 4 4 4 4 4 4 4 4 4 ',
  ],
])('ets %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shown('ets', line, show)).toBe(text);
});

test('only a band that shares has a quantum to change (ets_class_change())', () => {
  const change = kindOf('ets').bands?.change;
  const ets = settled('ets', 'strict 1 quanta 10 20');
  const settle = (band: number) => change?.settle(ets, band, payloadOf(spokenClass('ets', 'quantum 30')));
  expect(settle(3)).toMatchObject({ quanta: [0, 10, 30] });
  expect(answer(() => settle(1))).toEqual([Errno.EINVAL, 'Strict bands do not have a configurable quantum']);
  expect(answer(() => settle(0))).toEqual([
    Errno.EOPNOTSUPP,
    'Fine-grained class addition and removal is not supported',
  ]);
});

test('bands that nobody named share by the largest packet, and take all priorities', () => {
  expect(settled('ets', 'bands 4 strict 1 quanta 100')).toMatchObject({
    quanta: [0, 100, 1514, 1514],
    priomap: Array.from({ length: 16 }, () => 3),
  });
});
