import { describe, expect, test } from 'vitest';
import { ipProtocol, ipProtocolName } from './headers.ts';

/** IANA's protocol numbers. */
const NUMBERS: Readonly<Record<string, number>> = {
  'hop-by-hop': 0,
  icmp: 1,
  igmp: 2,
  ipip: 4,
  tcp: 6,
  udp: 17,
  dccp: 33,
  ipv6: 41,
  routing: 43,
  fragment: 44,
  gre: 47,
  esp: 50,
  ah: 51,
  icmp6: 58,
  'no-next-header': 59,
  'destination-options': 60,
  sctp: 132,
  udplite: 136,
  mpls: 137,
};

describe('a protocol of IP', () => {
  test.each(Object.entries(NUMBERS))('%s is %i', (name, number) => {
    expect(ipProtocolName(number)).toBe(name);
    expect(ipProtocol(name)).toBe(number);
    expect(ipProtocol(name.toUpperCase())).toBe(number);
  });

  test('without a name is its number', () => {
    expect([ipProtocolName(89), ipProtocolName(255)]).toEqual(['89', '255']);
    expect(['89', '255', '0', '007'].map(ipProtocol)).toEqual([89, 255, 0, 7]);
  });

  test.each(['256', '0006', 'x6', '6x', '-1', '', 'tcp '])('is not %j', (word) => expect(ipProtocol(word)).toBeNull());
});
