import { describe, expect, test } from 'vitest';
import { ask, bench } from '../../../test/actions.ts';
import { EGRESS, EGRESS_INBAND, ethernet, hex, INGRESS, ipv4, ipv6, packetOf, ports } from '../../../test/frames.ts';
import { Ct, type Packet } from '../../packet/index.ts';
import { Verdict } from '../../verdict.ts';
import { fold, sumWords } from './bytes.ts';

/** The bytes from the link header on, or from data where there is none. */
function frame(p: Packet): string {
  return Buffer.from(p.data.subarray(p.mac < 0 ? p.at : Math.min(p.at, p.mac), p.end)).toString('hex');
}

const UDP = ipv4('10.0.0.1', '10.0.0.2', 17, ports(1, 2)).replaceAll(' ', '');
const MACS = '020000000002020000000001';

function edit(line: string, p: Packet): { verdict: number; p: Packet } {
  return { verdict: ask(bench().bind(line), p), p };
}

describe('a packet that is changed', () => {
  test('leaves the shared chunk as it was, and keeps all its positions', () => {
    const chunk = ethernet('0800', UDP);
    const before = Buffer.from(chunk).toString('hex');
    const { p } = edit('action pedit munge ip ttl set 5 pipe', packetOf(chunk, EGRESS));
    expect(Buffer.from(chunk).toString('hex')).toBe(before);
    expect(p.data[p.network + 8]).toBe(5);
    expect([p.network - p.at, p.end - p.at, p.mac - p.at, p.transport - p.at]).toEqual([14, chunk.length, 0, 34]);
  });

  test('with its tag in metadata becomes one frame without the gap', () => {
    const { p } = edit('action pedit munge ip ttl set 5 pipe', packetOf(ethernet('8100', `0064 0800 ${UDP}`), INGRESS));
    expect(frame(p).startsWith(`${MACS}0800450000280000000005`)).toBe(true);
    expect([p.at - p.mac, p.network - p.at]).toEqual([14, 0]);
  });

  test('is forgotten with the packet', () => {
    const { p } = edit('action pedit munge ip ttl set 5 pipe', packetOf(ethernet('0800', UDP), EGRESS));
    p.reset();
    expect([p.data.length, p.grown]).toEqual([0, 0]);
  });

  test('has room for many tags', () => {
    const line = Array.from({ length: 32 }, (_, i) => `action vlan push id ${i + 1}`).join(' ');
    const { p, verdict } = edit(`${line} pipe`, packetOf(ethernet('0800', UDP), EGRESS));
    expect(verdict).toBe(Verdict.PIPE);
    expect(frame(p).startsWith(`${MACS}8100001f8100001e8100001d`)).toBe(true);
    expect([p.vlanTci, p.network - p.at, p.len, p.hookLength]).toEqual([32, 14 + 31 * 4, 54 + 31 * 4, 54]);
  });
});

