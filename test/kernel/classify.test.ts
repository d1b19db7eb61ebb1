import { expect, test } from 'vitest';
import { refusals } from './classify.ts';

test('what tc refused is told by the number of its line, with the first thing said of it', () => {
  const said = [
    'RTNETLINK answers: Numerical result out of range',
    'We have an error talking to the kernel',
    'Command failed -:3',
    'Illegal "baseclass"',
    'Command failed -:12',
    '',
  ].join('\n');
  expect([...refusals(said)]).toEqual([
    [0, 'RTNETLINK answers: Numerical result out of range'],
    [9, 'Illegal "baseclass"'],
  ]);
});
