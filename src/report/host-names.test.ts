import { describe, expect, test } from 'vitest';
import { UsageError } from '../errors.ts';
import { parseAddress } from '../lang/index.ts';
import { HostNames } from './host-names.ts';

const named = (lines: readonly string[], address: string): string | undefined => {
  const { family, words } = parseAddress(address) ?? { family: 4, words: [] };
  return new HostNames(lines).of(family, words);
};

describe('names of hosts', () => {
  test('are those of the longest prefix that covers the address', () => {
    const lines = [
      '# the house',
      '',
      '0.0.0.0/0 world',
      '192.168.1.0/24 house',
      '  192.168.1.7\tprinter of Äiti ',
      '2001:db8::/32 v6',
    ];
    expect(
      ['192.168.1.7', '192.168.1.8', '10.0.0.1', '2001:db8:5::1', '2001:db9::1'].map((one) => named(lines, one)),
    ).toEqual(['printer of Äiti', 'house', 'world', 'v6', undefined]);
  });

  test('of two lines about one prefix the later counts, whatever stands behind the prefix', () => {
    expect(named(['10.1.2.3/8 first', '10.0.0.0/8 second'], '10.9.9.9')).toBe('second');
  });

  test.each([['10.0.0.1'], ['10.0.0.300 x'], ['10.0.0.0/33 x'], ['x y']])('%j is an error with its line', (line) => {
    const read = (): unknown => new HostNames(['# names', line]);
    expect(read).toThrow(UsageError);
    expect(read).toThrow(expect.objectContaining({ word: 1 }));
  });
});