/** net/core/skbuff.c: skb_vlan_push(), skb_vlan_pop(), skb_eth_push(), skb_eth_pop() */
describe('vlan', () => {
  test('pushes into metadata, and a tag that is there into the frame', () => {
    const { p } = edit('action vlan push id 5 priority 3', packetOf(ethernet('0800', UDP), EGRESS));
    expect([p.vlanTci, p.vlanProto, p.protocol, p.len]).toEqual([0x6005, 0x8100, 0x0800, 54]);
    edit('action vlan push id 100 protocol 802.1ad', p);
    expect(frame(p)).toBe(`${MACS}810060050800${UDP}`);
    expect([p.vlanTci, p.vlanProto, p.protocol, p.len]).toEqual([100, 0x88a8, 0x8100, 58]);
  });

  test('pops from metadata, then the next tag of the frame moves there', () => {
    const { p } = edit('action vlan pop', packetOf(ethernet('8100', `0064 8100 0065 0800 ${UDP}`), EGRESS));
    expect([p.vlanTci, p.vlanProto, p.protocol, p.len]).toEqual([0x65, 0x8100, 0x0800, 54]);
    expect(frame(p)).toBe(`${MACS}0800${UDP}`);
    edit('action vlan pop action vlan pop', p);
    expect([p.vlanTci, p.protocol, frame(p)]).toEqual([-1, 0x0800, `${MACS}0800${UDP}`]);
  });

  test('pops at ingress, where data begins behind the link header', () => {
    const { p } = edit('action vlan pop', packetOf(ethernet('8100', `0064 8100 0065 0800 ${UDP}`), INGRESS));
    expect([p.vlanTci, p.protocol, p.network - p.at, p.at - p.mac]).toEqual([0x65, 0x0800, 0, 14]);
    expect(frame(p)).toBe(`${MACS}0800${UDP}`);
    expect(p.len).toBe(UDP.length / 2);
  });

  test('takes tags out of the frame on a device that keeps them there', () => {
    const { p } = edit('action vlan pop', packetOf(ethernet('8100', `0064 0800 ${UDP}`), EGRESS_INBAND));
    expect([p.vlanTci, p.protocol, p.network - p.at, p.len]).toEqual([-1, 0x0800, 14, 54]);
    expect(frame(p)).toBe(`${MACS}0800${UDP}`);
  });

  test('modifies the number and keeps the priority; without a tag it does nothing', () => {
    const { p } = edit('action vlan modify id 7', packetOf(ethernet('8100', `a064 0800 ${UDP}`), EGRESS_INBAND));
    expect([p.vlanTci, p.protocol, frame(p)]).toEqual([0xa007, 0x0800, `${MACS}0800${UDP}`]);
    edit('action vlan modify id 8 priority 1 protocol 802.1ad', p);
    expect([p.vlanTci, p.vlanProto]).toEqual([0x2008, 0x88a8]);
    expect(edit('action vlan modify id 7', packetOf(ethernet('0800', UDP))).p.vlanTci).toBe(-1);
  });

  test('takes the Ethernet header off and puts another on', () => {
    const { p } = edit('action vlan pop_eth', packetOf(ethernet('0800', UDP), EGRESS));
    expect([frame(p), p.network - p.at, p.len]).toEqual([UDP, 0, 40]);
    edit('action vlan push_eth dst_mac 02:00:00:00:00:0a src_mac 02:00:00:00:00:0b', p);
    expect(frame(p)).toBe(`02000000000a02000000000b0800${UDP}`);
  });

  test('drops what it cannot do', () => {
    const pushed = edit('action vlan push id 5', packetOf(ethernet('0800', UDP), EGRESS)).p;
    expect(edit('action vlan pop_eth', pushed).verdict).toBe(Verdict.SHOT);
    const cut = packetOf(hex(`${MACS}8100`), EGRESS_INBAND);
    expect(edit('action vlan pop', cut).verdict).toBe(Verdict.SHOT);
  });
});

describe('skbedit', () => {
  test('sets mark, priority and queue; a mask leaves the other bits', () => {
    const p = packetOf(ethernet('0800', UDP));
    p.mark = 0x1234;
    edit('action skbedit mark 0x11/0xff priority 1:5 queue_mapping 3', p);
    expect([p.mark, p.priority, p.queue]).toEqual([0x1211, 0x10005, 3]);
  });

  test.each<[string, string, number]>([
    ['IPv4', ethernetText('0800', UDP.replace(/^4500/, '45b8')), 0xb8 >> 2],
    [
      'IPv6',
      ethernetText('86dd', ipv6('0'.repeat(32), '1'.repeat(32), 17, ports(1, 2)).replace(/^600/, '6b8')),
      0xb8 >> 2,
    ],
    ['neither', ethernetText('0806', '0001'), 0],
  ])('inherits the DS field of %s', (_, text, priority) => {
    const { p, verdict } = edit('action skbedit inheritdsfield', packetOf(hex(text)));
    expect([p.priority, verdict]).toEqual([priority, Verdict.PIPE]);
  });

  test('drops a packet whose header is cut off', () => {
    const { verdict } = edit('action skbedit inheritdsfield', packetOf(ethernet('0800', UDP.slice(0, 30))));
    expect(verdict).toBe(Verdict.SHOT);
  });
});

function ethernetText(type: string, payload: string): string {
  return `${MACS}${type}${payload}`;
}

