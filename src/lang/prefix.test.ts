import { describe, expect, test } from 'vitest';
import { covers, parseAddress, parsePrefix } from './prefix.ts';

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
