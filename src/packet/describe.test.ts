import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { parseAddress } from '../lang/index.ts';
import { describe as described, describeFrame, Input, inputNames, ipProtocol } from './index.ts';

/** RFC 1071, computed otherwise: the sum of all words with their checksum is 0 in arithmetic modulo 2^16 - 1. */
function isZero(bytes: readonly number[]): boolean {
  const even = bytes.length % 2 === 0 ? bytes : [...bytes, 0];
  const whole = BigInt(`0x${even.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`);
  return whole !== 0n && whole % 65535n === 0n;
}

const half = (value: number): number[] => [value >> 8, value & 0xff];
const be16 = (bytes: readonly number[], at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

interface Parts {
  readonly ip: number[];
  readonly payload: number[];
  readonly ends: number[];
}

/** Takes a frame apart by what it says of itself. */
function parts(frame: Uint8Array): Parts {
  const type = be16([...frame], 12);
  const rest = [...frame.subarray(14)];
  if (type === 0x86dd) {
    expect(be16(rest, 4)).toBe(rest.length - 40);
    return { ip: rest.slice(0, 40), payload: rest.slice(40), ends: rest.slice(8, 40) };
  }
  expect([type, rest[0], be16(rest, 2)]).toEqual([0x0800, 0x45, rest.length]);
  expect(isZero(rest.slice(0, 20))).toBe(true);
  return { ip: rest.slice(0, 20), payload: rest.slice(20), ends: rest.slice(12, 20) };
}

/** Whether the payload's checksum is right, with the addresses in front. */
function isSummed({ payload, ends }: Parts, protocol: number): boolean {
  return isZero([...ends, ...half(payload.length), 0, protocol, ...payload]);
}

const PAIRS = [
  ['192.0.2.1', '198.51.100.2'],
  ['2001:db8::1', '2001:db8::2'],
] as const;
const withPort = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

describe('a packet in words is a valid packet', () => {
  it.each(PAIRS)('tcp from %s: five words of header, a SYN, its checksum', (from, to) => {
    const found = parts(describeFrame(`tcp ${withPort(from, 51514)} > ${withPort(to, 443)}`));
    const { payload } = found;
    expect([be16(payload, 0), be16(payload, 2), payload[12], payload[13]]).toEqual([51514, 443, 0x50, 0x02]);
    expect(payload).toHaveLength(20);
    expect(isSummed(found, 6)).toBe(true);
  });

  it.each(PAIRS)('udp from %s: its length and its checksum', (from, to) => {
    const found = parts(describeFrame(`udp ${withPort(from, 5000)} > ${withPort(to, 53)}`));
    expect(be16(found.payload, 4)).toBe(found.payload.length);
    expect(isSummed(found, 17)).toBe(true);
  });

  it.each(PAIRS)('udplite from %s: all of it covered', (from, to) => {
    const found = parts(describeFrame(`udplite ${withPort(from, 5000)} > ${withPort(to, 53)}`));
    expect([be16(found.payload, 4), isSummed(found, 136)]).toEqual([0, true]);
  });

  it('icmp and icmp6: an echo request with an id', () => {
    const { payload } = parts(describeFrame('icmp 192.0.2.1 > 198.51.100.2'));
    expect([payload[0], payload[1], be16(payload, 4), isZero(payload)]).toEqual([8, 0, 1, true]);
    const found = parts(describeFrame('icmp6 2001:db8::1 > 2001:db8::2'));
    expect([found.payload[0], found.payload[1], isSummed(found, 58)]).toEqual([128, 0, true]);
  });

  it('esp and ah: with the SPI that is written', () => {
    expect(be16(parts(describeFrame('esp 192.0.2.1 > 198.51.100.2 spi 0x12345678')).payload, 0)).toBe(0x1234);
    const { payload } = parts(describeFrame('ah 2001:db8::1 > 2001:db8::2 spi 256'));
    // RFC 4302: length in words, less two; in IPv6 a multiple of eight bytes.
    expect([payload[0], payload[1], payload.slice(4, 8)]).toEqual([59, payload.length / 4 - 2, [0, 0, 1, 0]]);
    expect(payload.length % 8).toBe(0);
  });

  it('with any addresses and ports', () => {
    const address = fc.oneof(
      fc.ipV4(),
      fc.ipV6().filter((text) => parseAddress(text) !== null),
    );
    const port = fc.integer({ min: 0, max: 0xffff });
    const name = fc.constantFrom('tcp', 'udp', 'udplite');
    const check = (proto: string, from: string, fromPort: number, to: string, toPort: number): void => {
      fc.pre(from.includes(':') === to.includes(':'));
      const found = parts(describeFrame(`${proto} ${withPort(from, fromPort)} > ${withPort(to, toPort)}`));
      expect(isSummed(found, ipProtocol(proto) ?? 0)).toBe(true);
    };
    fc.assert(fc.property(name, address, port, address, port, check), { numRuns: 300, seed: 1 });
  });
});

describe('what words leave out', () => {
  it('an SPI: the frame ends before it, and says how to write it', () => {
    const { bytes, length, unsaid } = described('esp 192.0.2.1 > 192.0.2.2');
    expect([bytes.length, length, unsaid?.input]).toEqual([34, 54, 'spi']);
    expect(unsaid?.hint).toContain('spi 0x1234');
    // Behind next header, length and two reserved bytes.
    expect(described('ah 192.0.2.1 > 192.0.2.2').bytes).toHaveLength(38);
    expect(() => describeFrame('esp 192.0.2.1 > 192.0.2.2')).toThrow(UsageError);
    // The name that explain puts its own in the place of.
    expect(inputNames(Input.CUT)).toEqual(['captured bytes']);
  });

  it.each([
    ['esp 192.0.2.1:1 > 192.0.2.2', 1, 'an SPI, and no ports'],
    ['icmp 192.0.2.1 > 192.0.2.2:7', 3, 'no ports'],
    ['gre 192.0.2.1:1 > 192.0.2.2', 1, 'no ports'],
    ['tcp 192.0.2.1:1 > 192.0.2.2:2 spi 1', 4, 'no SPI'],
    ['esp 192.0.2.1 > 192.0.2.2 spi', 5, 'is no SPI'],
    ['esp 192.0.2.1 > 192.0.2.2 spi 0x100000000', 5, 'is no SPI'],
    ['esp 192.0.2.1 > 192.0.2.2 spi 1 2', 5, 'is no SPI'],
    ['tcp 192.0.2.1:1 > 192.0.2.2:2 syn', 4, 'expected SOURCE > DESTINATION'],
    ['tcp 192.0.2.1:1 192.0.2.2:2', 2, 'expected SOURCE > DESTINATION'],
  ])('%s: refused at word %i', (text, word, message) => {
    const error = catching(() => described(text));
    expect(error).toMatchObject({ word });
    expect(error.message).toContain(message);
  });
});

function catching(work: () => unknown): UsageError {
  try {
    work();
  } catch (error) {
    if (error instanceof UsageError) return error;
  }
  throw new Error('nothing was thrown');
}