describe('pedit', () => {
  const edited = (line: string, text = UDP): string =>
    frame(edit(line, packetOf(ethernet('0800', text), EGRESS)).p).slice(28);

  test('sets addresses and ports', () => {
    const line =
      'action pedit ex munge ip src set 1.2.3.4 munge udp dport set 80 munge eth src set 02:00:00:00:00:99 pipe';
    const p = edit(line, packetOf(ethernet('0800', UDP), EGRESS)).p;
    expect(frame(p).slice(0, 24)).toBe('020000000002020000000099');
    expect(frame(p).slice(28 + 24, 28 + 32)).toBe('01020304');
    expect(frame(p).slice(28 + 40, 28 + 48)).toBe('00010050');
  });

  test('clears, inverts, retains, and counts from an offset in the packet', () => {
    expect(edited('action pedit munge offset 0 u8 invert').slice(0, 2)).toBe('ba');
    expect(edited('action pedit munge offset 4 u32 clear').slice(8, 16)).toBe('00000000');
    expect(edited('action pedit munge ip tos set 0xff retain 0xfc').slice(2, 4)).toBe('fc');
    // The header length of 5 words, as bytes, is where the ports are.
    expect(edited('action pedit munge offset 0 u16 at 0 0f 0 set 7').slice(0, 4)).toBe('4500');
  });

  test('quirk 35: adding carries from the first byte of a word to the next', () => {
    const add = (src: string, addend: string): string => {
      const text = ipv4(src, '10.0.0.2', 17, ports(1, 2)).replaceAll(' ', '');
      return edited(`action pedit ex munge ip src add ${addend} pipe`, text).slice(24, 32);
    };
    expect(add('10.0.0.255', '0.0.0.1')).toBe('0a000000');
    expect(add('255.0.0.0', '1.0.0.0')).toBe('00010000');
  });

  test('a key that it cannot apply ends it, is not counted where a list looks, and does not drop the packet', () => {
    const bound = bench().bind('action pedit ex munge ip ttl set 9 munge tcp flags set 1 munge ip tos set 1 pipe');
    const p = packetOf(ethernet('0800', UDP.slice(0, 40)), EGRESS);
    expect(ask(bound, p)).toBe(Verdict.PIPE);
    expect([p.data[p.network + 8], p.data[p.network + 1]]).toEqual([9, 0]);
    expect(bound.instances[0]?.counters.overlimits).toBe(0);
  });
});

/** Whether header and payload of an IPv4 packet sum up to all ones, as RFC 791 and 768 want it. */
function sums(p: Packet): { header: number; payload: number } {
  const length = p.end - p.network - 20;
  const pseudo = sumWords(p, p.network + 12, 8) + (p.data[p.network + 9] ?? 0) + length;
  return { header: fold(sumWords(p, p.network, 20)), payload: fold(pseudo + sumWords(p, p.network + 20, length)) };
}

describe('skbedit and vlan', () => {
  test('the type that skbedit gives a packet is what later ematches see', () => {
    const { p } = edit('action skbedit ptype otherhost', packetOf(ethernet('0800', UDP), EGRESS));
    expect(p.pktType).toBe(3);
  });

  test('the header of a packet with a tag stays, in the frame as in metadata', () => {
    for (const device of [EGRESS, EGRESS_INBAND]) {
      const p = packetOf(ethernet('8100', `0005 0800 ${UDP}`), device);
      expect(edit('action vlan pop_eth pipe', p).verdict).toBe(Verdict.SHOT);
    }
  });

  test('no header is put in front of one that is there already', () => {
    const line = 'action vlan push_eth dst_mac 02:00:00:00:00:07 src_mac 02:00:00:00:00:08 pipe';
    expect(edit(line, packetOf(ethernet('0800', UDP), INGRESS)).verdict).toBe(Verdict.SHOT);
  });
});

