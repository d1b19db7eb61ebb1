import { expect, test } from 'vitest';
import { expr } from './expr.ts';
import { answerOf } from './tool.ts';

const run = (...args: string[]) => answerOf(expr, { name: 'expr', args, stdin: '', read: () => undefined });

/** Words, what expr of coreutils 9.1 prints, and its exit code. */
test.each([
  ['1 + 2 * 3', '7', 0],
  ['( 1 + 2 ) * 3', '9', 0],
  ['-7 / 2', '-3', 0],
  ['-7 % 3', '-1', 0],
  ['10 - 2 - 3', '5', 0],
  ['2 + -2', '0', 1],
  ['10 < 9', '0', 1],
  ['a < b', '1', 0],
  ['1 = 01', '1', 0],
  ['99999999999999999999 + 1', '100000000000000000000', 0],
  ['1 | 1 / 0', '1', 0],
  ['0 & 1 / 0', '0', 1],
  ['0 | 00', '0', 1],
  ['eth0 : eth\\([0-9]*\\)', '0', 1],
  ['100mbit : \\([0-9]*\\)', '100', 0],
  ['x100 : \\([0-9]*\\)', '', 1],
  ['/a/b/c : .*/\\(.*\\)', 'c', 0],
  ['abc : b', '0', 1],
  ['abc : ab*', '2', 0],
  ['length hello', '5', 0],
  ['substr hello 2 3', 'ell', 0],
  ['index hello lo', '3', 0],
  ['match abc a.', '2', 0],
  ['+ length', 'length', 0],
])('expr %s', (words, text, exit) => {
  expect(run(...words.split(' '))).toEqual({ stdout: `${text}\n`, stderr: '', exit });
});

test.each([
  ['1 / 0', 'division by zero'],
  ['a + 1', 'non-integer argument'],
  ['1 +', 'syntax error: missing argument after ‘+’'],
  ['1 2', 'syntax error: unexpected argument ‘2’'],
  ['( 1', "syntax error: expecting ')' after ‘1’"],
])('expr %s fails', (words, message) => {
  expect(run(...words.split(' '))).toEqual({ stdout: '', stderr: `expr: ${message}\n`, exit: 2 });
});

test('a pattern that refers back is not simulated', () => {
  expect(run('aa', ':', '\\(a\\)\\1')).toHaveProperty('unsupported');
});
