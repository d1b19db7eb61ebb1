import { expect, test } from 'vitest';
import { fitting } from './screen.ts';

test('a text is cut to the rows above the cursor', () => {
  expect(fitting('a\nb\nc\n', 4)).toBe('a\nb\nc\n');
  expect(fitting('a\nb\nc\n', 3)).toBe('a\nb\n');
});

test('a screen without room still gets a line', () => {
  expect(fitting('a\nb\n', 0)).toBe('a\n');
  expect(fitting('a\nb\n', 1)).toBe('a\n');
});
