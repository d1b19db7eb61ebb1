import { describe, expect, test } from 'vitest';
import { UsageError } from '../errors.ts';
import { parseAddress, parsePrefix } from '../lang/index.ts';
import { parseNat } from './nat.ts';

function wordOf(text: string): number {
  try {
    parseNat(text);
  } catch (error) {
    if (error instanceof UsageError) return error.word;
    throw error;
  }
  throw new Error(`${text} was taken`);
}

describe('parseNat', () => {
  test('masquerade PREFIX to ADDR', () => {
    const source = parsePrefix('192.168.77.0/24');
    expect(parseNat('masquerade 192.168.77.0/24 to 203.0.113.2')).toEqual({
      kind: 'snat',
      family: 4,
      source,
      inside: [source],
      to: parseAddress('203.0.113.2'),
    });
  });

  test('snat PREFIX to ADDR:PORT-PORT', () => {
    expect(parseNat('snat 10.0.0.7 to 192.0.2.1:1024-2047')).toMatchObject({
      source: parsePrefix('10.0.0.7/32'),
      to: parseAddress('192.0.2.1'),
      toPorts: [1024, 2047],
    });
  });

  test('dnat ADDR:PORT to ADDR:PORT', () => {
    expect(parseNat('  dnat 203.0.113.2:8080   to 192.168.77.10:80 ')).toEqual({
      kind: 'dnat',
      family: 4,
      destination: parsePrefix('203.0.113.2/32'),
      destinationPort: 8080,
      to: parseAddress('192.168.77.10'),
      toPorts: [80, 80],
    });
  });

  test('IPv6 with ports stands in brackets', () => {
    expect(parseNat('dnat [2001:db8::1]:8080 to [fd00::2]:80')).toMatchObject({
      family: 6,
      destination: parsePrefix('2001:db8::1/128'),
      destinationPort: 8080,
      to: parseAddress('fd00::2'),
      toPorts: [80, 80],
    });
    expect(parseNat('snat fd00::/64 to [2001:db8::1]')).toMatchObject({ to: parseAddress('2001:db8::1') });
    expect(parseNat('masquerade fd00::/64 to 2001:db8::1')).toMatchObject({ family: 6 });
  });

  test.each([
    ['', 0],
    ['forward 10.0.0.0/8 to 1.2.3.4', 0],
    ['snat', 1],
    ['snat 10.0.0.0/33 to 1.2.3.4', 1],
    ['snat 10.0.0.0/8', 2],
    ['snat 10.0.0.0/8 via 1.2.3.4', 2],
    ['snat 10.0.0.0/8 to', 3],
    ['snat 10.0.0.0/8 to 1.2.3', 3],
    ['snat 10.0.0.0/8 to 1.2.3.4:9-5', 3],
    ['snat 10.0.0.0/8 to 1.2.3.4:0', 3],
    ['snat 10.0.0.0/8 to 1.2.3.4:65536', 3],
    ['snat 10.0.0.0/8 to 1.2.3.4:', 3],
    ['snat 10.0.0.0/8 to fd00::1', 3],
    ['masquerade 10.0.0.0/8 to 1.2.3.4:5', 3],
    ['masquerade 10.0.0.0/8 to 1.2.3.4 random', 4],
    ['dnat 10.0.0.0/8 to 1.2.3.4', 1],
    ['dnat 1.2.3.4:80-90 to 10.0.0.1', 1],
    ['dnat 1.2.3.4 to 10.0.0.1:80-90', 3],
  ])('%j is refused at word %i', (text, word) => {
    expect(wordOf(text)).toBe(word);
  });
});
