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

  test('is 0 where dissection failed', () => {
    expect(hash(ethernet('0806', '0001080006040001'), secret, 'seed')).toBe(0);
  });
});
