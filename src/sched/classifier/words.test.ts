import { describe, expect, it } from 'vitest';
import { UsageError } from '../../errors.ts';
import { shellWords, Words } from '../../lang/index.ts';
import { AttrWriter, hexOf } from '../../netlink/index.ts';
import { PLAIN, type Talk } from '../notation.ts';
import { findClassifier } from './index.ts';

const TALK: Talk = {
  ifindex: (name) => (name === 'd1' ? 3 : 0),
  device: (ifindex) => (ifindex === 3 ? 'd1' : null),
  set: () => null,
  warn: () => {},
  show: { ...PLAIN, stats: false },
};

/** `[handle H] KIND WORDS…` as tc would send it: handle, and TCA_OPTIONS in hex. */
function speak(line: string, protocol = 0x0800): { handle: number; options: string } {
  const words = new Words(shellWords(line));
  const handle = words.takeExact('handle') ? words.next() : null;
  const kind = findClassifier(words.next());
  const w = new AttrWriter();
  const number = kind?.speak(handle, words, w, TALK, protocol) ?? -1;
  return { handle: number >>> 0, options: hexOf(w.done()) };
}

function refusal(line: string, protocol?: number): string {
  try {
    speak(line, protocol);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return 'accepted';
}

/** Requests recorded from tc 6.1.0: what follows TCA_KIND. */
const REQUESTS: readonly (readonly [line: string, options: string, protocol?: number])[] = [
  [
    'u32 match ip src 10.0.0.0/8 flowid 1:10',
    '3000020008000100100001002400050001000100000000000000000000000000ff0000000a0000000c00000000000000',
  ],
  [
    'u32 match ip dst 1.2.3.4 match ip dport 80 0xffff flowid 1:20',
    '4000020008000100200001003400050001000200000000000000000000000000ffffffff0102030410000000000000000000ffff000000501400000000000000',
  ],
  [
    'u32 match u8 0x40 0xf0 at 0 match u16 0x14 0xffff at nexthdr+2 match u32 0x1234 0xffffffff at -8 flowid 1:10',
    '5000020008000100100001004400050001000300000000000000000000000000f00000004000000000000000000000000000ffff0000001400000000ffffffffffffffff00001234f8ffffff00000000',
  ],
  [
    'u32 match mark 5 0xff flowid 1:20',
    '3000020010000a0005000000ff0000000000000008000100200001001400050001000000000000000000000000000000',
  ],
  [
    'u32 match ip firstfrag flowid 1:10',
    '300002000800010010000100240005000100010000000000000000000000000000003fff000020000400000000000000',
  ],
  [
    'u32 match tcp src 80 0xffff match udp dst 53 0xffff flowid 1:10',
    '3000020008000100100001002400050001000100000000000000000000000000ffffffff0050003500000000ffffffff',
  ],
  [
    'u32 match ether src 00:11:22:33:44:55 match ether dst aa:bb:cc:dd:ee:ff flowid 1:10',
    '6000020008000100100001005400050001000400000000000000000000000000ffffffff00112233f8ffffff00000000ffff000044550000fcffffff000000000000ffff0000aabbf0ffffff00000000ffffffffccddeefff4ffffff00000000',
  ],
  [
    'u32 match u32 0 0 action drop',
    '58000200300007002c0001000900010067616374000000001c000280180002000000000000000000020000000000000000000000240005000100010000000000000000000000000000000000000000000000000000000000',
  ],
  [
    'u32 match u32 0 0 indev d0 flowid 1:10',
    '3800020007000800643000000800010010000100240005000100010000000000000000000000000000000000000000000000000000000000',
  ],
  [
    'u32 match u32 0 0 skip_hw flowid 1:10',
    '38000200080001001000010024000500010001000000000000000000000000000000000000000000000000000000000008000b0001000000',
  ],
  [
    'u32 match u32 0 0 offset at 0 mask 0x0f00 shift 6 plus 4 eat flowid 1:10',
    '300002000800010010000100240005000f0601000f000400000000000000000000000000000000000000000000000000',
  ],
  [
    'u32 match u32 0 0 hashkey mask 0xff at 12 flowid 1:10',
    '30000200080001001000010024000500010001000000000000000c00000000ff00000000000000000000000000000000',
  ],
  ['handle 1: u32 divisor 256', '0c0002000800040000010000'],
  [
    'u32 ht 1:10 match ip src 10.0.0.16 flowid 1:10',
    '38000200080001001000010008000200000011002400050001000100000000000000000000000000ffffffff0a0000100c00000000000000',
  ],
  [
    'u32 ht 1: sample ip src 10.0.0.77 match ip src 10.0.0.77 flowid 1:10',
    '3800020008000100100001000800020000d014002400050001000100000000000000000000000000ffffffff0a00004d0c00000000000000',
  ],
  [
    'u32 ht 2: sample u8 0x33 0xff at 8 divisor 16 match ip src 10.0.0.77 flowid 1:10',
    '38000200080001001000010008000200003020002400050001000100000000000000000000000000ffffffff0a00004d0c00000000000000',
  ],
  [
    'u32 ht 800:: match ip src 10.0.0.0/24 hashkey mask 0x000000ff at 12 link 1:',
    '380002000800030000001000080002000000008024000500000001000000000000000c00000000ffffffff000a0000000c00000000000000',
  ],
  [
    'u32 match ip src 10.0.1.0/24 hashkey mask 0x000000ff at 12 link 1:',
    '30000200080003000000100024000500000001000000000000000c00000000ffffffff000a0001000c00000000000000',
  ],
  [
    'u32 match u32 0 0 link 2: offset at 0 mask 0x0f00 shift 6 eat',
    '300002000800030000002000240005000c0601000f000000000000000000000000000000000000000000000000000000',
  ],
  [
    'u32 match u32 0 0 at next 8 flowid 1:1',
    '3000020008000100010001002400050001000100000000000000000000000000000000000000000008000000ffffffff',
  ],
  [
    'u32 match ip src 10.8/16 flowid 1:1',
    '3000020008000100010001002400050001000100000000000000000000000000ffff00000a0800000c00000000000000',
  ],
  [
    'u32 match ip src 1.2.3.4/255.255.0.0 flowid 1:1',
    '3000020008000100010001002400050001000100000000000000000000000000ffff0000010200000c00000000000000',
  ],
  [
    'u32 match ip6 dst 2001:db8::1/33 at 40 flowid 1:1',
    '4000020008000100010001003400050001000200000000000000000000000000ffffffff20010db8280000000000000080000000000000002c00000000000000',
  ],
  ['handle 7/0xff fw classid 1:10', '1400020008000500ff0000000800010010000100', 0x0003],
  ['handle 7 fw classid 1:10 indev d0', '1400020008000100100001000700030064300000', 0x0003],
  ['matchall skip_hw flowid 1:1', '1400020008000100010001000800030001000000', 0x0003],
  [
    "basic match 'meta(nf_mark eq 4)' classid 1:10",
    '440002003800020008000100010000002c0002002800010000000400000000000c0001000c10000000100000080002000000000008000300040000000800010010000100',
  ],
  ['flower', '1400020008001600000000000600080008000000'],
  [
    'flower dst_ip 1.2.3.4 classid 1:10',
    '2c00020008000c000102030408000d00ffffffff080001001000010008001600000000000600080008000000',
  ],
  [
    'flower src_ip 10.0.0.0/8 dst_ip 1.2.3.0/24 ip_proto tcp dst_port 80 classid 1:10',
    '4c00020008000a000a00000008000b00ff00000008000c000102030008000d00ffffff0005000900060000000600130000500000080001001000010008001600000000000600080008000000',
  ],
  [
    'flower ip_proto udp src_port 53 dst_port 1000-2000 flowid 1:10',
    '3c000200050009001100000006001400003500000600590003e8000006005a0007d00000080001001000010008001600000000000600080008000000',
  ],
  [
    'flower ip_proto tcp tcp_flags 0x2/0x12 classid 1:10',
    '34000200050009000600000006004700000200000600480000120000080001001000010008001600000000000600080008000000',
  ],
  [
    'flower ip_proto tcp tcp_flags 2 classid 1:10',
    '3400020005000900060000000600470000020000060048000fff0000080001001000010008001600000000000600080008000000',
  ],
  [
    'flower ip_tos 0x10 ip_ttl 64 classid 1:10',
    '3c000200050049001000000005004a00ff00000005004b004000000005004c00ff000000080001001000010008001600000000000600080008000000',
  ],
  [
    'flower ip_tos 0x10/fc ip_ttl 64/0xf0 classid 1:10',
    '3c000200050049001000000005004a00fc00000005004b004000000005004c00f0000000080001001000010008001600000000000600080008000000',
  ],
  [
    'flower src_mac 00:11:22:33:44:55 dst_mac aa:bb:cc:dd:ee:ff/24 classid 1:10',
    '4c0002000a00060000112233445500000a000700ffffffffffff00000a000400aabbccddeeff00000a000500ffffff0000000000080001001000010008001600000000000600080008000000',
  ],
  [
    'flower src_mac 00:11:22:33:44:55/ff:ff:00:00:00:00 classid 1:10',
    '340002000a00060000112233445500000a000700ffff000000000000080001001000010008001600000000000600080008000000',
  ],
  [
    'flower dst_mac aa:bb:cc:dd:ee:ff/ff:00:ff:00:00:00 classid 1:10',
    '340002000a000400aabbccddeeff00000a000500ff00ff0000000000080001001000010008001600000000000600080008000000',
  ],
  [
    'flower vlan_id 100 vlan_prio 3 vlan_ethtype ipv4 dst_ip 1.2.3.4 classid 1:10',
    '4400020006001700640000000500180003000000060019000800000008000c000102030408000d00ffffffff080001001000010008001600000000000600080081000000',
    0x8100,
  ],
  [
    'flower vlan_id 100 classid 1:10',
    '240002000600170064000000080001001000010008001600000000000600080081000000',
    0x8100,
  ],
  [
    'flower src_ip 2001:db8::/32 dst_ip ::1 ip_proto icmpv6 classid 1:10',
    '7400020014000e0020010db800000000000000000000000014000f00ffffffff000000000000000000000000140010000000000000000000000000000000000114001100ffffffffffffffffffffffffffffffff050009003a000000080001001000010008001600000000000600080086dd0000',
    0x86dd,
  ],
  ['flower classid 1:10', '1400020008000100100001000800160000000000', 0x0003],
  ['flower ip_proto 0x2f classid 1:10', '24000200050009002f000000080001001000010008001600000000000600080008000000'],
  [
    'flower ip_proto tcp dst_port 80/0xfff0 classid 1:10',
    '340002000500090006000000060013000050000006002400fff00000080001001000010008001600000000000600080008000000',
  ],
  ['flower skip_hw classid 1:10', '1c000200080001001000010008001600010000000600080008000000'],
  ['flower skip_sw classid 1:10', '1c000200080001001000010008001600020000000600080008000000'],
  ['flower skip_sw skip_hw classid 1:10', '1c000200080001001000010008001600030000000600080008000000'],
  ['flower verbose classid 1:10', '1c000200080001001000010008001600100000000600080008000000'],
  ['flower indev d0 classid 1:10', '240002000700020064300000080001001000010008001600000000000600080008000000'],
  [
    'flower indev nodev classid 1:10',
    '280002000a0002006e6f646576000000080001001000010008001600000000000600080008000000',
  ],
  [
    'handle 77 flower dst_ip 1.1.1.1 action drop',
    '5400020008000c000101010108000d00ffffffff300003002c0001000900010067616374000000001c00028018000200000000000000000002000000000000000000000008001600000000000600080008000000',
  ],
  [
    'flower action drop',
    '44000200300003002c0001000900010067616374000000001c00028018000200000000000000000002000000000000000000000008001600000000000600080008000000',
  ],
  [
    'flower ip_proto sctp src_port 5 classid 1:10',
    '2c00020005000900840000000600290000050000080001001000010008001600000000000600080008000000',
  ],
  ['flower src_ip any classid 1:10', '2400020004000a0004000b00080001001000010008001600000000000600080008000000'],
  [
    'flower src_ip 0.0.0.0/0 classid 1:10',
    '2c00020008000a000000000008000b0000000000080001001000010008001600000000000600080008000000',
  ],
  ['flower ip_prot tcp cl 1:10', '240002000500090006000000080001001000010008001600000000000600080008000000'],
  [
    'flower ip_proto t src_port 1-2 dst_port 3 flow 1:10',
    '3c0002000500090006000000060057000001000006005800000200000600130000030000080001001000010008001600000000000600080008000000',
  ],
  [
    'flower ip_proto tcp src_port 1-2 dst_port 3-4 flow 1:10',
    '44000200050009000600000006005700000100000600580000020000060059000003000006005a0000040000080001001000010008001600000000000600080008000000',
  ],
  [
    'flower dst_ip 1.2.3.4 dst_ip 5.6.7.8 classid 1:10',
    '3c00020008000c000102030408000d00ffffffff08000c000506070808000d00ffffffff080001001000010008001600000000000600080008000000',
  ],
  [
    'flower dst_ip 1.2.3.4 classid 1:20',
    '2c00020008000c000102030408000d00ffffffff080001002000010008001600000000000600080008000000',
  ],
  [
    'flower dst_ip 1.2.3.5 classid 1:20',
    '2c00020008000c000102030508000d00ffffffff080001002000010008001600000000000600080008000000',
  ],
  [
    'flower dst_ip 1.2.3.0/24 classid 1:20',
    '2c00020008000c000102030008000d00ffffff00080001002000010008001600000000000600080008000000',
  ],
  [
    'flower src_ip 9.9.9.9 classid 1:10',
    '2c00020008000a000909090908000b00ffffffff080001001000010008001600000000000600080008000000',
  ],
  [
    'flower dst_ip 1.2.0.0/16 classid 1:10',
    '2c00020008000c000102000008000d00ffff0000080001001000010008001600000000000600080008000000',
  ],
  [
    'flower ip_proto tcp dst_port 5 classid 1:10',
    '2c00020005000900060000000600130000050000080001001000010008001600000000000600080008000000',
  ],
  [
    'flower ip_proto tcp dst_port 5-6 classid 1:10',
    '340002000500090006000000060059000005000006005a0000060000080001001000010008001600000000000600080008000000',
  ],
  [
    'flower ip_proto tcp dst_port 5-7 classid 1:10',
    '340002000500090006000000060059000005000006005a0000070000080001001000010008001600000000000600080008000000',
  ],
  [
    'flower ip_proto tcp dst_port 10 classid 1:10',
    '2c000200050009000600000006001300000a0000080001001000010008001600000000000600080008000000',
  ],
  [
    'handle 5 flower dst_ip 7.7.7.7 classid 1:10',
    '2c00020008000c000707070708000d00ffffffff080001001000010008001600000000000600080008000000',
  ],
  [
    'handle 5 flower dst_ip 7.7.7.8 classid 1:10',
    '2c00020008000c000707070808000d00ffffffff080001001000010008001600000000000600080008000000',
  ],
];

describe('words become the bytes that tc 6.1.0 sends', () => {
  for (const [line, options, protocol] of REQUESTS) {
    it(line, () => expect(speak(line, protocol).options).toBe(options));
  }
});

describe('handles', () => {
  it('of u32 are table, bucket and node, in hex', () => {
    expect(speak('handle 800::801 u32 match u32 0 0').handle).toBe(0x80000801);
    expect(speak('handle 1:10:5 u32 match u32 0 0').handle).toBe(0x00110005);
    expect(speak('handle ::6 u32 match u32 0 0').handle).toBe(6);
    expect(speak('handle 0x80000801 u32 match u32 0 0').handle).toBe(0x80000801);
  });
  it('of u32 take the order as their node', () => {
    expect(speak('u32 order 7 match u32 0 0').handle).toBe(7);
    expect(refusal('handle 800::5 u32 order 6 match u32 0 0')).toBe('"order" contradicts "handle"');
  });
  it('of fw are a mark with an optional mask', () => {
    expect(speak('handle 0x12/0xf0 fw classid 1:1').handle).toBe(0x12);
    expect(refusal('handle 5/zz fw classid 1:1')).toBe('Illegal "handle" mask');
  });
  it('of matchall and basic that are no number are 0, and the largest is refused', () => {
    expect(speak('handle zz matchall flowid 1:1').handle).toBe(0);
    expect(speak('handle -1 matchall flowid 1:1').handle).toBe(0xffffffff);
    expect(speak('handle 077 basic flowid 1:1').handle).toBe(63);
    expect(refusal('handle 99999999999999999999 basic classid 1:1')).toBe(
      'Illegal handle "99999999999999999999", must be numeric.',
    );
  });
});

/** What tc 6.1.0 said. */
const REFUSALS: readonly (readonly [line: string, said: string, protocol?: number])[] = [
  ['u32 match ip ihl 5 0xf match ip df match ip mf match ip nofrag flowid 1:10', 'Illegal "match"'],
  [
    'u32 match ip6 dst 2001:db8::/32 match ip6 src fe80::1/64 match ip6 dport 80 0xffff match ip6 sport 1 0xffff match ip6 protocol 6 0xff match ip6 priority 0xb8 0xfc match ip6 flowlabel 0x12345 0xfffff match ip6 icmp_type 1 0xff flowid 1:10',
    'Illegal "match"',
    0x86dd,
  ],
  ['handle zz u32 match u32 0 0', 'Illegal filter ID'],
  ['u32 match foo', 'Illegal "match"'],
  ['u32 match ip foo 1', 'Illegal "match"'],
  ['u32 match ip src', 'Illegal "match"'],
  ['u32 match ip src 1.2.3.4.5', 'Illegal "match"'],
  ['u32 match ip src 1.2.3.4/33', 'Illegal "match"'],
  ['u32 match ip src ::1', 'Illegal "match"'],
  ['u32 match ip dport 80', 'Illegal "match"'],
  ['u32 match ip dport 80 zz', 'Illegal "match"'],
  ['u32 match ip dport 70000 0xffff', 'Illegal "match"'],
  ['u32 match ip dport http 0xffff', 'Illegal "match"'],
  ['u32 match u32 1 1 at 3', 'Illegal "match"'],
  ['u32 match u32 1 1 at zz', 'Illegal "match"'],
  ['u32 match u16 1 1 at 2 match u16 2 1 at 2 flowid 1:1', 'Illegal "match"'],
  ['u32 match u8 256 0xff at 0', 'Illegal "match"'],
  ['u32 match ip protocol tcp 0xff', 'Illegal "match"'],
  ['u32 match mark 5', 'Illegal "match"'],
  ['u32 match mark x 1', 'Illegal "mark" value\nIllegal "match"'],
  ['u32 match mark 5 x', 'Illegal "mark" mask\nIllegal "match"'],
  ['u32 match ether src zz', 'parse_ether_addr: improperly formed address \'zz\'\nIllegal "match"'],
  ['u32 match ether foo zz', 'Unknown match: ether foo\nIllegal "match"'],
  ['u32 divisor 3', 'Illegal "divisor"'],
  ['u32 divisor 512', 'Illegal "divisor"'],
  ['u32 divisor 0', 'Illegal "divisor"'],
  ['u32 order zz match u32 0 0', 'Illegal "order"'],
  ['handle 800::5 u32 order 6 match u32 0 0', '"order" contradicts "handle"'],
  ['u32 link zz', 'Illegal "link"'],
  ['u32 link 1::5', '"link" must be a hash table.'],
  ['u32 ht zz', 'Illegal "ht"'],
  ['handle ::1 u32 ht 800::5 match u32 0 0', '"ht" must be a hash table.'],
  ['u32 sample foo', 'Illegal "sample"'],
  ['u32 sample u32 0 0 divisor 3', 'Illegal sample "divisor"'],
  ['u32 sample ether src 1:2:3:4:5:6', '"sample" must contain exactly ONE key.'],
  ['u32 indev', 'Illegal indev'],
  ['u32 classid zz:zz', 'Illegal "classid"'],
  ['u32 foo', 'What is "foo"?'],
  ['u32 skip_hw skip_sw match u32 0 0', 'skip_hw and skip_sw are mutually exclusive'],
  ['u32 offset zz match u32 0 0', 'What is "zz"?'],
  ['u32 offset plus zz', 'Illegal "offset"'],
  ['u32 offset at 3 match u32 0 0', 'offset "at" must be even\nIllegal "offset"'],
  ['u32 offset mask zz', 'Illegal "offset"'],
  ['u32 offset shift zz', 'Illegal "offset"'],
  ['u32 hashkey mask zz', 'Illegal "hashkey"'],
  ['u32 hashkey at 3', 'Illegal "hashkey"'],
  ['u32 match u32 0 0 at nexthdr+ flowid 1:1', 'Illegal "match"'],
  ['u32 match ip6 dst 1.2.3.4 flowid 1:1', 'Illegal "match"'],
  ['u32 match ip6 priority 5 flowid 1:1', 'Illegal "match"'],
  ['u32 match ip src 1.2.3.4 match ip src 1.2.3.5 flowid 1:1', 'Illegal "match"'],
  ['u32 match udp foo 1 1', 'Illegal "match"'],
  ['u32 match icmp foo 1 1', 'Illegal "match"'],
  ['u32 match ip6 foo 1 1', 'Illegal "match"'],
  ['u32 match u32 0x12 0xZ flowid 1:1', 'Illegal "match"'],
  ['u32 match u32 -1 ffffffff flowid 1:1', 'Illegal "match"'],
  ['handle zz fw classid 1:1', 'Illegal "handle"', 0x0003],
  ['handle 5/zz fw classid 1:1', 'Illegal "handle" mask', 0x0003],
  ['handle 5 fw classid zz', 'Illegal "classid"', 0x0003],
  ['handle 10 fw foo', 'What is "foo"?', 0x0003],
  ['handle 10 fw indev', 'Illegal indev', 0x0003],
  ['matchall skip_hw skip_sw flowid 1:1', 'skip_hw and skip_sw are mutually exclusive', 0x0003],
  ['matchall foo', 'What is "foo"?', 0x0003],
  ['matchall classid zz', 'Illegal "classid"', 0x0003],
  [
    'handle 99999999999999999999 matchall flowid 1:1',
    'Illegal handle "99999999999999999999", must be numeric.',
    0x0003,
  ],
  ['matchall flow 1:1', 'What is "flow"?', 0x0003],
  ['handle 99999999999999999999 basic classid 1:1', 'Illegal handle "99999999999999999999", must be numeric.'],
  ['basic foo', 'What is "foo"?'],
  ['basic classid zz', 'Illegal "classid"'],
  [
    'flower vlan_prio 1 classid 1:10',
    'Can\'t set "vlan_prio" if ethertype isn\'t 802.1Q or 802.1AD and num_of_vlans is 0',
  ],
  [
    'flower vlan_ethtype ipv4 classid 1:10',
    'Can\'t set "vlan_ethtype" if ethertype isn\'t 802.1Q or 802.1AD and num_of_vlans is 0',
  ],
  ['flower vlan_id 5000 classid 1:10', 'Illegal "vlan_id"', 0x8100],
  ['flower vlan_prio 9 classid 1:10', 'Illegal "vlan_prio"', 0x8100],
  ['flower vlan_ethtype zz classid 1:10', 'Error: argument "zz" is wrong: invalid vlan_ethtype', 0x8100],
  ['flower src_ip 1.2.3.4 classid 1:10', 'Error: inet6 prefix is expected rather than "1.2.3.4".', 0x86dd],
  ['flower src_ip ::1 classid 1:10', 'Error: inet prefix is expected rather than "::1".'],
  ['flower ip_proto tcp classid 1:10', 'Illegal "eth_type" for ip proto\nIllegal "ip_proto"', 0x0003],
  ['flower ip_proto zz classid 1:10', 'Illegal "ip_proto"'],
  ['flower dst_port 80 classid 1:10', 'Illegal "dst_port"'],
  ['flower ip_proto icmp dst_port 80 classid 1:10', 'Illegal "dst_port"'],
  ['flower ip_proto tcp dst_port zz classid 1:10', 'Illegal "dst_port"'],
  ['flower ip_proto tcp dst_port 20-10 classid 1:10', 'max value should be greater than min value\nIllegal "dst_port"'],
  ['flower ip_proto tcp dst_port 10-zz classid 1:10', 'Illegal "dst_port"'],
  ['flower ip_proto tcp dst_port 80/zz classid 1:10', 'Illegal "dst_port"'],
  ['flower ip_tos zz', 'Illegal "ip_tos"'],
  ['flower ip_ttl zz', 'Illegal "ip_ttl"'],
  ['flower tcp_flags zz', 'Illegal "tcp_flags"'],
  ['flower ip_proto tcp tcp_flags 0x1000', 'Illegal "tcp_flags"'],
  ['flower src_mac zz', '"zz" is invalid lladdr.\nIllegal "src_mac"'],
  ['flower src_ip zz', 'Error: inet prefix is expected rather than "zz".'],
  ['flower src_ip 1.2.3.4/40', 'Error: inet prefix is expected rather than "1.2.3.4/40".'],
  ['flower classid zz', 'Illegal "classid"'],
  ['flower foo', 'What is "foo"?'],
  ['handle zz flower classid 1:10', 'Illegal "handle"'],
  ['flower eth_type ipv4 classid 1:10', 'What is "eth_type"?'],
];

describe('words are refused as tc 6.1.0 refuses them', () => {
  for (const [line, said, protocol] of REFUSALS) {
    it(line, () => expect(refusal(line, protocol)).toBe(said));
  }
});
