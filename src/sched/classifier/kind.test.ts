import { describe, expect, it } from 'vitest';
import { runTc } from '../../command/index.ts';
import { createEnv, createPacket } from '../../env.ts';
import { ERAS } from '../../era.ts';
import { Netns } from '../../kernel/index.ts';
import { shellWords } from '../../lang/index.ts';
import type { Packet } from '../../packet/index.ts';
import { classText } from '../../u32.ts';

/** A namespace with htb and four classes, told tc commands; what was recorded is from Linux 6.1.192 and tc 6.1.0. */
class Told {
  readonly env = createEnv({ era: ERAS['6.1'], seed: 0 });
  readonly netns = new Netns({ env: this.env, devices: ['d0', 'd1'].map((name, i) => ({ name, ifindex: 2 + i })) });

  constructor(...filters: string[]) {
    this.tc('qdisc add dev d0 root handle 1: htb default 30');
    for (const minor of ['10', '20', '30']) this.tc(`class add dev d0 parent 1: classid 1:${minor} htb rate 1mbit`);
    for (const filter of filters) expect(this.tc(filter), filter).toBe('');
  }

  /** What it prints, on stdout or else the first line on stderr. */
  tc(line: string): string {
    const transport = { request: (d: Uint8Array) => this.netns.request(d), links: this.netns.links };
    const { stdout, stderr } = runTc(shellWords(line), { transport });
    return stdout || (stderr.split('\n')[0] ?? '');
  }

  /** The class that the root's filters give to a frame; `-`: none. */
  classOf(frame: Uint8Array, mark = 0): string {
    const { verdict, result } = this.netns.classify(packet(this.env, frame, mark), { dev: 'd0', hook: 'egress' });
    return verdict < 0 ? '-' : classText(result.classid);
  }

  show(): string {
    return this.tc('filter show dev d0 parent 1:');
  }
}

function packet(env: Told['env'], frame: Uint8Array, mark: number): Packet {
  const p = createPacket(env);
  p.data = frame;
  p.end = p.len = frame.length;
  p.mac = p.addresses = 0;
  p.network = 14;
  p.protocol = ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
  p.mark = mark;
  return p;
}

const MACS = [0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1];

interface Ip {
  readonly src?: readonly number[];
  readonly dst?: readonly number[];
  readonly proto?: number;
  readonly tos?: number;
  readonly ttl?: number;
  readonly options?: number;
  readonly fragment?: number;
  readonly ports?: readonly [number, number];
  readonly tcpFlags?: number;
}

/** An IPv4 header with `options` words of options, and 20 bytes of a transport header behind it. */
function ipv4(o: Ip = {}): number[] {
  const { src = [10, 0, 0, 1], dst = [192, 0, 2, 1], proto = 6, tos = 0, ttl = 64, options = 0, fragment = 0 } = o;
  const [from, to] = o.ports ?? [1024, 80];
  const header = [0x45 + options, tos, 0, 40, 0, 0, fragment >> 8, fragment & 0xff, ttl, proto, 0, 0, ...src, ...dst];
  const transport = [from >> 8, from & 0xff, to >> 8, to & 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, o.tcpFlags ?? 0x10];
  return [...header, ...new Array<number>(4 * options).fill(1), ...transport, 0, 0, 0, 0, 0, 0];
}

const ethernet = (type: number, ...rest: number[]): Uint8Array =>
  Uint8Array.from([...MACS, type >> 8, type & 0xff, ...rest]);
const frame = (o: Ip = {}): Uint8Array => ethernet(0x0800, ...ipv4(o));

const ADD = 'filter add dev d0 parent 1: protocol ip prio 1';

