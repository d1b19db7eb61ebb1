import { describe, expect, it } from 'vitest';
import { check } from '../index.ts';

const found = (...lines: readonly string[]) =>
  check(`${lines.map((line) => `tc ${line}`).join('\n')}\n`).findings.filter(({ code }) => code === 'FT005');

const HTB = ['qdisc add dev eth0 root handle 1: htb', 'class add dev eth0 parent 1: classid 1:10 htb rate 1mbit'];
const filter = (rest: string): string => `filter add dev eth0 parent 1: protocol ip prio 1 ${rest}`;

describe('FT005 of filters that name one class', () => {
  it.each([
    'u32 match ip protocol 1 0xff flowid',
    'u32 match ip protocol 1 0xff classid',
    'handle 7 fw classid',
    'flower ip_proto tcp classid',
    "basic match 'meta(fwmark eq 7)' flowid",
    'matchall flowid',
  ])('finds a class that is not there: %s', (words) => {
    expect(found(...HTB, filter(`${words} 1:77`))).toMatchObject([
      { severity: 'error', line: 3, length: 4, message: 'the class 1:77 does not exist', fix: null },
    ]);
    expect(found(...HTB, filter(`${words} 2:10`))).toHaveLength(1);
    expect(found(...HTB, filter(`${words} 1:10`))).toEqual([]);
  });

  it('says what becomes of the packets, as the kind decides', () => {
    const u32 = (id: string): string => filter(`u32 match ip protocol 1 0xff flowid ${id}`);
    const of = (qdisc: string, id: string) =>
      found(`qdisc add dev eth0 root handle 1: ${qdisc}`, u32(id)).map(
        ({ severity, effect }) => `${severity} ${effect}`,
      );
    expect(of('prio', '1:9')).toEqual(['warning prio puts those packets into the band of priority 0']);
    expect(of('prio bands 9', '1:9')).toEqual([]);
    expect(of('prio', '7:2')).toEqual([]);
    expect(of('ets bands 3', '1:9')).toEqual(['warning ets puts those packets into the band of priority 0']);
    expect(of('drr', '1:9')).toEqual(['error drr drops those packets']);
    expect(of('sfq divisor 8', '1:9')).toEqual(['error sfq drops those packets']);
    expect(of('sfq divisor 8', '1:8')).toEqual([]);
    // Of these no class counts.
    for (const kind of ['sfb', 'choke limit 100 bandwidth 1mbit avpkt 1000 min 10000 max 30000', 'cake'])
      expect(of(kind, '1:9')).toEqual([]);
    const toDefault = [...HTB, 'qdisc change dev eth0 root handle 1: htb default 10', u32('1:77')];
    expect(found(...toDefault)).toMatchObject([{ effect: expect.stringContaining('sends those packets direct') }]);
    const [, made = ''] = HTB;
    expect(found('qdisc add dev eth0 root handle 1: htb default 10', made, u32('1:77'))).toMatchObject([
      { severity: 'warning', effect: 'those packets go to the default class 1:10' },
    ]);
  });

  it('looks at bands of multiq for no class, since the queue decides', () => {
    expect(found('qdisc add dev eth0 root handle 1: multiq', filter('u32 match u32 0 0 flowid 1:99'))).toEqual([]);
    expect(
      found('qdisc add dev eth0 root handle 1: multiq', filter('handle 1 flow hash keys dst divisor 4 baseclass 1:99')),
    ).toEqual([]);
  });

  it.each([
    ['action drop', 0],
    ['action mirred egress redirect dev lo', 0],
    ['action skbedit priority 5 action drop', 0],
    ['action continue', 0],
    ['action mirred egress mirror dev lo', 1],
    ['action skbedit priority 5', 1],
    ['action pass', 1],
    ['action police rate 1mbit burst 10k conform-exceed drop/ok', 1],
  ])('counts the class only where an action leaves packets to it: %s', (action, count) => {
    expect(found(...HTB, filter(`u32 match u32 0 0 flowid 1:77 ${action}`))).toHaveLength(count);
  });

  it("takes htb's own number for the way past its classes, and asks no filter of a leaf", () => {
    expect(found(...HTB, filter('u32 match u32 0 0 flowid 1:'))).toEqual([]);
    const leaf = 'filter add dev eth0 parent 1:10 protocol ip prio 1 u32 match u32 0 0 flowid 1:77';
    expect(found(...HTB, leaf)).toEqual([]);
    expect(found('qdisc add dev eth0 root handle 1: drr', filter('u32 match u32 0 0 flowid 1:'))).toHaveLength(1);
  });

  it('knows nothing of qdiscs that the script does not make, nor of classes that variables hide', () => {
    expect(found(filter('u32 match u32 0 0 flowid 1:77'))).toEqual([]);
    const hidden = 'class add dev eth0 parent 1: classid 1:$i htb rate 1mbit';
    expect(found(...HTB, hidden, filter('u32 match u32 0 0 flowid 1:77'))).toEqual([]);
  });
});
