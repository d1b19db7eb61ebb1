import { expect, it } from 'vitest';
import { comparable, firstDifference } from './compare.ts';

const ended = (stdout: object, stderr = '', exit = 0) => ({ exit, stdout: JSON.stringify(stdout), stderr });

it('takes results for equal that differ in the engine and in names', () => {
  const error = { offset: 40, message: 'record of 3 bytes' };
  const file = ended(
    { engine: { name: 'compiled' }, packets: 1, errors: [{ file: '/tmp/a', ...error }], inputs: [{ name: '/tmp/a' }] },
    'cls-flow: /tmp/a:40: record of 3 bytes\n',
    1,
  );
  const pipe = ended(
    {
      engine: { name: 'plain', why: 'a pipe' },
      packets: 1,
      errors: [{ file: '-', ...error }],
      inputs: [{ name: '-' }],
    },
    'cls-flow: standard input:40: record of 3 bytes\n',
    1,
  );
  expect(firstDifference(comparable(file, '/tmp/a'), comparable(pipe, '/tmp/b'))).toBeNull();
});

it('takes records line by line', () => {
  const lines = (file: string): string => `{"packet":1}\n{"errors":[{"file":"${file}"}]}\n`;
  const of = (file: string) => comparable({ exit: 1, stdout: lines(file), stderr: '' }, file);
  expect(firstDifference(of('/tmp/a'), of('/tmp/b'))).toBeNull();
  expect(of('/tmp/a').stdout).toEqual([{ packet: 1 }, { errors: [{}] }]);
});

it.each([
  ['a count', ended({ classes: [{ packets: 1 }] }), 'stdout.classes.0.packets: 1 and 2'],
  ['a row that is not there', ended({ classes: [] }), 'stdout.classes.0: nothing and {"packets":2}'],
  ['a message', ended({ classes: [{ packets: 2 }] }, 'cut'), 'stderr: "cut" and ""'],
  ['the exit code', ended({ classes: [{ packets: 2 }] }, '', 1), 'exit: 1 and 0'],
])('finds %s that differs', (_, one, difference) => {
  const other = ended({ classes: [{ packets: 2 }] });
  expect(firstDifference(comparable(one, '/tmp/a'), comparable(other, '/tmp/a'))).toBe(difference);
});