describe('u32', () => {
  it('asks filters that come and go between packets, also behind one that its first key does not decide', () => {
    const told = new Told(
      `${ADD} u32 match ip dst 192.0.2.1/32 match ip protocol 17 0xff flowid 1:10`,
      `${ADD} u32 match ip dst 192.0.2.9/32 flowid 1:20`,
    );
    expect(told.classOf(frame())).toBe('-');
    told.tc(`${ADD} u32 match ip dst 192.0.2.0/24 flowid 1:30`);
    expect(told.classOf(frame())).toBe('1:30');
    told.tc('filter del dev d0 parent 1: protocol ip prio 1 handle 800::802 u32');
    expect(told.classOf(frame())).toBe('-');
    told.tc(`${ADD} handle 800::5 u32 match ip src 10.0.0.0/8 flowid 1:20`);
    expect(told.classOf(frame({ dst: [192, 0, 2, 77] }))).toBe('1:20');
    told.tc(`${ADD} handle 800::6 u32 match mark 7 0xff flowid 1:30`);
    expect(told.classOf(frame(), 7)).toBe('1:20');
  });

  it('quirk 66: numbers filters from 800::800 on, and shows a star where the search ends', () => {
    const told = new Told(`${ADD} u32 match ip src 10.0.0.0/8 flowid 1:10`, `${ADD} u32 match ip dport 80 0xffff`);
    expect(told.show()).toBe(
      [
        'filter protocol ip pref 1 u32 chain 0 ',
        'filter protocol ip pref 1 u32 chain 0 fh 800: ht divisor 1 ',
        'filter protocol ip pref 1 u32 chain 0 fh 800::800 order 2048 key ht 800 bkt 0 *flowid 1:10 not_in_hw ',
        '  match 0a000000/ff000000 at 12',
        'filter protocol ip pref 1 u32 chain 0 fh 800::801 order 2049 key ht 800 bkt 0 not_in_hw ',
        '  match 00000050/0000ffff at 20',
        '',
      ].join('\n'),
    );
  });

  it('gives each preference a root of its own, and tables belong to the whole qdisc', () => {
    const told = new Told(
      'filter add dev d0 parent 1: protocol ip prio 5 handle 1: u32 divisor 256',
      'filter add dev d0 parent 1: protocol ip prio 7 u32 ht 1:20 match ip src 4.4.4.4 flowid 1:10',
      'filter add dev d0 parent 1: protocol ip prio 7 u32 match ip src 4.4.4.4 flowid 1:10',
    );
    expect(told.show().match(/pref \d+ .* fh \S+/g)).toEqual([
      'pref 5 u32 chain 0 fh 1:',
      'pref 5 u32 chain 0 fh 1:20:800',
      'pref 5 u32 chain 0 fh 800:',
      'pref 7 u32 chain 0 fh 801:',
      'pref 7 u32 chain 0 fh 801::800',
    ]);
  });

  it('refuses in the kernel’s words', () => {
    const told = new Told(`${ADD} handle 1: u32 divisor 16`);
    const add = (words: string): string => told.tc(`${ADD} ${words}`);
    expect(add('u32 flowid 1:1')).toBe('Error: cls_u32: Selector not specified.');
    expect(add('u32 ht 1:10 match u32 0 0 flowid 1:1')).toBe(
      'Error: cls_u32: Specified hash table buckets exceed configured value.',
    );
    expect(add('u32 ht 3: match u32 0 0')).toBe('Error: cls_u32: Specified hash table not found.');
    expect(add('u32 match u32 0 0 link 7:')).toBe('Error: cls_u32: Link hash table not found.');
    expect(add('u32 match u32 0 0 link 800:')).toBe('Error: cls_u32: Not linking to root node.');
    expect(add('handle 2::6 u32 ht 1:1: match u32 0 0')).toBe(
      'Error: cls_u32: Handle specified hash table address mismatch.',
    );
    expect(add('handle 1: u32 divisor 16')).toBe('Error: Filter already exists.');
    expect(add('u32 order 7 match u32 0 0')).toBe('');
    expect(add('u32 order 7 match u32 0 0')).toBe('RTNETLINK answers: No space left on device');
  });

  it('keeps the root, and a table that a filter links to', () => {
    const told = new Told(`${ADD} handle 1: u32 divisor 1`, `${ADD} u32 match u32 0 0 link 1:`);
    const del = (handle: string): string =>
      told.tc(`filter del dev d0 parent 1: protocol ip prio 1 handle ${handle} u32`);
    expect(del('800:')).toBe('Error: cls_u32: Not allowed to delete root node.');
    expect(del('1:')).toBe('Error: cls_u32: Can not delete in-use filter.');
    expect(del('800::800')).toBe('');
    expect(told.show()).toBe('');
  });

  it('a change keeps what is matched, and class and actions become the request’s', () => {
    const told = new Told(`${ADD} u32 match ip src 10.0.0.0/8 flowid 1:10 action ok`);
    const change = 'filter change dev d0 parent 1: protocol ip prio 1 handle 800::800 u32';
    expect(told.tc(`${change} match ip dst 9.9.9.9 flowid 1:30`)).toBe('');
    expect(told.show().split('\n').slice(2)).toEqual([
      'filter protocol ip pref 1 u32 chain 0 fh 800::800 order 2048 key ht 800 bkt 0 *flowid 1:30 not_in_hw ',
      '  match 0a000000/ff000000 at 12',
      '',
    ]);
    expect(told.tc(`${change} skip_hw flowid 1:20`)).toBe('Error: cls_u32: Key node flags do not match passed flags.');
  });

  it('holds the class that it names', () => {
    const told = new Told(`${ADD} u32 match u32 0 0 flowid 1:10`);
    expect(told.tc('class del dev d0 classid 1:10')).toBe('RTNETLINK answers: Device or resource busy');
    expect(told.tc('filter del dev d0 parent 1: prio 1')).toBe('');
    expect(told.tc('class del dev d0 classid 1:10')).toBe('');
  });

  it('asks filters in the order of their numbers, and a filter that ends nothing lets the next be asked', () => {
    const told = new Told(
      `${ADD} u32 match ip src 10.0.0.0/8`,
      `${ADD} u32 match ip protocol 6 0xff flowid 1:10`,
      `${ADD} u32 order 5 match ip dst 192.0.2.9 flowid 1:20`,
    );
    expect(told.classOf(frame())).toBe('1:10');
    expect(told.classOf(frame({ dst: [192, 0, 2, 9] }))).toBe('1:20');
    expect(told.classOf(frame({ proto: 17 }))).toBe('-');
  });

  it('finds ports behind 20 bytes of header only, unless a table follows the header’s length', () => {
    const plain = new Told(`${ADD} u32 match ip dport 80 0xffff flowid 1:10`);
    const linked = new Told(
      `${ADD} handle 1: u32 divisor 1`,
      `${ADD} u32 ht 1: match tcp dst 80 0xffff flowid 1:10`,
      `${ADD} u32 match ip protocol 6 0xff link 1: offset at 0 mask 0x0f00 shift 6`,
    );
    for (const options of [0, 2, 10]) {
      expect(plain.classOf(frame({ options }))).toBe(options === 0 ? '1:10' : '-');
      expect(linked.classOf(frame({ options }))).toBe('1:10');
    }
    expect(linked.classOf(frame({ ports: [1, 81] }))).toBe('-');
  });

  it('eat moves the base, so that offsets in the table count from the next header', () => {
    const told = new Told(
      `${ADD} handle 1: u32 divisor 1`,
      `${ADD} u32 ht 1: match u16 80 0xffff at 2 flowid 1:10`,
      `${ADD} u32 match ip protocol 6 0xff link 1: offset at 0 mask 0x0f00 shift 6 eat`,
      `${ADD} u32 match ip protocol 6 0xff flowid 1:20`,
    );
    expect(told.classOf(frame({ options: 3 }))).toBe('1:10');
    expect(told.classOf(frame({ options: 3, ports: [1, 2] }))).toBe('1:20');
  });

  it('a hash key chooses the bucket', () => {
    const told = new Told(
      `${ADD} handle 1: u32 divisor 256`,
      `${ADD} u32 ht 1:4d match u32 0 0 flowid 1:10`,
      `${ADD} u32 ht 1: sample ip src 10.0.0.78 match u32 0 0 flowid 1:20`,
      `${ADD} u32 match ip src 10.0.0.0/24 hashkey mask 0x000000ff at 12 link 1:`,
    );
    expect([77, 78, 79].map((last) => told.classOf(frame({ src: [10, 0, 0, last] })))).toEqual(['1:10', '1:20', '-']);
  });

  it('stops for good at a byte that the packet does not have', () => {
    const told = new Told(`${ADD} u32 match u8 0 0 at 400 flowid 1:10`, `${ADD} u32 match u32 0 0 flowid 1:20`);
    expect(told.classOf(frame())).toBe('-');
  });

  it('compares the mark, and reads the Ethernet header at negative offsets', () => {
    const told = new Told(
      `${ADD} u32 match mark 4 0xc flowid 1:10`,
      `${ADD} u32 match ether src 02:00:00:00:00:01 match ether dst 02:00:00:00:00:02 flowid 1:20`,
    );
    expect(told.classOf(frame(), 0x25)).toBe('1:10');
    // The first key begins two bytes before the frame, and masks those out.
    expect(told.classOf(frame(), 0x2d)).toBe('1:20');
    expect(new Told(`${ADD} u32 match u32 0 0 at -20 flowid 1:10`).classOf(frame())).toBe('-');
  });
});

