import { describe, expect, test } from 'vitest';
import { EGRESS, ethernet, ipv4, ipv6, packetOf, ports } from '../../../test/frames.ts';
import { FormatError, LimitError } from '../../errors.ts';
import type { Packet } from '../../packet/index.ts';
import type { IpSet } from './set.ts';
import { parseSets } from './set-text.ts';

const ONE = 'fd000000000000000000000000000001';
const TWO = '20010db8000000000000000000000002';

const v4 = (src: string, dst: string, protocol = 17, payload = ports(1024, 53), flags = '0000'): Packet =>
  packetOf(ethernet('0800', ipv4(src, dst, protocol, payload, flags)), EGRESS);
const v6 = (payload = ports(1024, 53), next = 17): Packet =>
  packetOf(ethernet('86dd', ipv6(ONE, TWO, next, payload)), EGRESS);

function sets(text: string, name: string | null = null): IpSet[] {
  const names: string[] = [];
  return parseSets(text, (one) => names.push(one) - 1, name);
}

function only(...lines: readonly string[]): IpSet {
  const [set] = sets(lines.join('\n'));
  if (set === undefined) throw new Error('no set');
  return set;
}

/** Which of the packets are in a set, asked as `src` or `dst`, and for types with ports `src,src` or `dst,dst`. */
const inside = (set: IpSet, p: Packet, direction: 'src' | 'dst', dimensions = set.header.type.port ? 2 : 1): boolean =>
  set.has(p, dimensions, direction === 'src' ? 3 : 0, p.protocol === 0x86dd ? 6 : 4);

describe('sets of addresses', () => {
  const set = only(
    'create a hash:ip family inet hashsize 1024 maxelem 65536',
    'add a 10.0.0.1 timeout 5',
    'add a 10.0.1.0/30',
  );

  test('hold the source or the destination, whichever is asked', () => {
    expect(inside(set, v4('10.0.0.1', '10.0.0.9'), 'src')).toBe(true);
    expect(inside(set, v4('10.0.0.1', '10.0.0.9'), 'dst')).toBe(false);
    expect(inside(set, v4('10.0.0.9', '10.0.1.3'), 'dst')).toBe(true);
    expect(inside(set, v4('10.0.0.9', '10.0.1.4'), 'dst')).toBe(false);
  });

  test('are of one address family', () => {
    const six = only('create b hash:ip family inet6', 'add b 2001:db8::2');
    expect([inside(six, v6(), 'dst'), inside(six, v6(), 'src')]).toEqual([true, false]);
    expect(inside(six, v4('10.0.0.1', '10.0.0.9'), 'dst')).toBe(false);
    expect(inside(set, v6(), 'dst')).toBe(false);
  });

  test('look at the leading bits of a netmask only', () => {
    const masked = only('create m hash:ip family inet netmask 24', 'add m 192.0.2.77');
    expect(inside(masked, v4('192.0.2.1', '192.0.3.1'), 'src')).toBe(true);
    expect(inside(masked, v4('192.0.2.1', '192.0.3.1'), 'dst')).toBe(false);
  });

  test('more directions than dimensions are no harm, fewer match nothing', () => {
    expect(inside(set, v4('10.0.0.1', '10.0.0.9'), 'src', 2)).toBe(true);
    expect(inside(set, v4('10.0.0.1', '10.0.0.9'), 'src', 0)).toBe(false);
  });
});

describe('sets of networks', () => {
  const set = only('create n hash:net family inet', 'add n 10.0.0.0/8', 'add n 10.1.0.0/16 nomatch', 'add n 10.1.2.3');

  test.each([
    ['10.9.9.9', true],
    ['10.1.9.9', false],
    ['10.1.2.3', true],
    ['11.0.0.0', false],
  ])('the most specific one decides: %s is in it: %s', (address, expected) => {
    expect(inside(set, v4(address, '192.0.2.1'), 'src')).toBe(expected);
  });

  test('a range is the prefixes that make it up', () => {
    const range = only('create r hash:net', 'add r 10.0.0.3-10.0.0.8');
    const found = [2, 3, 4, 7, 8, 9].map((last) => inside(range, v4(`10.0.0.${last}`, '10.0.0.0'), 'src'));
    expect(found).toEqual([false, true, true, true, true, false]);
    const all = only('create r hash:net', 'add r 128.0.0.0-255.255.255.255');
    expect(inside(all, v4('255.255.255.255', '127.0.0.1'), 'src')).toBe(true);
    expect(inside(all, v4('255.255.255.255', '127.0.0.1'), 'dst')).toBe(false);
  });

  test('the address of zeros is in a network, but never in a hash:ip', () => {
    expect(inside(only('create z hash:net', 'add z 0.0.0.0/1'), v4('0.0.0.0', '1.1.1.1'), 'src')).toBe(true);
    const set = only('create z hash:ip', 'add z 0.0.0.1/24');
    expect([0, 7].map((last) => inside(set, v4(`0.0.0.${last}`, '1.1.1.1'), 'src'))).toEqual([false, true]);
  });

  test('prefixes of IPv6 end anywhere', () => {
    const six = only('create s hash:net family inet6', 'add s 2001:db8::/33', 'add s fd00::2/127');
    expect([inside(six, v6(), 'dst'), inside(six, v6(), 'src')]).toEqual([true, false]);
  });
});

