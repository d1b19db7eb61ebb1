import { describe, expect, test } from 'vitest';
import { FormatError } from '../../errors.ts';
import { kindOf, listedCommands } from './index.ts';

/** The commands, and what could not be read with its line. */
function read(text: string, nameless?: string): string[] {
  const kind = kindOf(text);
  if (kind !== 'dump' && kind !== 'listing') return [kind];
  return listedCommands(text, kind, nameless).map(({ line, words, unread }) =>
    words === null ? `${line}: ${unread}` : words.join(' '),
  );
}

describe('the kind of a text', () => {
  test.each([
    ['batch', 'qdisc add dev eth0 root sfq\n'],
    ['batch', '# home\n\n  q add dev eth0 root sfq\n'],
    ['shell', '#!/bin/sh\ntc qdisc add dev eth0 root sfq\n'],
    ['shell', '[ -f /etc/qos ] && tc qdisc add dev eth0 root sfq\n'],
    ['shell', '[[ $1 == start ]] && tc qdisc add dev eth0 root sfq\n'],
    ['shell', 'chain late {\n'],
    ['dump', '[{"kind":"sfq","handle":"1:","root":true,"options":{}}]'],
    ['dump', '[ ]\n'],
    ['dump', '[ [ {\n'],
    ['listing', 'qdisc sfq 1: root refcnt 2 limit 127p quantum 1514b\n'],
    ['listing', '# tc class show dev eth0\nclass htb 1:1 root rate 1Mbit ceil 1Mbit burst 1600b cburst 1600b\n'],
    ['listing', 'filter parent 1: protocol all pref 1 flow chain 0\n'],
    ['listing', 'filter protocol ip flow chain 0\n'],
    ['listing', 'filter block 22 protocol ip pref 1 fw chain 0\n'],
    ['batch', 'filter parent 1: protocol all\n'],
    ['binary', 'qdisc add dev eth0 root\0sfq'],
  ])('%s: %j', (kind, text) => expect(kindOf(text)).toBe(kind));
});