describe('fw', () => {
  it('compares the mark under its mask', () => {
    const told = new Told(`${ADD} handle 0x12/0xf2 fw classid 1:10`);
    expect(told.classOf(frame(), 0x1f)).toBe('1:10');
    expect(told.classOf(frame(), 0x1d)).toBe('-');
    expect(told.show().split('\n')[1]).toBe('filter protocol ip pref 1 fw chain 0 handle 0x12/0xf2 classid 1:10 ');
    expect(told.tc(`${ADD} handle 0x2/0xf fw classid 1:10`)).toBe('RTNETLINK answers: Invalid argument');
  });

  it('quirk 69: without options takes the mark for the class, if its major is the qdisc’s or none', () => {
    const told = new Told(`${ADD} fw`);
    expect([0, 5, 0x10020, 0x20020].map((mark) => told.classOf(frame(), mark))).toEqual(['-', '0:5', '1:20', '-']);
  });

  it('quirk 68: without options breaks the dump off', () => {
    const told = new Told(`${ADD} fw`, 'filter add dev d0 parent 1: protocol ip prio 2 matchall flowid 1:10');
    expect(told.show()).toBe('filter protocol ip pref 1 fw chain 0 \n');
  });

  it('a change without a class leaves none', () => {
    const told = new Told(`${ADD} handle 5 fw classid 1:10`);
    expect(told.tc('filter change dev d0 parent 1: protocol ip prio 1 handle 5 fw action ok')).toBe('');
    expect(told.classOf(frame(), 5)).toBe('0:0');
  });
});

