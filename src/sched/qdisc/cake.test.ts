import { expect, test } from 'vitest';
import { fact, kindOf, payloadOf, ROOT, refusal, settled, shown, spoken } from '../../../test/qdiscs.ts';

test.each([
  ['', '04000200'],
  ['bandwidth 10mbit', '180002000c000200d0121300000000000800090000000000'],
  ['bandwidth 50gbit besteffort', '200002000c000200806e87740100000008000300030000000800090000000000'],
  ['bandwidth 0', '0c0002000800090000000000'],
  ['unlimited', '180002000c00020000000000000000000800090000000000'],
  ['bandwidth 10mbit autorate-ingress', '180002000c000200d0121300000000000800090001000000'],
  ['rtt 50ms', '140002000800070050c3000008000800c4090000'],
  ['rtt 10us', '14000200080007000a0000000800080001000000'],
  ['metro', '14000200080007001027000008000800f4010000'],
  ['diffserv3', '0c0002000800030000000000'],
  ['diffserv', '0c0002000800030001000000'],
  ['flowblind', '0c0002000800050000000000'],
  ['dual-srchost nat wash', '1c000200080005000500000008000b000100000008000d0001000000'],
  ['conservative', '1400020008000400010000000800060030000000'],
  ['raw', '1c0002000800040000000000080006000000000008000c0000000000'],
  ['overhead 5 raw', '1c0002000800040000000000080006000000000008000c0000000000'],
  ['raw overhead 5', '1c0002000800040000000000080006000500000008000c0000000000'],
  ['ethernet ether-vlan ether-vlan', '14000200080006002e00000008000e0054000000'],
  ['docsis', '1c0002000800040000000000080006001200000008000e0040000000'],
  ['pppoe-ptm', '140002000800040002000000080006001e000000'],
  ['overhead -4 mpu 64', '1400020008000600fcffffff08000e0040000000'],
  ['memlimit 32m fwmark 0xff', '1400020008000a000000000208001200ff000000'],
  ['fwmark 0', '04000200'],
  ['ingress ack-filter-aggressive no-split-gso', '1c000200080011000000000008000f00010000000800100002000000'],
  ['via-ethernet', '04000200'],
])('tc qdisc add … cake %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('cake', line))).toBe(bytes);
});

test.each([
  ['bandwidth x', '1: Illegal "bandwidth"'],
  ['rtt x', '1: Illegal "rtt"'],
  ['overhead 300', '1: Illegal "overhead", valid range is -64 to 256\\n'],
  ['mpu x', '1: Illegal "mpu", valid range is 0 to 256\\n'],
  ['memlimit x', '1: Illegal value for "memlimit": "x"'],
  ['fwmark x', '1: Illegal value for "fwmark": "x"'],
  ['lan metro', '255: Error: duplicate "metro": "lan" is the second value.'],
  ['foo', '1: What is "foo"?'],
  ['help', '1: '],
])('tc qdisc add … cake %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spoken('cake', line))).toBe(words);
});

test.each([
  [
    '',
    {},
    'bandwidth unlimited diffserv3 triple-isolate nonat nowash no-ack-filter split-gso rtt 100ms raw overhead 0 ',
  ],
  [
    'bandwidth 20Mbit diffserv4 dual-srchost nat wash ack-filter overhead 44 mpu 84 rtt 60ms memlimit 10m fwmark 0xff',
    {},
    'bandwidth 20Mbit diffserv4 dual-srchost nat wash ack-filter split-gso rtt 60ms noatm overhead 44 mpu 84 memlimit 10Mb fwmark 0xff ',
  ],
  [
    'unlimited besteffort flowblind ingress ack-filter-aggressive no-split-gso atm autorate-ingress',
    {},
    'bandwidth unlimited autorate-ingress besteffort flowblind nonat nowash ingress ack-filter-aggressive no-split-gso rtt 100ms raw atm overhead 0 ',
  ],
  [
    'ptm overhead -4 precedence',
    {},
    'bandwidth unlimited precedence triple-isolate nonat nowash no-ack-filter split-gso rtt 100ms ptm overhead -4 ',
  ],
  [
    'raw diffserv8',
    {},
    'bandwidth unlimited diffserv8 triple-isolate nonat nowash no-ack-filter split-gso rtt 100ms raw overhead 0 ',
  ],
])('cake %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shown('cake', line, show)).toBe(text);
});

test('a change keeps what it does not name; an overhead ends raw (cake_change())', () => {
  const change = (from: string, to: string) =>
    kindOf('cake').settle(settled('cake', from), payloadOf(spoken('cake', to)), ROOT);
  expect(change('nat besteffort', 'flows')).toMatchObject({ nat: 1, diffservMode: 3, flowMode: 4, raw: 0 });
  expect(change('raw', 'overhead 4')).not.toHaveProperty('raw');
  expect(change('overhead 4', 'raw')).toMatchObject({ overhead: 0, raw: 0 });
});