describe('a listing of tc', () => {
  test('gives the commands that make it: parents first, without counters and what the kernel puts there', () => {
    const listing = `qdisc noqueue 0: dev lo root refcnt 2
qdisc htb 1: dev eth0 root refcnt 2 r2q 10 default 0x20 direct_packets_stat 7 direct_qlen 1000
 Sent 8421 bytes 92 pkt (dropped 0, overlimits 3 requeues 0)
 backlog 0b 0p requeues 0
qdisc fq_codel 20: dev eth0 parent 1:20 limit 10240p flows 1024 quantum 1514 target 5ms interval 100ms memory_limit 32Mb drop_batch 64
class htb 1:20 dev eth0 parent 1:1 leaf 20: prio 0 rate 1Mbit ceil 10Mbit burst 1600b cburst 1600b
 lended: 3 borrowed: 0 giants: 0
class htb 1:1 dev eth0 root rate 10Mbit ceil 10Mbit burst 1600b cburst 1600b
filter parent 1: protocol ip pref 5 u32 chain 0
filter parent 1: protocol ip pref 5 u32 chain 0 fh 800: ht divisor 1
filter parent 1: protocol ip pref 5 u32 chain 0 fh 800::800 order 2048 key ht 800 bkt 0 *flowid 1:20 not_in_hw (rule hit 9 success 4)
  match c6336400/ffffff00 at 16 (success 4 )
`;
    expect(read(listing)).toEqual([
      'qdisc add dev eth0 root handle 1: htb r2q 10 default 0x20 direct_qlen 1000',
      'class add dev eth0 root classid 1:1 htb rate 10Mbit ceil 10Mbit burst 1600 cburst 1600',
      'class add dev eth0 parent 1:1 classid 1:20 htb prio 0 rate 1Mbit ceil 10Mbit burst 1600 cburst 1600',
      'qdisc add dev eth0 parent 1:20 handle 20: fq_codel limit 10240 flows 1024 quantum 1514 target 5ms interval 100ms memory_limit 32Mb drop_batch 64 noecn',
      'filter add dev eth0 parent 1: protocol ip pref 5 handle ::800 u32 flowid 1:20 match u32 0xc6336400 0xffffff00 at 16',
    ]);
  });

  test('without a device is one of the device that is asked about', () => {
    const text = 'qdisc sfq 1: root refcnt 2 limit 127p quantum 1514b depth 127 divisor 1024 perturb 10sec\n';
    expect(read(text)).toEqual([
      'qdisc add dev dev0 root handle 1: sfq quantum 1514b depth 127 divisor 1024 perturb 10',
    ]);
    expect(read(text, 'wan')[0]).toMatch(/^qdisc add dev wan root /);
  });

  test('puts what names no device where a qdisc of that number is, or says that nothing tells it', () => {
    const eth0 = 'qdisc drr 1: dev eth0 root refcnt 2\n';
    const eth1 = 'qdisc drr 2: dev eth1 root refcnt 2\n';
    const classOf2 = 'class drr 2:1 root quantum 1514b\n';
    expect(read(eth0 + eth1 + classOf2)).toContain('class add dev eth1 root classid 2:1 drr quantum 1514b');
    expect(read(eth0 + eth1.replace('2:', '1:') + classOf2.replace('2:1', '1:1')).at(-1)).toBe(
      '3: on which device this is, is not told',
    );
  });

  test('takes a filter without a parent for one of the only qdisc, and says so where it could hang on a class', () => {
    const filter = 'filter protocol all pref 1 flow chain 0 handle 0x1 map keys mark baseclass 1:1\n';
    const made = 'filter add dev dev0 parent 1: protocol all pref 1 handle 0x1 flow map keys mark baseclass 1:1';
    expect(read(`qdisc drr 1: root refcnt 2\n${filter}`)).toContain(made);
    expect(read(`qdisc drr 1: root refcnt 2\nclass drr 1:1 root quantum 1514b\n${filter}`).slice(-2)).toEqual([
      made,
      '3: its parent is not printed: 1: is taken, no class',
    ]);
    const two = `qdisc drr 1: root refcnt 2\nqdisc sfq 10: parent 1:1 limit 127p\n${filter}`;
    expect(read(two).at(-1)).toBe('3: its parent is not printed, and could be any of several');
    expect(read(two)).not.toContain(made);
  });

  test.each([
    [
      'gact action goto chain 5\n\t random type none pass val 0\n\t index 1 ref 1 bind 1',
      'action gact goto chain 5 index 1',
    ],
    [
      'gact action drop\n\t random type determ pass val 9\n\t index 1 ref 1 bind 1 installed 9 sec used 8 sec\n\tAction statistics:\n\tSent 8 bytes 1 pkt (dropped 1, overlimits 0 requeues 0)\n\tbacklog 0b 0p requeues 0',
      'action gact drop random determ pass 9 index 1',
    ],
    [
      'mirred (Egress Redirect to device ifb0) stolen\n\tindex 3 ref 1 bind 1\n\tcookie 00ff',
      'action mirred egress redirect dev ifb0 index 3 cookie 00ff',
    ],
    [
      'mirred (Ingress Mirror to device ifb0) pipe\n\tindex 3 ref 1 bind 1',
      'action mirred ingress mirror dev ifb0 pipe index 3',
    ],
    ['skbedit  mark 5/0xff pipe\n\t index 1 ref 1 bind 1', 'action skbedit mark 5/0xff pipe index 1'],
    [
      'ctinfo zone 0 pipe\n\t index 1 ref 1 bind 1 cpmark 0xffffffff',
      'action ctinfo cpmark 0xffffffff zone 0 pipe index 1',
    ],
    ['csum (iph, udp) action pass\n\tindex 1 ref 1 bind 1', 'action csum iph udp pass index 1'],
    [
      ' police 0xb rate 1Mbit burst 10Kb mtu 2Kb action drop/pipe overhead 0b\n\tref 1 bind 1',
      'action police index 11 rate 1Mbit burst 10240 mtu 2Kb conform-exceed drop/pipe overhead 0',
    ],
  ])('reads the action %j', (printed, typed) => {
    const head = 'filter parent 1: protocol ip pref 1 matchall chain 0';
    const text = `${head}\n${head} handle 0x1 flowid 1:1\n  not_in_hw\n\taction order 1: ${printed}\n\n`;
    expect(read(text)).toEqual([
      `filter add dev dev0 parent 1: protocol ip pref 1 handle 0x1 matchall flowid 1:1 ${typed}`,
    ]);
  });

  test.each([
    ['matchall chain 0 handle 0x1\n\taction order 1:  pedit action pass keys 1\n \t index 1 ref 1 bind 1', 'pedit'],
    ['flow chain 0 handle 0x1 map keys mark wobble 5', '"wobble" of flow is not known here'],
    ['flow chain 0 handle 0x1 map keys src,dst', 'tc does not take back'],
  ])('leaves out a filter of which not all can be read: %s', (printed, why) => {
    const [lost = '', ...more] = read(`filter parent 1: protocol ip pref 1 ${printed}\n`);
    expect([lost.startsWith('1: '), lost.includes(why), more]).toEqual([true, true, []]);
  });

  test('makes a qdisc without the part that tc does not print, and says which', () => {
    const red = 'qdisc red 1: root refcnt 2 limit 60Kb min 5Kb max 15Kb ecn\n';
    expect(read(red)).toEqual([
      'qdisc add dev dev0 root handle 1: red limit 60Kb min 5Kb max 15Kb ecn avpkt 1000',
      '1: tc does not print the avpkt of red: 1000 is taken',
    ]);
    const newer = 'qdisc fq 1: root refcnt 2 limit 10000p weights 589824 196608 65536 quantum 3028b\n';
    expect(read(newer).slice(0, 2)).toEqual([
      'qdisc add dev dev0 root handle 1: fq limit 10000 quantum 3028',
      '1: "weights 589824 196608 65536" is not known here',
    ]);
  });

  test('does not guess whose root table it is where several classes have u32 filters of one preference', () => {
    const at = (parent: string, rest: string): string =>
      `filter parent ${parent} protocol ip pref 1 u32 chain 0 ${rest}\n`;
    const tables = ['1:1', '1:2'].flatMap((parent) => [
      at(parent, 'fh 801: ht divisor 1'),
      at(parent, 'fh 801::800 order 2048 key ht 801 bkt 0 *flowid 1:3'),
      at(parent, 'fh 800: ht divisor 1'),
    ]);
    expect(read(tables.join('')).every((line) => line.includes('u32 tables of several classes'))).toBe(true);
  });
});

