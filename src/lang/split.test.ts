import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UsageError } from '../errors.ts';
import { batchLines, shellQuoted, shellWords } from './split.ts';

test.each([
  ['flow hash  keys src,dst\tdivisor 16 ', ['flow', 'hash', 'keys', 'src,dst', 'divisor', '16']],
  [`match 'cmp(u8 at 0 eq 1)' x`, ['match', 'cmp(u8 at 0 eq 1)', 'x']],
  [`a"b c"'d e'f`, ['ab cd ef']],
  [`"\\"q\\" \\x \\$"`, ['"q" \\x $']],
  [`a\\ b \\\\`, ['a b', '\\']],
  [`'' ""`, ['', '']],
  ['a \\\n b\\\nc', ['a', 'bc']],
  ['', []],
  [' \t\r\n', []],
  ['a\nb\rc\td', ['a', 'b', 'c', 'd']],
  [`a"b"\tc`, ['ab', 'c']],
  [`"a\\\nb"`, ['ab']],
  ['"\\`\\\\"', ['`\\']],
  [`'it'\\''s'`, ["it's"]],
  ['a\\', ['a\\']],
  ['\u0001', ['\u0001']],
])('a shell reads %j as %j', (line, words) => {
  expect(shellWords(line)).toEqual(words);
});

test('an open quote is an error about its word', () => {
  expect(() => shellWords(`a 'b`)).toThrow(new UsageError('Unterminated quoted string', 1));
  expect(() => shellWords(`a "b`)).toThrow(new UsageError('Unterminated quoted string', 1));
});

test('words in single quotes come back', () => {
  const word = fc.string().map((text) => text.replaceAll("'", ''));
  fc.assert(
    fc.property(fc.array(word), (words) => {
      expect(shellWords(words.map((text) => `'${text}'`).join(' '))).toEqual(words);
    }),
  );
});

function batch(text: string) {
  return [...batchLines(text)].map(({ line, words }) => [line, ...words]);
}

test('a batch file has comments, blank lines, continuation and line numbers of its last lines', () => {
  expect(batch('# all\nqdisc add # here\n\nfilter \\\n add\nshow')).toEqual([
    [2, 'qdisc', 'add'],
    [5, 'filter', 'add'],
    [6, 'show'],
  ]);
});

test('a batch quote counts at a word’s beginning only and knows no escapes', () => {
  expect(batch(`a "b c"d 'e "f' g'h i`)).toEqual([[1, 'a', 'b c', 'd', 'e "f', "g'h", 'i']]);
  expect(batch(`a "x\\" b`)).toEqual([[1, 'a', 'x\\', 'b']]);
});

// Tried on tc 6.1.0 with -batch: what stands behind # is gone before anybody looks for quotes or continuations.
test('a # wins over quotes and over a backslash at the end', () => {
  expect(batch('a # c \\\nb')).toEqual([
    [1, 'a'],
    [2, 'b'],
  ]);
  expect(batch('# c \\\nb')).toEqual([[2, 'b']]);
  expect(() => batch(`a 'b # c'`)).toThrow('Unterminated quoted string');
  expect(batch('aa \\#c\nbb\n')).toEqual([
    [1, 'aa', '\\'],
    [2, 'bb'],
  ]);
});

test('a backslash joins only before a newline, and needs a line to join', () => {
  expect(batch('ii \\')).toEqual([[1, 'ii', '\\']]);
  expect(() => batch('a\nfilter \\\n')).toThrow(
    expect.objectContaining({ message: 'Missing continuation line', word: -1, hint: '', exit: 0 }),
  );
});

test('511 words fit, 512 end the run', () => {
  expect(batch('x '.repeat(511))[0]).toHaveLength(512);
  expect(() => batch('x '.repeat(512))).toThrow('Too many arguments to command');
});

const anyText = fc.string({ unit: fc.constantFrom('a', ' ', '"', "'", '\\', '\n', '#', '\t') });

test('no text makes an untyped error', () => {
  fc.assert(
    fc.property(anyText, (line) => {
      for (const read of [shellWords, batch]) {
        try {
          read(line);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }
    }),
  );
});

test('words that are quoted and cut again are the same words', () => {
  fc.assert(
    fc.property(fc.array(anyText), (words) => {
      expect(shellWords(words.map(shellQuoted).join(' '))).toEqual(words);
    }),
  );
});

test('a word is quoted where a shell would take it for more', () => {
  const words = ['abc', 'a=b', '1:10', '10.0.0.0/8', 'x y', "it's", '', '$a', 'a;b', 'a\n'];
  expect(words.map(shellQuoted)).toEqual([
    ...['abc', 'a=b', '1:10', '10.0.0.0/8', "'x y'", "'it'\\''s'", "''", "'$a'", "'a;b'", "'a\n'"],
  ]);
});

test('of a batch, each quote opens where a word begins, and an open one is an error about its word', () => {
  expect(() => batch('a b "c d')).toThrow(new UsageError('Unterminated quoted string', 2));
  expect(batch("'a' \"b\" '' x")).toEqual([[1, 'a', 'b', '', 'x']]);
  expect(batch('a\tb\rc\n\n  \n#x\nd')).toEqual([
    [1, 'a', 'b', 'c'],
    [5, 'd'],
  ]);
  expect(batch('')).toEqual([]);
  expect(batch('\\')).toEqual([[1, '\\']]);
  expect(batch('a \\\nb \\\nc\nd')).toEqual([
    [3, 'a', 'b', 'c'],
    [4, 'd'],
  ]);
});
