import { expect, test } from 'vitest';
import { check } from '../index.ts';

/** Classes 1:101 to 1:120, of which some have no qdisc below them. */
function messages(bare: readonly number[]): string[] {
  const numbers = Array.from({ length: 32 }, (_, i) => 0x101 + i);
  const hex = (number: number): string => number.toString(16);
  const lines = [
    'qdisc add dev eth0 root handle 1: htb default 101',
    ...numbers.map((number) => `class add dev eth0 parent 1: classid 1:${hex(number)} htb rate 1mbit`),
    ...numbers
      .filter((number) => !bare.includes(number))
      .map((number) => `qdisc add dev eth0 parent 1:${hex(number)} sfq perturb 10`),
    'filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys dst divisor 32 baseclass 1:101',
  ];
  return check(lines.join('\n'))
    .findings.filter(({ code }) => code === 'FT035')
    .map(({ message }) => message);
}

test('FT035 names the siblings on either side, or the two that are next', () => {
  expect(messages([0x101, 0x110, 0x111, 0x120])).toEqual([
    '1:101 has no qdisc below it, as 1:102 and 1:103 have',
    '1:110 has no qdisc below it, as 1:10f and 1:112 have',
    '1:111 has no qdisc below it, as 1:10f and 1:112 have',
    '1:120 has no qdisc below it, as 1:11e and 1:11f have',
  ]);
});