describe('a dump of tc -j', () => {
  test('is one array or several, one after the other or one in another', () => {
    const qdisc =
      '[{"kind":"htb","handle":"1:","dev":"eth0","root":true,"refcnt":2,"options":{"r2q":10,"default":"0x20"}}]';
    const cls =
      '[{"class":"htb","handle":"1:1","root":true,"prio":0,"rate":125000,"ceil":125000,"burst":1600,"cburst":1600}]';
    const commands = [
      'qdisc add dev eth0 root handle 1: htb r2q 10 default 0x20',
      'class add dev eth0 root classid 1:1 htb prio 0 rate 125000bps ceil 125000bps burst 1600 cburst 1600',
    ];
    expect(read(`${qdisc}\n${cls}\n`)).toEqual(commands);
    expect(read(`[${qdisc},${cls}]`)).toEqual(commands);
  });

  test('keeps every key of u32, whose members have one name all', () => {
    const filter =
      '{"protocol":"ip","pref":1,"kind":"u32","chain":0,"options":{"fh":"800::800","order":2048,"key_ht":"800","bkt":"0","flowid":"1:1","match":{"value":"a","mask":"ff","offmask":"","off":8},"match":{"value":"b","mask":"ff","offmask":"","off":12}}}';
    const table = '{"protocol":"ip","pref":1,"kind":"u32","chain":0,"options":{"fh":"800:","ht_divisor":1}}';
    expect(read(`[${table},${filter}]`)).toEqual([
      'filter add dev dev0 protocol ip pref 1 handle ::800 u32 flowid 1:1 match u32 0x0000000a 0x000000ff at 8 match u32 0x0000000b 0x000000ff at 12',
    ]);
  });

  test('that lacks a policer of old is not read without it', () => {
    const text =
      '[{"protocol":"all","pref":1,"kind":"flow","chain":0,"options":{handle 0x1 map keys mark baseclass 1:1 "kind":"police","index":1}}]';
    expect(read(text)).toEqual(['1: the rates of its police are not in the JSON of tc']);
  });

  test.each(['[{"kind":"sfq"', '[{"kind":"sfq","handle":"1:"}', '[{"a":1}] tc', '[{"a":1}]]', '[{"a":}]'])(
    'that is none is a FormatError: %s',
    (text) => expect(() => listedCommands(text, 'dump')).toThrow(FormatError),
  );
});
