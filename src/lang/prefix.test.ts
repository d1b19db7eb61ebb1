import { describe, expect, test } from 'vitest';
import { addressText, covers, parseAddress, parsePrefix } from './prefix.ts';

const hex = (text: string): string | undefined =>
  parseAddress(text)
    ?.words.map((word) => (word >>> 0).toString(16).padStart(8, '0'))
    .join(' ');

describe('addresses', () => {
  test('IPv4 is one big-endian word', () => {
    expect(hex('192.168.0.1')).toBe('c0a80001 00000000 00000000 00000000');
  });

  test('IPv6 in the forms of RFC 4291 §2.2', () => {
    expect(hex('2001:db8:0:0:8:800:200c:417a')).toBe('20010db8 00000000 00080800 200c417a');
    expect(hex('2001:DB8::8:800:200C:417A')).toBe('20010db8 00000000 00080800 200c417a');
    expect(hex('ff01::101')).toBe('ff010000 00000000 00000000 00000101');
    expect(hex('::1')).toBe('00000000 00000000 00000000 00000001');
    expect(hex('::')).toBe('00000000 00000000 00000000 00000000');
    expect(hex('::ffff:129.144.52.38')).toBe('00000000 00000000 0000ffff 81903426');
  });

  test.each([
    '',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4.5',
    '1:2:3',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '::12345',
    '::1.2.3',
    'a.b.c.d',
    '1:2:3:4:5:6:7::8:9',
  ])('%j is none', (text) => {
    expect(parseAddress(text)).toBeNull();
  });

  test('a prefix covers what shares its leading bits, in its own family', () => {
    const prefix = parsePrefix('192.168.77.0/25');
    const within = (text: string): boolean => {
      const address = parseAddress(text);
      return prefix !== null && address !== null && covers(prefix, address.family, address.words);
    };
    expect(['192.168.77.0', '192.168.77.127', '192.168.77.128', 'c0a8:4d00::'].map(within)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    const wide = parsePrefix('2001:db8::/33');
    expect(wide && covers(wide, 6, parseAddress('2001:db8:7fff::1')?.words ?? [])).toBe(true);
    expect(wide && covers(wide, 6, parseAddress('2001:db8:8000::1')?.words ?? [])).toBe(false);
  });

  test('a prefix of no bits covers all of its family, an address alone only itself', () => {
    const all = parsePrefix('0.0.0.0/0');
    expect(all && covers(all, 4, [-1])).toBe(true);
    expect(all && covers(all, 6, [-1, 0, 0, 0])).toBe(false);
    expect(parsePrefix('10.0.0.1')?.length).toBe(32);
    expect(parsePrefix('fd00::1')?.length).toBe(128);
  });

  test.each(['10.0.0.0/33', 'fd00::/129', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', '/8'])(
    '%j is no prefix',
    (text) => {
      expect(parsePrefix(text)).toBeNull();
    },
  );
});

describe('an address in text', () => {
  const text = (address: string): string => {
    const { family, words } = parseAddress(address) ?? { family: 0, words: [] };
    return addressText(family, words);
  };

  test('IPv4 is four numbers', () => {
    expect(['192.0.2.1', '255.0.1.254', '0.0.0.0'].map(text)).toEqual(['192.0.2.1', '255.0.1.254', '0.0.0.0']);
  });

  // RFC 5952, sections 4.1 to 4.3: no leading zeros, the longest run of zeros, the first of two, never a single one.
  test.each([
    ['2001:0db8::0001', '2001:db8::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:DB8::AAAA', '2001:db8::aaaa'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['0:0:1:0:0:0:0:0', '0:0:1::'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ])('%s is %s', (address, expected) => expect(text(address)).toBe(expected));
});

test('a prefix covers by whole words and by the bits behind them', () => {
  const within = (prefix: string, address: string): boolean => {
    const [whole, one] = [parsePrefix(prefix), parseAddress(address)];
    return whole !== null && one !== null && covers(whole, one.family, one.words);
  };
  expect(within('2001:db8::/32', '2001:db8:ffff::')).toBe(true);
  expect(within('2001:db8::/32', '2001:db9::')).toBe(false);
  expect(within('2001:db8::/32', '3001:db8::')).toBe(false);
  expect(within('2001:db8::/64', '2001:db8:0:1::')).toBe(false);
  expect(within('2001:db8::1/128', '2001:db8::1')).toBe(true);
  expect(within('2001:db8::1/128', '2001:db8::2')).toBe(false);
  expect(within('10.0.0.1/32', '10.0.0.1')).toBe(true);
  expect(within('10.0.0.1/32', '10.0.0.0')).toBe(false);
  expect(within('10.0.0.0/31', '10.0.0.1')).toBe(true);
  expect(within('128.0.0.0/1', '255.0.0.0')).toBe(true);
  expect(within('128.0.0.0/1', '127.0.0.0')).toBe(false);
  expect(within('::/0', 'ff::')).toBe(true);
});

test('the length of a prefix is one to three digits and no more than the address has', () => {
  expect(['10.0.0.0/32', '10.0.0.0/0', '10.0.0.0/08', '::/128'].map((text) => parsePrefix(text)?.length)).toEqual([
    32, 0, 8, 128,
  ]);
  expect(['10.0.0.0/0032', '10.0.0.0/x', '10.0.0.0/8x', '10.0.0.0/x8', '::/0128', '::/129'].map(parsePrefix)).toEqual(
    new Array(6).fill(null),
  );
});
