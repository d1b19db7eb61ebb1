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
  expect([words.at, words.done]).toEqual([2, true]);
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

test('nothing is put back before the first word, and nothing taken behind the last', () => {
  const words = new Words(['a']);
  words.back();
  expect([words.at, words.peek(), words.done]).toEqual([0, 'a', false]);
  words.next();
  expect([words.peek(), words.done, words.take('a'), words.takeExact('')]).toEqual(['', true, false, false]);
  expect(words.at).toBe(1);
  expect(errorOf(() => words.need())).toMatchObject({ word: 1, exit: 255 });
});

test('a word that follows is not taken by need()', () => {
  const words = new Words(['a', 'b'], 1);
  words.need();
  expect([words.at, words.next(), words.done]).toEqual([1, 'b', true]);
});

test('the rest is one text, as typed', () => {
  const words = new Words(['a', 'b', 'c d'], 1);
  expect(words.takeRest()).toBe('b c d');
  expect([words.done, words.takeRest()]).toEqual([true, '']);
});

test('what is left out is noted with its word', () => {
  const words = new Words(['rate', 'cell']);
  words.next();
  words.next();
  words.leaveOut('the cell');
  expect(words.notModelled).toEqual([{ word: 1, why: 'the cell is not modelled here' }]);
});

test('duparg() and missarg() are about the word taken last, and end with 255', () => {
  const words = new Words(['rate', '1', 'rate', '2']);
  for (let i = 0; i < 4; i++) words.next();
  expect(words.duplicate('rate', '2')).toMatchObject({
    message: 'Error: duplicate "rate": "2" is the second value.',
    word: 3,
    exit: 255,
  });
  expect(words.missing('burst')).toMatchObject({ message: 'Error: argument "burst" is required', word: 3, exit: 255 });
});

test('an error before any word is taken is about the first; a hint and an exit code may be given', () => {
  const words = new Words(['x']);
  expect(words.error('a')).toMatchObject({ message: 'a', word: 0, hint: '', exit: 1 });
  expect(words.error('a', 'try b', 255)).toMatchObject({ hint: 'try b', exit: 255 });
  for (const error of [words.duplicate('a', 'b'), words.missing('a'), words.invalid('c')]) expect(error.word).toBe(0);
  expect(new Words([]).invalid('c').message).toBe('Error: argument "" is wrong: c');
});
