import { expect, test } from 'vitest';
import {
  answer,
  classPlace,
  fact,
  kindOf,
  payloadOf,
  ROOT,
  refusal,
  shown,
  shownClass,
  spoken,
  spokenClass,
  written,
} from '../../../test/qdiscs.ts';
import { Errno } from '../../errors.ts';

test.each([
  ['', '1c00020018000200030000000a000000000000000000000000000000'],
  ['default 30', '1c00020018000200030000000a000000300000000000000000000000'],
  ['default 0x30', '1c00020018000200030000000a000000300000000000000000000000'],
  ['default ffffffff', '1c00020018000200030000000a000000ffffffff0000000000000000'],
  ['r2q 5 direct_qlen 7', '240002001800020003000000050000000000000000000000000000000800050007000000'],
  ['debug 0123', '1c00020018000200030000000a00000000000000e400000000000000'],
  ['offload', '2000020018000200030000000a00000000000000000000000000000004000900'],
  ['d 1', '1c00020018000200030000000a000000010000000000000000000000'],
  ['dir 4', '2400020018000200030000000a0000000000000000000000000000000800050004000000'],
])('tc qdisc add … htb %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('htb', line))).toBe(bytes);
});

test.each([
  ['r2q x', '1: Illegal "r2q"'],
  ['default 1:30', '1: Illegal "default"'],
  ['default', '255: Command line is not complete. Try option "help"'],
  ['direct_qlen x', '1: Illegal "direct_qlen"'],
  ['foo', '1: What is "foo"?'],
  ['help', '1: What is "help"?'],
])('tc qdisc add … htb %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spoken('htb', line))).toBe(words);
});

test.each([
  ['rate 1mbit', '2108 e8819b1b4032e5f2c1ff7b9ca3893cec2965fc24'],
  ['rate 100kbit ceil 1mbit', '2108 5545bfaf3214a8434a825695520266ea4650f1cf'],
  ['rate 40gbit ceil 100gbit mtu 65000', '2132 b08d16507e5039eccedc1acf460d20f1ec7a3281'],
  ['rate 34359738360bit', '2108 1318f0e7b224c8eb651ca0ac08ae5efbaf1bd227'],
  ['rate 1mbit burst 15k/8', '2108 d3f90d7b6c3e338bba875001acbe7ba7c353fe75'],
  ['rate 1mbit maxburst 1600 cbuffer 2k', '2108 977faf05879ffaec37d346dfa95878f0a57d83b0'],
  ['rate 1mbit mtu 9000 mpu 64 overhead 18', '2108 86717e29e6f16499d1731abf07afd6aedd969919'],
  ['rate 512kbit linklayer adsl mpu 96', '2108 765da8573010f8c612c7fc20a0710d1e7cfc3ceb'],
  ['rate 8bit', '2108 61de3f7a64ba92fe5e14e4a5d51085efdcf0699c'],
  ['rate 1mbit prio 3 quantum 1514', '2108 b5949c4ede9839548677362ee4ce7dc23c555cd9'],
  ['p 1 rate 1mbit', '2108 6e164f3ead2caf7a7ea031b8578f0e113031aa03'],
  ['c 6k rate 1mbit', '2108 006cf458a1f2d7d45bb9cef435e197ee14670325'],
])('tc class add … htb %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spokenClass('htb', line))).toBe(bytes);
});

test.each([
  ['', '1: "rate" is required.'],
  ['ceil 1mbit', '1: "rate" is required.'],
  ['rate x', '1: Illegal "rate"'],
  ['rate 1mbit rate 2mbit', '1: Double "rate" spec'],
  ['rate 1mbit burst 15k/7', '1: Illegal "burst"'],
  ['rate 1mbit maxburst y', '1: Illegal "maxburst"'],
  ['rate 1mbit cburst x', '1: Illegal "cburst"'],
  ['rate 1mbit mpu 65536', '1: Illegal "mpu"'],
  ['rate 1mbit overhead -1', '1: Illegal "overhead"'],
  ['rate 1mbit linklayer x', '1: Illegal "linklayer"'],
  ['rate 1mbit burst', '255: Command line is not complete. Try option "help"'],
  ['foo', '1: What is "foo"?'],
])('tc class add … htb %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spokenClass('htb', line))).toBe(words);
});

test.each([
  ['', {}, 'r2q 10 default 0 direct_packets_stat 0 direct_qlen 1000'],
  ['', { details: true }, 'r2q 10 default 0 direct_packets_stat 0 ver 3.17 direct_qlen 1000'],
  ['default 30 r2q 5 direct_qlen 7', {}, 'r2q 5 default 0x30 direct_packets_stat 0 direct_qlen 7'],
  [
    'default 30 r2q 5 direct_qlen 7',
    { details: true },
    'r2q 5 default 0x30 direct_packets_stat 0 ver 3.17 direct_qlen 7',
  ],
])('htb %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shown('htb', line, show)).toBe(text);
});

