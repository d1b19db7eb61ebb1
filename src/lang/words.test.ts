import { expect, test } from 'vitest';
import { UsageError } from '../errors.ts';
import { matches, Words } from './words.ts';

function errorOf(run: () => unknown): UsageError {
  try {
    run();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

test('a prefix matches, the empty word and a longer one do not', () => {
  expect(matches('h', 'hash')).toBe(true);
  expect(matches('hash', 'hash')).toBe(true);
  expect(matches('', 'hash')).toBe(false);
  expect(matches('hashh', 'hash')).toBe(false);
});

test('words are taken in order and can be put back', () => {
  const words = new Words(['a', 'b']);
  expect(words.next()).toBe('a');
  words.back();
  expect(words.peek()).toBe('a');
  expect([words.next(), words.next(), words.done]).toEqual(['a', 'b', true]);
});

test('a missing word is tc’s sentence, exit 255, and points behind the last word', () => {
  const words = new Words(['keys']);
  words.next();
  expect(errorOf(() => words.next())).toMatchObject({
    message: 'Command line is not complete. Try option "help"',
    word: 1,
    exit: 255,
  });
});

test('take() accepts a prefix, takeExact() only the word', () => {
  const words = new Words(['pol', 'dev']);
  expect(words.take('police')).toBe(true);
  expect(words.takeExact('de')).toBe(false);
  expect(words.takeExact('dev')).toBe(true);
  expect(words.takeExact('')).toBe(false);
});

test('an error is about the word taken last', () => {
  const words = new Words(['prio', 'x']);
  words.next();
  words.next();
  expect(words.error('Illegal "x"')).toMatchObject({ word: 1, exit: 1 });
  expect(words.invalid('invalid priority value')).toMatchObject({
    message: 'Error: argument "x" is wrong: invalid priority value',
    exit: 255,
  });
});
