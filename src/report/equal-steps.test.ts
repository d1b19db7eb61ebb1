import { expect, test } from 'vitest';
import { EqualSteps } from './equal-steps.ts';

test('steps begin at multiples of their width, before 1970 too, and those without packets are 0', () => {
  const steps = new EqualSteps<string>(500);
  steps.add('a', 10, 499_999_999, 1);
  steps.add('b', 10, 500_000_000, 2);
  steps.add('a', 11, 0, 4);
  steps.add('a', 11, 1, 8);
  expect([steps.began, steps.length, steps.cells, steps.size]).toEqual([10, 3, 3, 6]);
  expect([...steps.rows()]).toEqual([
    ['a', { packets: [1, 0, 2], bytes: [1, 0, 12] }],
    ['b', { packets: [0, 1, 0], bytes: [0, 2, 0] }],
  ]);
  steps.add('a', -1, 500_000_000, 1);
  expect(steps.began).toBe(-0.5);
});

test('of nothing there are none', () => {
  const steps = new EqualSteps<string>(1);
  expect([steps.began, steps.length, [...steps.rows()]]).toEqual([null, 0, []]);
});
