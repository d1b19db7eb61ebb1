import { expect, test } from 'vitest';
import {
  bytes,
  checked,
  checkPart,
  checkSpan,
  listOf,
  members,
  numbers,
  optional,
  type Rule,
  text,
  whole,
} from './argument.ts';
import { ArgumentError } from './errors.ts';

const messageOf = (check: Rule, value: unknown): string | null => {
  try {
    check(value, 'field');
    return null;
  } catch (error) {
    return error instanceof ArgumentError ? error.message : String(error);
  }
};

const DEEP = members({ list: listOf(members({ name: text })), size: optional(whole(0, 9)) });

test.each<[rule: Rule, value: unknown, message: string | null]>([
  [whole(0, 9), 9, null],
  [whole(0, 9), 10, 'field: expected a whole number from 0 to 9, not 10'],
  [whole(0, 9), Number.NaN, 'field: expected a whole number from 0 to 9, not NaN'],
  [whole(0, 9), '1', 'field: expected a whole number from 0 to 9, not a text of 1 characters'],
  [bytes, new Uint8Array(0), null],
  [bytes, Buffer.from('x'), null],
  [bytes, [1], 'field: expected bytes (a Uint8Array), not a list'],
  [numbers, new BigInt64Array(1), 'field: expected numbers, not a value of type object'],
  [numbers, [1, 2 ** 40], 'field[1]: expected a whole number from -2147483648 to 4294967295, not 1099511627776'],
  [DEEP, { list: [{ name: 'a' }] }, null],
  [DEEP, { list: [{ name: 'a' }, { name: 1 }] }, 'field.list[1].name: expected a text, not 1'],
  [DEEP, { list: [], size: -1 }, 'field.size: expected a whole number from 0 to 9, not -1'],
  [DEEP, null, 'field: expected an object, not null'],
])('%# a rule says what it expected', (rule, value, message) => {
  expect(messageOf(rule, value)).toBe(message);
});

test('memory that was given away is no bytes', () => {
  const gone = new Uint8Array(8);
  structuredClone(gone, { transfer: [gone.buffer] });
  expect([messageOf(bytes, gone), messageOf(numbers, gone)]).toEqual(Array(2).fill('field: its buffer is detached'));
});

test('a part lies in what it is a part of', () => {
  expect(() => checkPart(4, 1, 4)).not.toThrow();
  expect(() => checkPart(4, 3, 2)).toThrow('end: expected a whole number from 3 to 4');
  expect(() => checkSpan({ data: new Uint8Array(4), at: 0, end: 5 }, 'frame')).toThrow('frame.end');
});

test('a checked function is the same behind its rules', () => {
  const sum = checked((a: number, b = 1) => a + b, { a: whole(0, 9), b: optional(whole(0, 9)) });
  expect([sum(1), sum(1, 2)]).toEqual([2, 3]);
  expect(() => sum(1, 10)).toThrow('b: expected');
});
