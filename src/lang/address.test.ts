import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ipv6Bytes, ipv6LastWord, tcIpv4 } from './address.ts';

test.each([
  ['1.2.3.4', 0x01020304],
  ['1.2', 0x01020000],
  ['10', 0x0a000000],
  ['0x7f.0.0.010', 0x7f000008],
  ['255.255.255.255', 0xffffffff],
])('tc reads %s as %d', (text, address) => expect(tcIpv4(text)).toBe(address));

test.each(['', '256', '1.2.3.256', '1.2.3.4.', ' 1 .2', '1.2.3.4x', '1.2.3.4.5', '1..2', '1.2.', 'a.b', '-1'])(
  'tc refuses %j',
  (text) => expect(tcIpv4(text)).toBeUndefined(),
);

// RFC 4291 section 2.2, the same address in its forms.
test.each([
  ['2001:DB8:0:0:8:800:200C:417A', '20010db80000000000080800200c417a'],
  ['2001:DB8::8:800:200C:417A', '20010db80000000000080800200c417a'],
  ['::', '00000000000000000000000000000000'],
  ['::1', '00000000000000000000000000000001'],
  ['FF01::101', 'ff010000000000000000000000000101'],
  ['::FFFF:129.144.52.38', '00000000000000000000ffff81903426'],
  ['fe80::', 'fe800000000000000000000000000000'],
  ['1:2:3:4:5:6:13.1.68.3', '0001000200030004000500060d014403'],
  ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
  ['::2:3:4:5:6:7:8', '00000002000300040005000600070008'],
  ['ABCD:EF01:2345:6789:abcd:ef01:255.255.255.255', 'abcdef0123456789abcdef01ffffffff'],
])('%s has the bytes %s', (text, hex) => {
  expect(Buffer.from(ipv6Bytes(text) ?? []).toString('hex')).toBe(hex);
});

test.each([
  '',
  ':',
  ':::',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1::2::3',
  '12345::',
  '1:2:3:4:5:6:7::8',
  '::1.2.3',
  '::1.2.3.04',
  '::256.1.1.1',
  '1.2.3.4::',
  '02:00:00:00:00:01',
  'g::',
  '1:2:3:4:5:6:7:1.2.3.4',
  '::1.2.3.4:5',
  '::1.2.3.4.5',
  '::1234.1.1.1',
  '::x1:1',
  '::1x',
  `${'0'.repeat(41)}::1`,
])('%j is no address', (text) => expect(ipv6Bytes(text)).toBeUndefined());

test('every address is read back from its long form', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const hex = Buffer.from(bytes).toString('hex');
      expect(ipv6Bytes((hex.match(/..../g) ?? []).join(':'))).toEqual(bytes);
      expect(ipv6LastWord((hex.match(/..../g) ?? []).join(':'))).toBe(Number.parseInt(hex.slice(24), 16));
    }),
  );
});
