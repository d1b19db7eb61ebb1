import { describe, expect, test } from 'vitest';
import { wholeFrame } from '../capture/index.ts';
import { parseAddress } from '../lang/index.ts';
import { describeFrame, enter, IPPROTO, Packet } from '../packet/index.ts';
import { Rewriter } from './rewrite.ts';
import { Tuple } from './tuple.ts';

const ETHERNET = 14;

/** RFC 1071: the sum of a whole header with its checksum is all ones. */
function sumOf(bytes: Uint8Array, start = 0): number {
  let sum = start;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

/** Whether the checksums of an IPv4 or IPv6 packet and its transport header are right, computed over all bytes. */
function isValid(ip: Uint8Array): boolean {
  const isV4 = (ip[0] ?? 0) >>> 4 === 4;
  const [head, addresses, proto] = isV4 ? [20, ip.subarray(12, 20), ip[9] ?? 0] : [40, ip.subarray(8, 40), ip[6] ?? 0];
  const payload = ip.subarray(head);
  const pseudo = proto === IPPROTO.ICMP ? 0 : sumOf(addresses) + payload.length + proto;
  return (!isV4 || sumOf(ip.subarray(0, 20)) === 0xffff) && sumOf(payload, pseudo) === 0xffff;
}

function tuple(src: string, sport: number, dst: string, dport: number): Tuple {
  const made = new Tuple();
  const [from, to] = [parseAddress(src), parseAddress(dst)];
  if (from === null || to === null) throw new Error('no address');
  made.src.set(from.words);
  made.dst.set(to.words);
  return Object.assign(made, { family: from.family, srcAll: sport, dstAll: dport });
}

/** The words' packet behind the router: its bytes from the IP header on. */
function passed(words: string, hops: number, from: Tuple | null, to: Tuple | null): Uint8Array {
  const p = new Packet();
  enter(wholeFrame(describeFrame(words), 1), p, { hook: 'egress', vlan: 'offload' });
  new Rewriter().pass(p, hops, from, to);
  return p.data.slice(p.network, p.end);
}

describe('a packet behind the router', () => {
  test.each([
    [
      'tcp 192.168.1.7:51514 > 1.1.1.1:443',
      tuple('203.0.113.2', 1024, '1.1.1.1', 443),
      'tcp 203.0.113.2:1024 > 1.1.1.1:443',
    ],
    [
      'udp 192.168.1.7:51514 > 1.1.1.1:53',
      tuple('203.0.113.2', 51514, '1.1.1.1', 53),
      'udp 203.0.113.2:51514 > 1.1.1.1:53',
    ],
    [
      'tcp [2001:db8::7]:5 > [2001:db8:1::1]:443',
      tuple('2001:db8:2::9', 7, '2001:db8:1::1', 443),
      'tcp [2001:db8:2::9]:7 > [2001:db8:1::1]:443',
    ],
  ])('%s has the addresses and ports that NAT gives it, and right checksums', (words, to, expected) => {
    const family = words.includes('[') ? 6 : 4;
    const from =
      family === 4
        ? tuple('192.168.1.7', 51514, '1.1.1.1', words.endsWith('53') ? 53 : 443)
        : tuple('2001:db8::7', 5, '2001:db8:1::1', 443);
    const bytes = passed(words, 0, from, to);
    expect(isValid(bytes)).toBe(true);
    expect(bytes).toEqual(describeFrame(expected).subarray(ETHERNET));
  });

  test('has one hop less to live, and a right checksum', () => {
    const bytes = passed('tcp 192.168.1.7:51514 > 1.1.1.1:443', 1, null, null);
    const before = describeFrame('tcp 192.168.1.7:51514 > 1.1.1.1:443').subarray(ETHERNET);
    expect([bytes[8], isValid(bytes)]).toEqual([(before[8] ?? 0) - 1, true]);
  });

  test('an echo request gets the id of its translated connection', () => {
    const words = 'icmp 192.168.1.7 > 1.1.1.1';
    const [from, to] = [tuple('192.168.1.7', 0, '1.1.1.1', 0x0800), tuple('203.0.113.2', 77, '1.1.1.1', 0x0800)];
    const bytes = passed(words, 0, from, to);
    expect([bytes[24], bytes[25], isValid(bytes)]).toEqual([0, 77, true]);
  });

  test('the frame itself stays as it was: it is its reader’s', () => {
    const frame = wholeFrame(describeFrame('tcp 192.168.1.7:51514 > 1.1.1.1:443'), 1);
    const before = frame.data.slice();
    const p = new Packet();
    enter(frame, p, { hook: 'egress', vlan: 'offload' });
    new Rewriter().pass(p, 1, null, null);
    expect(frame.data).toEqual(before);
  });
});
