import { expect, test } from 'vitest';
import { seq } from './seq.ts';
import { answerOf } from './tool.ts';

const run = (...args: string[]) => answerOf(seq, { name: 'seq', args, stdin: '', read: () => undefined });

/** Arguments, and what seq of coreutils 9.1 prints. */
test.each([
  [['3'], '1\n2\n3\n'],
  [['5', '-2', '1'], '5\n3\n1\n'],
  [['5', '1'], ''],
  [['-w', '8', '11'], '08\n09\n10\n11\n'],
  [['-w', '-5', '5', '5'], '-5\n00\n05\n'],
  [['-s', ' ', '3'], '1 2 3\n'],
  [['-s,', '2'], '1,2\n'],
  [['1', '0.5', '2'], '1.0\n1.5\n2.0\n'],
  [['0.1', '0.1', '0.3'], '0.1\n0.2\n0.3\n'],
  [['1', '2.9'], '1\n2\n'],
  [['-f', 'eth%g', '0', '1'], 'eth0\neth1\n'],
  [['-f', '%03g', '2'], '001\n002\n'],
])('seq %j', (args, stdout) => {
  expect(run(...args)).toEqual({ stdout, stderr: '', exit: 0 });
});

test('what is no number is refused as seq refuses it', () => {
  expect(run('a')).toMatchObject({ exit: 1, stderr: expect.stringContaining('invalid floating point argument: ‘a’') });
});

test.each([[['1', '100000000000000']], [['1e3']], [['-f', '%d', '3']]])('seq %j is not simulated', (args) => {
  expect(run(...args)).toHaveProperty('unsupported');
});
