import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { parseExpectation } from './expect.ts';

const HTTP = { family: 4, words: [0x0a000001, 0, 0, 0] };

function refused(line: string, tree = true): UsageError {
  try {
    parseExpectation(line, tree);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error(`understood: ${line}`);
}

describe('an expectation', () => {
  it.each(['', '   ', '# a comment', '  # 10.0.0.1 -> 1:5 shaped', '\r'])('is not in the line %j', (line) => {
    expect(parseExpectation(line, true)).toBeNull();
  });

  it('names a protocol, both ends with their ports, and the end', () => {
    expect(parseExpectation('tcp 10.0.0.1:80 -> [2001:db8::1]:65535 dropped # why', true)).toEqual({
      protocol: 6,
      source: { address: HTTP, port: 80 },
      destination: { address: { family: 6, words: [0x20010db8, 0, 0, 1] }, port: 65535 },
      classid: null,
      end: 'dropped',
    });
  });

  it('names a class as tc does, in hex, and need not name the end', () => {
    const found = { protocol: null, source: { address: HTTP, port: null }, destination: null, classid: 0x1002a };
    expect(parseExpectation('10.0.0.1 -> 1:2a', true)).toEqual({ ...found, end: null });
    expect(parseExpectation('10.0.0.1 -> 1:2a shaped', true)).toEqual({ ...found, end: 'shaped' });
    expect(parseExpectation('10.0.0.1 -> 1:2a', false)).toEqual({ ...found, end: null });
  });

  it('takes an IPv6 address for what it is, though class ids have colons too', () => {
    expect(parseExpectation('::1 -> ::2 passed', true)).toMatchObject({
      source: { address: { family: 6, words: [0, 0, 0, 1] }, port: null },
      destination: { address: { family: 6, words: [0, 0, 0, 2] }, port: null },
    });
  });

  it.each([
    ['10.0.0.1 1:5 shaped', -1],
    ['-> 1:5 shaped', 0],
    ['nonsense 10.0.0.1 -> 1:5 shaped', 0],
    ['tcp from 10.0.0.1 -> 1:5 shaped', 2],
    ['10.0.0.256 -> 1:5 shaped', 0],
    ['10.0.0.1:65536 -> 1:5 shaped', 0],
    ['tcp 10.0.0 -> 1:5 shaped', 1],
    ['10.0.0.1 ->', 2],
    ['10.0.0.1 -> 10 shaped', 2],
    ['10.0.0.1 -> 1:10000 shaped', 2],
    ['10.0.0.1 -> 10.0.0.2', 3],
    ['10.0.0.1 -> 1:5 toString', 3],
    ['10.0.0.1 -> 1:5 shaped twice', 4],
  ])('is not understood in "%s", because of word %i', (line, word) => {
    expect(refused(line).word).toBe(word);
  });

  it.each([
    ['10.0.0.1 -> 1:5 shaped', 3],
    ['10.0.0.1 -> 10.0.0.2', 3],
  ])('of where packets end needs a tree: "%s"', (line, word) => {
    const { word: at, hint } = refused(line, false);
    expect([at, hint]).toEqual([word, expect.stringContaining('--script')]);
  });
});
