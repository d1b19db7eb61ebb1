import { describe, expect, test } from 'vitest';
import { COUNTING_KEY, envOf, ethernet, ipv4, ipv6, packetOf, ports, ZERO_KEY } from '../../test/frames.ts';
import type { EraName } from '../era.ts';
import { jhash3wordsOld, type SipKey } from '../hash/index.ts';
import { FlowKeys } from './flow-keys.ts';

function hash(bytes: Uint8Array, key: SipKey = ZERO_KEY, era: EraName = '6.1'): number {
  const env = envOf(era, key);
  return env.era.rxhash(packetOf(bytes, undefined, env), new FlowKeys(), key) >>> 0;
}

const DB8 = '20010db8000000000000000000000001';
const DB8_2 = '20010db8000000000000000000000002';
const TCP = ipv4('192.168.0.1', '8.8.8.8', 6, ports(12345, 80));
const TCP_BACK = ipv4('8.8.8.8', '192.168.0.1', 6, ports(80, 12345));

const INNER = ipv4('1.2.3.4', '5.6.7.8', 17, ports(0xabcd, 0x35));
const udp4 = (src: string, dst: string): Uint8Array => ethernet('0800', ipv4(src, dst, 17, ports(1, 2)));
const udp6 = (src: string, dst: string): Uint8Array => ethernet('86dd', ipv6(src, dst, 17, ports(1, 2)));

/** Packet, hash under the zero key, hash under the counting key; made with a reference SipHash over the kernel's structure. */
const VECTORS: readonly (readonly [string, Uint8Array, number, number])[] = [
  ['TCP', ethernet('0800', TCP), 0x2acdbe8f, 0xa1da8e52],
  ['the same TCP flow the other way', ethernet('0800', TCP_BACK), 0x2acdbe8f, 0xa1da8e52],
  ['ICMP', ethernet('0800', ipv4('10.0.0.1', '10.0.0.2', 1, '0800000012340001')), 0x57991b67, 0xf8315a71],
  [
    'UDP with equal ports',
    ethernet('0800', ipv4('10.0.0.1', '10.0.0.2', 17, ports(5353, 5353))),
    0x038cfa36,
    0x0b18459f,
  ],
  ['TCP over IPv6', ethernet('86dd', ipv6(DB8, DB8_2, 6, ports(12345, 80))), 0xd88a8b92, 0xc5eedecd],
  [
    'TCP over IPv6 with a flow label',
    ethernet('86dd', ipv6(DB8, DB8_2, 6, ports(12345, 80), '12345')),
    0x1fe8de63,
    0xc090eb4d,
  ],
  ['ARP', ethernet('0806', '0001080006040001'), 0x67608f70, 0x145ffb0f],
  [
    'UDP in GRE with a key',
    ethernet('0800', ipv4('10.0.0.1', '10.0.0.2', 47, `20000800 22334455 ${INNER}`)),
    0x5e275fe6,
    0x4df54a10,
  ],
  [
    'UDP in PPTP, whose key is the call number',
    ethernet('0800', ipv4('10.0.0.1', '10.0.0.2', 47, `2001880b 00040007 ff030021 ${INNER}`)),
    0x74f2de43,
    0xd742f992,
  ],
  ['TIPC', ethernet('88ca', '40000000 00000001 00000002 01001002'), 0xa400aee2, 0xc7bbbbd2],
  ['IPv4 addresses sorted as little-endian numbers', udp4('10.0.0.2', '9.0.0.3'), 0x0ee80c74, 0x0a50e1d2],
  ['the same the other way', udp4('9.0.0.3', '10.0.0.2'), 0x0ee80c74, 0x0a50e1d2],
  [
    'IPv6 addresses sorted as unsigned bytes',
    udp6('8000000000000000ffffffff00000001', '7fffffff000000000000000000000001'),
    0x00b3c9d1,
    0x0ffe2e8b,
  ],
  [
    'IPv6 addresses that the third word sorts',
    udp6('20010db8000000000000000200000001', '20010db8000000000000000100000009'),
    0xfd2a1b30,
    0x9d2149d2,
  ],
  [
    'the same the other way',
    udp6('20010db8000000000000000100000009', '20010db8000000000000000200000001'),
    0xfd2a1b30,
    0x9d2149d2,
  ],
  [
    'the same with its ports the other way',
    ethernet('86dd', ipv6('20010db8000000000000000100000009', '20010db8000000000000000200000001', 17, ports(2, 1))),
    0xfd2a1b30,
    0x9d2149d2,
  ],
  [
    'UDP from an IPv6 address to itself',
    udp6('20010db8000000000000000200000001', '20010db8000000000000000200000001'),
    0x5d041485,
    0x02d4de68,
  ],
  ['tagged TCP, VLAN 100 priority 5', ethernet('8100', `a064 0800 ${TCP}`), 0x04e31677, 0xbf31c5e2],
  ['the same with the DEI bit set', ethernet('8100', `b064 0800 ${TCP}`), 0x04e31677, 0xbf31c5e2],
];