describe('matchall', () => {
  it('has one filter, which nothing changes', () => {
    const told = new Told(`${ADD} matchall flowid 1:10`);
    expect(told.tc('filter replace dev d0 parent 1: protocol ip prio 1 handle 1 matchall classid 1:30')).toBe(
      'RTNETLINK answers: File exists',
    );
    expect(told.classOf(frame())).toBe('1:10');
    expect(told.show()).toBe(
      'filter protocol ip pref 1 matchall chain 0 \nfilter protocol ip pref 1 matchall chain 0 handle 0x1 flowid 1:10 \n  not_in_hw\n',
    );
  });

  it('quirk 67: skip_hw must not be the last word, nor may a mark', () => {
    const incomplete = 'Command line is not complete. Try option "help"';
    expect(new Told().tc(`${ADD} matchall skip_hw`)).toBe(incomplete);
    expect(new Told().tc(`${ADD} u32 match mark 5 0xff`)).toBe(incomplete);
  });

  it('cannot be left to hardware that is not there', () => {
    expect(new Told().tc(`${ADD} matchall skip_sw flowid 1:1`)).toBe('RTNETLINK answers: Operation not supported');
  });
});

describe('basic', () => {
  it('asks the latest filter first', () => {
    const told = new Told(`${ADD} basic classid 1:10`, `${ADD} basic match 'meta(nf_mark eq 4)' classid 1:20`);
    expect(told.classOf(frame(), 4)).toBe('1:20');
    expect(told.classOf(frame(), 5)).toBe('1:10');
    expect(told.show().match(/handle \S+/g)).toEqual(['handle 0x2', 'handle 0x1']);
  });
});

