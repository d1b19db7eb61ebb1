import { expect, test } from 'vitest';
import { check } from '../index.ts';

const refused = (...lines: readonly string[]) =>
  check(lines.join('\n'))
    .findings.filter(({ refusedBy }) => refusedBy !== null)
    .map(({ line, effect }) => `${line}: ${effect}`);

const USUAL = 'so what it makes is not there, and lines that build on it fail too';

test('a line that lacks what an earlier refusal did not make follows from that line', () => {
  expect(
    refused(
      'qdisc add dev eth0 root handle 1: drr',
      'class add dev eth0 parent 1: classid 2:10 drr',
      'class add dev eth0 parent 1: classid 1:20 drr quantum 0x',
      'qdisc add dev eth0 parent 1:20 handle 20: sfq perturb 10',
      'filter add dev eth0 parent 20: protocol all prio 1 handle 1 flow hash keys mark divisor 8',
      'qdisc add dev eth0 parent 1:30 handle 30: sfq perturb 10',
    ),
  ).toEqual([
    `2: ${USUAL}; the class has the qdisc's number before its colon`,
    '3: tc refuses the command and sends nothing',
    '4: follows from line 3',
    '5: follows from line 3',
    `6: ${USUAL}`,
  ]);
});

test('a refusal on another device is no cause', () => {
  expect(
    refused(
      'qdisc add dev eth0 root handle 1: drr',
      'qdisc add dev eth1 root handle 1: drr',
      'class add dev eth1 parent 1: classid 1:20 drr quantum 0x',
      'qdisc add dev eth0 parent 1:20 handle 20: sfq perturb 10',
    ).at(-1),
  ).toBe(`4: ${USUAL}`);
});