describe('the flow hash of 6.1', () => {
  test.each(VECTORS)('of %s', (_, bytes, zero, counting) => {
    expect(hash(bytes, ZERO_KEY)).toBe(zero);
    expect(hash(bytes, COUNTING_KEY)).toBe(counting);
  });

  test('a flow label stands for the ports: flows that share it share the hash', () => {
    const other = ethernet('86dd', ipv6(DB8, DB8_2, 6, ports(9, 10), '12345'));
    expect(hash(other)).toBe(0x1fe8de63);
  });
});

describe('quirks of the flow hash', () => {
  test("quirk 01: of IPv4 in IPv6, the outer source's third word counts and the others do not", () => {
    const inner = ipv4('10.0.0.1', '10.0.0.2', 17, ports(1, 2));
    const tunnel = (source: string): number => hash(ethernet('86dd', ipv6(source, DB8_2, 4, inner)));
    const plain = tunnel('11111111222222223333333344444444');
    expect(tunnel('ffffffff22222222333333334444ffff')).toBe(plain);
    expect(tunnel('1111111122222222ffffffff44444444')).not.toBe(plain);
  });

  test('quirk 08: addresses and ports are sorted each for themselves', () => {
    const one = hash(ethernet('0800', ipv4('10.0.0.1', '10.0.0.2', 17, ports(1, 2))));
    const other = hash(ethernet('0800', ipv4('10.0.0.1', '10.0.0.2', 17, ports(2, 1))));
    expect(other).toBe(one);
  });
});

describe('the flow hash of the seed era', () => {
  const secret = { ...ZERO_KEY, k0lo: 0x12345678 };

  test('is jhash_3words of destination, source and ports as a little-endian machine holds them', () => {
    // 10.0.0.1:1 → 10.0.0.2:2 is in order: 0x0100000a < 0x0200000a.
    const bytes = ethernet('0800', ipv4('10.0.0.1', '10.0.0.2', 17, ports(1, 2)));
    const expected = jhash3wordsOld(0x0200000a, 0x0100000a, 0x02000100, 0x12345678) >>> 0;
    expect(hash(bytes, secret, 'seed')).toBe(expected);
  });

  test('sorts addresses and ports together, so both directions agree but swapped ports do not', () => {
    const there = hash(ethernet('0800', ipv4('10.0.0.1', '10.0.0.2', 17, ports(1, 2))), secret, 'seed');
    const back = hash(ethernet('0800', ipv4('10.0.0.2', '10.0.0.1', 17, ports(2, 1))), secret, 'seed');
    const swapped = hash(ethernet('0800', ipv4('10.0.0.1', '10.0.0.2', 17, ports(2, 1))), secret, 'seed');
    expect(back).toBe(there);
    expect(swapped).not.toBe(there);
  });

  test('between different addresses the ports do not decide', () => {
    const bytes = ethernet('0800', ipv4('10.0.0.1', '10.0.0.2', 17, ports(2, 1)));
    expect(hash(bytes, secret, 'seed')).toBe(jhash3wordsOld(0x0200000a, 0x0100000a, 0x01000200, 0x12345678) >>> 0);
  });

  test('between equal addresses the ports decide, as a little-endian machine has them', () => {
    // Ports 1 and 0x0200 are 0x0100 and 0x0002 there: the second is smaller.
    const bytes = ethernet('0800', ipv4('10.0.0.1', '10.0.0.1', 17, ports(1, 0x200)));
    const expected = jhash3wordsOld(0x0100000a, 0x0100000a, 0x01000002, 0x12345678) >>> 0;
    expect(hash(bytes, secret, 'seed')).toBe(expected);
    const back = ethernet('0800', ipv4('10.0.0.1', '10.0.0.1', 17, ports(0x200, 1)));
    expect(hash(back, secret, 'seed')).toBe(expected);
  });

  test('addresses are compared unsigned', () => {
    // 10.0.0.200 is 0xc800000a, above 0x0100000a: it stays the destination.
    const bytes = ethernet('0800', ipv4('10.0.0.1', '10.0.0.200', 17, ports(1, 2)));
    const expected = jhash3wordsOld(0xc800000a, 0x0100000a, 0x02000100, 0x12345678) >>> 0;
    expect(hash(bytes, secret, 'seed')).toBe(expected);
    const back = ethernet('0800', ipv4('10.0.0.200', '10.0.0.1', 17, ports(2, 1)));
    expect(hash(back, secret, 'seed')).toBe(expected);
  });

  test('is 0 where dissection failed', () => {
    expect(hash(ethernet('0806', '0001080006040001'), secret, 'seed')).toBe(0);
  });
});