describe('flower', () => {
  const FLOWER = `${ADD} flower`;

  it('shows its keys as tc 6.1 does', () => {
    const told = new Told(
      `${FLOWER} src_ip 10.0.0.0/8 dst_ip 1.2.3.0/24 ip_proto tcp dst_port 80 tcp_flags 0x2/0x12 ip_tos 0x10/fc classid 1:10`,
    );
    expect(told.show().split('\n').slice(1)).toEqual([
      'filter protocol ip pref 1 flower chain 0 handle 0x1 classid 1:10 ',
      '  eth_type ipv4',
      '  ip_proto tcp',
      '  ip_tos 16/0xfc',
      '  dst_ip 1.2.3.0/24',
      '  src_ip 10.0.0.0/8',
      '  dst_port 80',
      '  tcp_flags 0x2/12',
      '  not_in_hw',
      '',
    ]);
  });

  it('knows a filter by its masked key: the same twice is refused, another mask is not', () => {
    const told = new Told(`${FLOWER} dst_ip 1.2.3.4 classid 1:10`, `${FLOWER} dst_ip 1.2.3.0/24 classid 1:10`);
    expect(told.tc(`${FLOWER} dst_ip 1.2.3.4 classid 1:20`)).toBe('RTNETLINK answers: File exists');
    expect(told.tc(`${FLOWER} dst_ip 1.2.3.9/24 classid 1:20`)).toBe('RTNETLINK answers: File exists');
    const change = 'filter change dev d0 parent 1: protocol ip prio 1 handle 1 flower';
    expect(told.tc(`${change} classid 1:20`)).toBe('RTNETLINK answers: Invalid argument');
    expect(told.tc(`${change} dst_ip 1.2.3.5 classid 1:20`)).toBe('');
  });

  it('asks masks in the order in which they came, whatever is more specific', () => {
    const told = new Told(`${FLOWER} dst_ip 192.0.2.0/24 classid 1:10`, `${FLOWER} dst_ip 192.0.2.1 classid 1:20`);
    expect(told.classOf(frame())).toBe('1:10');
  });

  it('compares ports, ranges, flags, tos, ttl and addresses', () => {
    const cases: readonly (readonly [words: string, fits: Ip, other: Ip])[] = [
      ['ip_proto tcp dst_port 80', {}, { ports: [1024, 81] }],
      ['ip_proto tcp src_port 1000-1024', {}, { ports: [1025, 80] }],
      ['ip_proto udp dst_port 80', { proto: 17 }, { proto: 6 }],
      ['ip_proto tcp tcp_flags 0x2/0x12', { tcpFlags: 2 }, { tcpFlags: 0x12 }],
      ['ip_tos 0x10/0x1c', { tos: 0x13 }, { tos: 0x14 }],
      ['ip_ttl 64', {}, { ttl: 63 }],
      ['src_ip 10.0.0.0/31', {}, { src: [10, 0, 0, 2] }],
      ['ip_proto tcp dst_port 80', { options: 5 }, { fragment: 0x2000 }],
    ];
    for (const [words, fits, other] of cases) {
      const told = new Told(`${FLOWER} ${words} classid 1:10`);
      expect(told.classOf(frame(fits)), words).toBe('1:10');
      expect(told.classOf(frame(other)), words).toBe('-');
    }
  });

  it('looks behind a tag', () => {
    const told = new Told(
      'filter add dev d0 parent 1: protocol 802.1Q prio 1 flower vlan_id 5 vlan_prio 3 vlan_ethtype ip ip_proto tcp dst_port 80 classid 1:10',
    );
    const tagged = (tci: number): Uint8Array => ethernet(0x8100, tci >> 8, tci & 0xff, 8, 0, ...ipv4());
    expect(told.classOf(tagged(0x6005))).toBe('1:10');
    expect(told.classOf(tagged(0x6006))).toBe('-');
    expect(told.classOf(tagged(0x4005))).toBe('-');
  });
});

describe('a kind that is not there', () => {
  it('is not found', () => {
    expect(new Told().tc(`${ADD} nosuch`)).toBe('Error: TC classifier not found.');
  });
});
