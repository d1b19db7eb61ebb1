import { describe, expect, test } from 'vitest';
import { FormatError } from '../errors.ts';
import { parseAddress } from '../lang/index.ts';
import { type ListedEntry, parseListing } from './listing.ts';
import type { Tuple } from './tuple.ts';

function shown(tuple: Tuple): unknown[] {
  return [tuple.family, tuple.proto, tuple.src[0], tuple.dst[0], tuple.srcAll, tuple.dstAll];
}

function only(text: string): ListedEntry {
  const entries = parseListing(text);
  expect(entries).toHaveLength(1);
  return entries[0]!;
}

const ip = (text: string): number | undefined => parseAddress(text)?.words[0];

describe('parseListing', () => {
  test('conntrack -L: TCP behind masquerading', () => {
    const { original, reply, mark } = only(
      'tcp      6 431999 ESTABLISHED src=192.168.77.5 dst=198.51.100.7 sport=40000 dport=443 src=198.51.100.7 dst=203.0.113.2 sport=443 dport=1025 [ASSURED] mark=66 use=1',
    );
    expect(shown(original)).toEqual([4, 6, ip('192.168.77.5'), ip('198.51.100.7'), 40000, 443]);
    expect(shown(reply)).toEqual([4, 6, ip('198.51.100.7'), ip('203.0.113.2'), 443, 1025]);
    expect(mark).toBe(66);
  });

  test('/proc/net/nf_conntrack: family first, counters and zone in between', () => {
    const { original, reply } = only(
      'ipv4     2 udp      17 29 src=10.0.0.1 dst=10.0.0.2 sport=5 dport=53 packets=1 bytes=60 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=5 packets=0 bytes=0 mark=0 zone=0 use=2\n',
    );
    expect(shown(original)).toEqual([4, 17, ip('10.0.0.1'), ip('10.0.0.2'), 5, 53]);
    expect(shown(reply)).toEqual([4, 17, ip('10.0.0.2'), ip('10.0.0.1'), 53, 5]);
  });

  test('ICMP: the id, and type and code', () => {
    const { original, reply } = only(
      'icmp     1 29 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=4660 src=10.0.0.2 dst=10.0.0.1 type=0 code=0 id=4660 mark=0 use=1',
    );
    expect(shown(original).slice(4)).toEqual([4660, 0x0800]);
    expect(shown(reply).slice(4)).toEqual([4660, 0]);
  });

  test('IPv6, GRE keys, and protocols without a name', () => {
    const text = [
      'ipv6     10 icmpv6   58 29 src=fd00::1 dst=fd00::2 type=128 code=0 id=7 src=fd00::2 dst=fd00::1 type=129 code=0 id=7 mark=0 use=1',
      '',
      'gre      47 179 timeout=30, stream_timeout=180 src=10.0.0.1 dst=10.0.0.2 srckey=0x0 dstkey=0x1a2b src=10.0.0.2 dst=10.0.0.1 srckey=0x1a2b dstkey=0x0 [ASSURED] mark=0 use=1',
      'unknown  50 597 src=10.0.0.1 dst=10.0.0.2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 mark=0 use=1',
      'conntrack v1.4.7 (conntrack-tools): 3 flow entries have been shown.',
    ].join('\n');
    const [icmpv6, gre, esp, ...rest] = parseListing(text).map((entry) => entry.original);
    expect(rest).toEqual([]);
    expect([...(icmpv6?.src ?? [])]).toEqual(parseAddress('fd00::1')?.words);
    expect(icmpv6 && shown(icmpv6).slice(4)).toEqual([7, 0x8000]);
    expect(gre && shown(gre).slice(4)).toEqual([0, 0x1a2b]);
    expect(esp && shown(esp)).toEqual([4, 50, ip('10.0.0.1'), ip('10.0.0.2'), 0, 0]);
  });

  test.each([
    ['nonsense', 'a protocol number was expected'],
    ['udp 17 29 src=10.0.0.1 dst=10.0.0.2 sport=5 dport=53', 'two tuples were expected, 1 found'],
    ['udp 17 29 src=10.0.0.1 sport=5 dport=53 src=10.0.0.2 dst=10.0.0.1 sport=53 dport=5', 'a tuple is not complete'],
    [
      'udp 17 29 src=10.0.0.1 dst=10.0.0.2 sport=65536 dport=53 src=10.0.0.2 dst=10.0.0.1 sport=53 dport=5',
      'a tuple is not',
    ],
    [
      'udp 17 29 src=1.0.0.1 dst=1.0.0.2 sport=5 dport=6 src=fd00::2 dst=fd00::1 sport=6 dport=5',
      'its tuples are of two address families',
    ],
    ['unknown 50 9 src=1.0.0.1 dst=1.0.0.2 src=1.0.0.2 dst=1.0.0.1 mark=x', 'the mark is not a number'],
  ])('%j is refused with its line and offset', (line, message) => {
    const good = 'unknown 50 9 src=1.0.0.1 dst=1.0.0.2 src=1.0.0.2 dst=1.0.0.1 mark=1\n';
    try {
      parseListing(good + line);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError);
      expect((error as FormatError).message).toContain(`line 2: ${message}`);
      expect((error as FormatError).offset).toBe(good.length);
    }
  });
});