test.each([
  ['rate 1mbit', {}, 'prio 0 rate 1Mbit ceil 1Mbit burst 1600b cburst 1600b '],
  [
    'rate 1mbit',
    { details: true },
    'prio 0 quantum 12500 rate 1Mbit ceil 1Mbit linklayer ethernet burst 1600b/1 mpu 0b cburst 1600b/1 mpu 0b level 0 ',
  ],
  [
    'rate 1mbit',
    { raw: true },
    'prio 0 rate 1Mbit ceil 1Mbit burst 1600b cburst 1600b buffer [00030d40] cbuffer [00030d40] ',
  ],
  ['rate 1mbit', {}, 'prio 0 rate 1Mbit ceil 1Mbit burst 1600b cburst 1600b '],
  [
    'rate 1mbit',
    { details: true },
    'prio 0 quantum 12500 rate 1Mbit ceil 1Mbit linklayer ethernet burst 1600b/1 mpu 0b cburst 1600b/1 mpu 0b level 0 ',
  ],
  [
    'rate 1mbit',
    { raw: true },
    'prio 0 rate 1Mbit ceil 1Mbit burst 1600b cburst 1600b buffer [00030d40] cbuffer [00030d40] ',
  ],
  ['rate 40gbit ceil 100gbit', {}, 'prio 0 rate 40Gbit ceil 100Gbit burst 0b cburst 0b '],
  [
    'rate 40gbit ceil 100gbit',
    { details: true },
    'prio 0 quantum 200000 rate 40Gbit ceil 100Gbit linklayer ethernet burst 0b/1 mpu 0b cburst 0b/1 mpu 0b level 0 ',
  ],
  [
    'rate 40gbit ceil 100gbit',
    { raw: true },
    'prio 0 rate 40Gbit ceil 100Gbit burst 0b cburst 0b buffer [00000000] cbuffer [00000000] ',
  ],
  [
    'rate 1mbit linklayer atm overhead 22 mpu 64 prio 3 quantum 3000 burst 15k/8',
    {},
    'prio 3 rate 1Mbit overhead 22 ceil 1Mbit linklayer atm burst 15Kb cburst 1600b ',
  ],
  [
    'rate 1mbit linklayer atm overhead 22 mpu 64 prio 3 quantum 3000 burst 15k/8',
    { details: true },
    'prio 3 quantum 3000 rate 1Mbit overhead 22 ceil 1Mbit linklayer atm burst 15Kb/1 mpu 64b cburst 1600b/1 mpu 64b level 0 ',
  ],
  [
    'rate 1mbit linklayer atm overhead 22 mpu 64 prio 3 quantum 3000 burst 15k/8',
    { raw: true },
    'prio 3 rate 1Mbit overhead 22 ceil 1Mbit linklayer atm burst 15Kb cburst 1600b buffer [001d4c00] cbuffer [00030d40] ',
  ],
])('htb %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shownClass('htb', line, show)).toBe(text);
});

const settleClass = (line: string, place: object = {}) =>
  kindOf('htb').classes?.settle(null, payloadOf(spokenClass('htb', line)), { ...classPlace('htb'), ...place });

test('a class has the qdisc’s major, a minor, and at most seven classes above it (htb_change_class())', () => {
  for (const place of [{ classid: 0 }, { classid: 0x20001 }, { depth: 8 }]) {
    expect(answer(() => settleClass('rate 1mbit', place))).toEqual([Errno.EINVAL, '']);
  }
  expect(answer(() => settleClass('rate 1mbit', { depth: 7 }))).toBe('accepted');
});

test.each([
  ['rate 1mbit', 12500],
  ['rate 1kbit', 1000],
  ['rate 1gbit', 200000],
  ['rate 1gbit quantum 300000', 300000],
])('%s: quantum %i, from r2q within bounds unless it is given', (line, quantum) => {
  expect(shownClass('htb', line, { details: true })).toContain(`quantum ${quantum} `);
});

test.each([
  [0, true, 0],
  [0, false, 7],
  [1, false, 6],
])('%i classes above, leaf %s: level %i', (depth, leaf, level) => {
  const classes = kindOf('htb').classes;
  const dump = payloadOf(
    written((w) => classes?.dump(settleClass('rate 1mbit'), w, { depth, leaf, height: leaf ? 0 : 1 })),
  );
  expect(classes?.codec.read(dump ?? new Uint8Array(), 0, dump?.length ?? 0)).toMatchObject({ parms: { level } });
});

test('a version other than 3 and missing options are refused (htb_init())', () => {
  const bytes = payloadOf(spoken('htb', '')) ?? new Uint8Array();
  bytes[4] = 2;
  expect(answer(() => kindOf('htb').settle(null, bytes, ROOT))).toEqual([Errno.EINVAL, '']);
  expect(answer(() => kindOf('htb').settle(null, null, ROOT))).toEqual([Errno.EINVAL, '']);
});