describe('sets with ports', () => {
  const set = only(
    'create p hash:ip,port family inet',
    ...['add p 10.0.0.1,tcp:80-81', 'add p 10.0.0.1,udp:53', 'add p 10.0.0.1,icmp:8/0', 'add p 10.0.0.1,gre:0'],
    'add p 10.0.0.1,443',
  );
  const to = (protocol: number, payload: string, flags?: string): boolean =>
    inside(set, v4('10.0.0.9', '10.0.0.1', protocol, payload, flags), 'dst');

  test('hold protocol and port together', () => {
    expect(to(6, ports(9, 80))).toBe(true);
    expect(to(6, ports(9, 81))).toBe(true);
    expect(to(6, ports(9, 443))).toBe(true);
    expect(to(6, ports(80, 9))).toBe(false);
    expect(to(17, ports(9, 80))).toBe(false);
    expect(to(17, ports(9, 53))).toBe(true);
  });

  test('take type and code of ICMP for the port, and 0 for what has none', () => {
    expect(to(1, '0800 0000 0001 0001')).toBe(true);
    expect(to(1, '0000 0000 0001 0001')).toBe(false);
    expect(to(47, '')).toBe(true);
  });

  test('ports that were not captured are in no set', () => {
    expect(to(17, '0009 0035 0000 00')).toBe(false);
    expect(to(6, '0009 0050 00000000 00000000 5000 0000 0000 00')).toBe(false);
  });

  test('later fragments have no ports, but GRE has none to lose', () => {
    expect(to(17, ports(9, 53), '0001')).toBe(false);
    expect(to(47, '', '0001')).toBe(true);
  });

  test('directions are told one by one', () => {
    const p = v4('10.0.0.9', '10.0.0.1', 17, ports(53, 9));
    expect(set.has(p, 2, 2, 4)).toBe(true);
    expect(set.has(p, 2, 0, 4)).toBe(false);
    expect(set.has(p, 1, 0, 4)).toBe(false);
  });

  test('IPv6 extension headers are passed over, but not a later fragment', () => {
    const six = only('create q hash:net,port family inet6', 'add q 2001:db8::/32,udp:53');
    const options = '3c00 0104 00000000';
    expect(inside(six, v6(`${options}1100 0104 00000000${ports(9, 53)}`, 0), 'dst')).toBe(true);
    expect(inside(six, v6(`1100 0001 00000000${ports(9, 53)}`, 44), 'dst')).toBe(true);
    expect(inside(six, v6(`1100 0009 00000000${ports(9, 53)}`, 44), 'dst')).toBe(false);
    expect(inside(six, v6('', 59), 'dst')).toBe(false);
    expect(inside(six, v6('11', 0), 'dst')).toBe(false);
  });
});

