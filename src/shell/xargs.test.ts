import { expect, test } from 'vitest';
import { fieldOf } from './shell.ts';
import { xargsCommands } from './xargs.ts';

const run = (words: string, input: string): string[] | undefined =>
  xargsCommands(words.split(' ').map(fieldOf), input)?.map((command) => command.map(({ text }) => text).join(' '));

// Expectations: xargs of findutils 4.9.
test.each([
  ['tc', 'a b\nc\n', ['tc a b c']],
  ['-n 2 tc', 'a b c\n', ['tc a b', 'tc c']],
  ['-n2 tc', 'a b c\n', ['tc a b', 'tc c']],
  ['-I{} tc x {} y', 'a b\nc\n', ['tc x a b y', 'tc x c y']],
  ['-L 1 tc', 'a b\nc d\n', ['tc a b', 'tc c d']],
  ['-d , tc', 'a,b c', ['tc a b c']],
  ['tc', '"a b" \'c d\' e\\ f\n', ['tc a b c d e f']],
  ['-r tc', '\n', []],
  ['tc', '', ['tc']],
])('xargs %s', (words, input, commands) => {
  expect(run(words, input)).toEqual(commands);
});

test('an option that is not simulated', () => {
  expect(run('-E x tc', 'a')).toBeUndefined();
});
