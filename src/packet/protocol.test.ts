import { describe, expect, test } from 'vitest';
import { EGRESS_INBAND, ethernet, INGRESS, INGRESS_INBAND, ipv4, packetOf, ports } from '../../test/frames.ts';
import { innerProtocol, outerProtocol } from './protocol.ts';

const UDP = ipv4('10.0.0.1', '10.0.0.2', 17, ports(1, 2));

describe('the EtherType behind all tags', () => {
  test('of an untagged frame is its own', () => {
    expect(innerProtocol(packetOf(ethernet('0800', UDP)))).toBe(0x0800);
  });

  test('of a frame whose one tag was taken out is the type behind it', () => {
    expect(innerProtocol(packetOf(ethernet('8100', `0064 86dd ${UDP}`)))).toBe(0x86dd);
  });

  test('of a frame written with its tags in place is found behind up to seven of them', () => {
    const tags = (count: number): string => `${'0001 8100'.repeat(count - 1)} 0001 0800 ${UDP}`;
    expect(innerProtocol(packetOf(ethernet('8100', tags(1)), EGRESS_INBAND))).toBe(0x0800);
    expect(innerProtocol(packetOf(ethernet('8100', tags(7)), EGRESS_INBAND))).toBe(0x0800);
    expect(innerProtocol(packetOf(ethernet('8100', tags(8)), EGRESS_INBAND))).toBe(0);
  });

  test('is found where the frame ends right behind it, and not where it is cut', () => {
    const tag = ethernet('8100', '0064 0800');
    expect(innerProtocol(packetOf(tag, EGRESS_INBAND))).toBe(0x0800);
    expect(innerProtocol(packetOf(tag.subarray(0, 17), EGRESS_INBAND))).toBe(0);
  });

  test('quirk 03: of a received frame with two tags it is read ten bytes into the data', () => {
    // Behind the inner tag stands IPv4: bytes 12 and 13 of the data are its TTL 0x40 and protocol 17.
    const double = ethernet('88a8', `00c8 8100 0064 0800 ${UDP}`);
    expect(innerProtocol(packetOf(double, INGRESS_INBAND))).toBe(0x4011);
    // Cut so that fewer than 14 bytes of data are left: nothing is there.
    expect(innerProtocol(packetOf(double.subarray(0, 18 + 13), INGRESS_INBAND))).toBe(0);
  });
});

describe("what a filter's protocol is compared with", () => {
  test('is the tag taken out, else the packet type', () => {
    expect(outerProtocol(packetOf(ethernet('88a8', `00c8 0800 ${UDP}`), INGRESS))).toBe(0x88a8);
    expect(outerProtocol(packetOf(ethernet('8100', `0000 0800 ${UDP}`), INGRESS))).toBe(0x8100);
    expect(outerProtocol(packetOf(ethernet('0800', UDP), INGRESS))).toBe(0x0800);
  });
});