describe('texts of sets', () => {
  const LISTING = `Name: friends
Type: hash:net
Revision: 7
Header: family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x31a5fa0a
Size in memory: 536
References: 0
Number of entries: 2
Members:
10.0.0.0/8
10.1.0.0/16 nomatch

Name: six
Type: hash:ip
Revision: 5
Header: family inet6 hashsize 1024 maxelem 65536 comment
Size in memory: 208
References: 0
Number of entries: 1
Members:
2001:db8::2 comment "nomatch # by hand"
`;

  test('a listing and what `ipset save` prints of the same sets are the same', () => {
    const saved = [
      'create friends hash:net family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x31a5fa0a',
      'add friends 10.0.0.0/8',
      'add friends 10.1.0.0/16 nomatch',
      'create six hash:ip family inet6 hashsize 1024 maxelem 65536 comment',
      'add six 2001:db8::2 comment "nomatch # by hand"',
    ].join('\n');
    const lines = (text: string): string[][] => sets(text).map((set) => set.lines);
    expect(lines(LISTING)).toEqual(lines(saved));
    expect(lines(LISTING)).toEqual([
      ['create friends hash:net family inet', 'add friends 10.0.0.0/8', 'add friends 10.1.0.0/16 nomatch'],
      ['create six hash:ip family inet6', 'add six 2001:db8::2'],
    ]);
    expect(sets(LISTING).map(({ index }) => index)).toEqual([0, 1]);
  });

  test('what lines() says makes the same set again', () => {
    const lines = ['create m hash:ip family inet netmask 24', 'add m 10.0.0.1', 'add m 10.0.5.0'];
    expect(only(...only(...lines).lines).lines).toEqual(lines);
  });

  test('entries alone are a set of networks with the name given, of the first one’s family', () => {
    const [set] = sets('# friends\n10.0.0.1\r\n\n10.2.0.0/16   # a branch\n', 'friends');
    expect(set?.lines).toEqual([
      'create friends hash:net family inet',
      'add friends 10.0.0.1',
      'add friends 10.2.0.0/16',
    ]);
    expect(sets('fd00::/8,udp:53', 'dns')[0]?.header).toMatchObject({ type: { name: 'hash:net,port' }, family: 6 });
  });

  test('of several sets the one that is named is taken', () => {
    expect(sets(LISTING, 'six').map(({ name }) => name)).toEqual(['six']);
    expect(() => sets(LISTING, 'foes')).toThrow('there is no set "foes" in it');
  });

  test.each([
    ['add x 10.0.0.1', 'line 1: set "x" was not created before'],
    ['create x list:set', 'line 1: set type "list:set" is not known here: hash:ip hash:net hash:ip,port hash:net,port'],
    ['create x hash:ip family inet5', 'line 1: family "inet5": inet or inet6 was expected'],
    ['create x hash:ip netmask 33', 'line 1: netmask out of range'],
    ['create x hash:ip bitmask 255.0.255.0', 'line 1: "bitmask" is not known to Linux 6.1'],
    ['create x hash:ip hashsize', 'line 1: a value was expected behind "hashsize"'],
    ['create x hash:ip\ncreate x hash:ip', 'line 2: set "x" is there already'],
    [`create ${'x'.repeat(32)} hash:ip`, 'line 1: a name of 1 to 31 characters was expected'],
    ['create x hash:ip\n\nadd x 10.0.0.256', 'line 3: "10.0.0.256" is no address'],
    ['create x hash:ip\nadd x 10.0.0.9-10.0.0.1', 'line 2: "10.0.0.9-10.0.0.1" is no address'],
    ['create x hash:ip\nadd x ::1', 'line 2: "::1" is no IPv4 address, as the others of the set'],
    ['create x hash:ip\nadd x 0.0.0.0', 'line 2: a hash:ip does not take "0.0.0.0"'],
    ['create x hash:ip family inet6\nadd x fd00::/8', 'line 2: a hash:ip takes single IPv6 addresses'],
    ['create x hash:net\nadd x 0.0.0.0/0', 'line 2: "0.0.0.0/0": a set takes no prefix of length 0'],
    ['create x hash:ip\nadd x 1.1.1.1 nomatch', 'line 2: nomatch is for networks, not for hash:ip'],
    ['create x hash:ip\nadd x 1.1.1.1,tcp:80', 'line 2: "1.1.1.1,tcp:80" is no entry of a hash:ip'],
    ['create x hash:ip,port\nadd x 1.1.1.1', 'line 2: "1.1.1.1" is no entry of a hash:ip,port'],
    ['create x hash:ip,port\nadd x 1.1.1.1,tcp:90-80', 'line 2: "tcp:90-80" is no port'],
    ['create x hash:ip,port\nadd x 1.1.1.1,tcp:http', 'line 2: "tcp:http" is no port'],
    ['create x hash:ip,port\nadd x 1.1.1.1,spam:1', 'line 2: "spam" is no protocol'],
    ['create x hash:ip,port\nadd x 1.1.1.1,gre:1', 'line 2: "gre" has no ports: gre:0 was expected'],
    [
      'create x hash:net\nadd x 1.0.0.0/8\nadd x 1.0.0.0/8 nomatch',
      'line 3: "1.0.0.0/8" is there already with and without nomatch',
    ],
    ['10.0.0.1', 'line 1: "create", "add" or a listing was expected, not "10.0.0.1"'],
  ])('%s is refused', (text, message) => {
    expect(() => sets(text)).toThrow(FormatError);
    expect(() => sets(text)).toThrow(message);
  });

  test('the offset is that of the line', () => {
    expect(() => sets('create x hash:ip\nadd x up')).toThrow(expect.objectContaining({ offset: 17 }));
  });

  test('ranges cannot make a set endless', () => {
    const line = 'add x 10.0.0.1,tcp:0-65535\n';
    expect(() => sets(`create x hash:ip,port\n${line.repeat(16)}`)).not.toThrow();
    expect(() => sets(`create x hash:ip,port\n${line.repeat(17)}`)).toThrow(LimitError);
  });
});