describe('csum and nat', () => {
  const datagram = (): Packet =>
    packetOf(ethernet('0800', ipv4('10.0.0.1', '10.0.0.2', 17, ports(1, 2)).replace(/45000028/, '45000028')), EGRESS);
  const withSum = (p: Packet): Packet => {
    p.own();
    // A UDP checksum of zero means none: start from some other.
    p.data[p.network + 26] = 1;
    p.data[p.network + 25] = p.end - p.network - 20;
    return edit('action csum ip4h and udp', p).p;
  };

  test('csum makes header and payload sum up', () => {
    expect(sums(withSum(datagram()))).toEqual({ header: 0xffff, payload: 0xffff });
  });

  test('a datagram that tells another length than it has is left with the checksum 0; one that is too short is dropped', () => {
    const p = withSum(datagram());
    p.data[p.network + 25] = 9;
    expect(edit('action csum udp pipe', p).verdict).toBe(Verdict.PIPE);
    expect([p.data[p.network + 26], p.data[p.network + 27]]).toEqual([0, 0]);
    const short = ipv4('10.0.0.1', '10.0.0.2', 6, ports(1, 2));
    expect(edit('action csum udp pipe', packetOf(ethernet('0800', short), EGRESS)).verdict).toBe(Verdict.PIPE);
    expect(edit('action csum tcp pipe', packetOf(ethernet('0800', short.slice(0, -12)), EGRESS)).verdict).toBe(
      Verdict.SHOT,
    );
  });

  test('quirk 70: csum leaves the network header at the link header behind a tag in the frame', () => {
    const p = packetOf(ethernet('8100', `0005 0800 ${UDP}`), EGRESS_INBAND);
    expect(edit('action csum ip4h pipe', p).verdict).toBe(Verdict.PIPE);
    expect(p.network).toBe(p.at);
  });

  test('a UDP datagram without checksum stays without', () => {
    const { p } = edit('action csum ip4h udp', datagram());
    expect([p.data[p.network + 26], p.data[p.network + 27]]).toEqual([0, 0]);
  });

  test('nat rewrites what the prefix covers and keeps both sums right', () => {
    const { p } = edit('action nat egress 10.0.0.0/24 192.168.7.0 pipe', withSum(datagram()));
    expect(frame(p).slice(28 + 24, 28 + 40)).toBe('c0a807010a000002');
    expect(sums(p)).toEqual({ header: 0xffff, payload: 0xffff });
  });

  test('nat leaves alone what the prefix does not cover, and drops what it is told to drop', () => {
    const before = frame(datagram());
    expect(frame(edit('action nat egress 10.9.0.0/24 192.168.7.0', datagram()).p)).toBe(before);
    expect(edit('action nat ingress 10.0.0.2 1.2.3.4 drop', datagram()).verdict).toBe(Verdict.SHOT);
    expect(edit('action nat ingress 10.0.0.2 1.2.3.4', packetOf(ethernet('0800', '4500'), EGRESS)).verdict).toBe(
      Verdict.SHOT,
    );
  });

  test('nat follows into the header that an ICMP error quotes', () => {
    const icmp = ipv4('10.0.0.9', '10.0.0.1', 1, `0b000000 00000000 ${ipv4('10.0.0.1', '8.8.8.8', 17, ports(1, 2))}`);
    const { p } = edit('action nat ingress 10.0.0.1/32 192.168.7.7', packetOf(ethernet('0800', icmp), EGRESS));
    expect(frame(p).slice(28 + 32, 28 + 40)).toBe('c0a80707');
    expect(frame(p).slice(28 + 56 + 24, 28 + 56 + 32)).toBe('c0a80707');
  });
});

describe('what conntrack knows', () => {
  const tracked = (mark: number): Packet => {
    const p = packetOf(ethernet('0800', UDP.replace(/^4500/, '4503')), EGRESS);
    p.ct = Object.assign(new Ct(), { mark });
    return p;
  };

  test('connmark brings the mark of the connection', () => {
    const bound = bench().bind('action connmark');
    const p = tracked(0x2a);
    expect([ask(bound, p), p.mark, bound.instances[0]?.counters.overlimits]).toEqual([Verdict.PIPE, 0x2a, 1]);
    const untracked = packetOf(ethernet('0800', UDP), EGRESS);
    untracked.mark = 7;
    ask(bound, untracked);
    expect(untracked.mark).toBe(7);
  });

  test('ctinfo restores the DSCP where the state mask says so, keeps ECN, and copies the mark', () => {
    const bound = bench().bind('action ctinfo dscp 0xfc000000 0x1 cpmark 0xff');
    const p = tracked(0xb8000001 | 0x30);
    ask(bound, p);
    expect([p.data[p.network + 1], p.mark]).toEqual([0xbb, 0x31]);
    expect(bound.instances[0]?.counters).toMatchObject({ dscpSet: 1, cpmarkSet: 1 });
    const unset = tracked(0xb8000000 | 0);
    ask(bound, unset);
    expect([unset.data[unset.network + 1], unset.mark]).toEqual([0x03, 0]);
  });
});

describe('mirred', () => {
  test('tells of the copy and goes on, or takes the packet away', () => {
    const { bind, copies } = bench();
    expect(ask(bind('action mirred egress mirror dev d1'), packetOf(ethernet('0800', UDP)))).toBe(Verdict.PIPE);
    expect(ask(bind('action mirred ingress redirect dev d0'), packetOf(ethernet('0800', UDP), EGRESS))).toBe(
      Verdict.STOLEN,
    );
    expect(ask(bind('action mirred egress redirect dev d0'), packetOf(ethernet('0800', UDP), INGRESS))).toBe(
      Verdict.CONSUMED,
    );
    expect(copies).toEqual(['egress 8', 'ingress 7', 'egress 7']);
  });

  test('a device that is gone loses the packet that was to go there, not the one that was to be copied', () => {
    const made = bench();
    const gone = { ...made.world, device: (): string | null => null };
    const kinds = made.bind('action mirred egress mirror dev d1 action mirred egress redirect dev d1').instances;
    const verdicts = kinds.map(({ kind, value }) =>
      kind.compile(value, gone, made.env)(packetOf(ethernet('0800', UDP)), { classid: 0, handle: 0 }),
    );
    expect(verdicts).toEqual([Verdict.PIPE, Verdict.SHOT]);
  });
});
