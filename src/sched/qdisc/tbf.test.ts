import { expect, test } from 'vitest';
import { answer, fact, kindOf, ROOT, refusal, settled, shown, spoken } from '../../../test/qdiscs.ts';
import { Errno } from '../../errors.ts';

test.each([
  ['rate 1mbit burst 10k latency 50ms', '1080 68113cedbf0672767b74f604237c13ef13610fd0'],
  ['rate 1mbit burst 10k limit 30k', '1080 122d40d525000595eed95428a5dcdb7344fbb374'],
  ['rate 1mbit burst 10k latency 50ms peakrate 2mbit minburst 1540/8', '2116 6baef1ac0bff5fb91f51d9b5877a8fb4b2c4ccd0'],
  ['rate 1mbit maxburst 10k lat 50ms overhead 20 linklayer atm', '1080 55fdcdfc930bfb8621914d5733d299b7967086ee'],
  ['rate 40gbit burst 1m limit 10m peakrate 50gbit mtu 9000', '2140 781e8c94f92ec48057e741350e5324c29fd5160e'],
  ['l 10k b 5k rate 100kbit mpu 64', '1080 e7a1fbaa46afb0740b309a22074275ab4f130fd4'],
])('tc qdisc add … tbf %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('tbf', line))).toBe(bytes);
});

test.each([
  [
    '',
    '1: tbf: the "rate" parameter is mandatory.\ntbf: the "burst" parameter is mandatory.\ntbf: either "limit" or "latency" is required.',
  ],
  [
    'rate 1mbit burst 10k latency 50ms peakrate 2mbit',
    '1: tbf: when "peakrate" is specified, "mtu" must also be specified.',
  ],
  ['limit 1 limit 2', '1: tbf: duplicate "limit" specification'],
  ['limit 1 latency 5', '1: tbf: specifying both "limit" and "/latency" is not allowed'],
  ['latency 5 limit 1', '1: tbf: specifying both "latency" and "limit" is not allowed'],
  ['burst 1 burst 2', '1: tbf: duplicate "buffer/burst/maxburst" specification'],
  ['minburst 1 mtu 1', '1: tbf: duplicate "mtu/minburst" specification'],
  ['limit x', '1: tbf: illegal value for "limit": "x"'],
  ['buffer x', '1: tbf: illegal value for "buffer": "x"'],
  ['overhead 70000', '1: tbf: illegal value for "overhead": "70000"'],
  ['linklayer x', '1: tbf: illegal value for "linklayer": "x"'],
  ['rate', '255: Command line is not complete. Try option "help"'],
  ['foo', '1: tbf: unknown parameter "foo"'],
  ['help', '1: '],
])('tc qdisc add … tbf %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spoken('tbf', line))).toBe(words);
});

test.each([
  ['rate 1mbit burst 10k latency 50ms', {}, 'rate 1Mbit burst 10Kb lat 50ms '],
  [
    'rate 1mbit burst 10k latency 50ms',
    { details: true },
    'rate 1Mbit burst 10Kb/1 mpu 0b lat 50ms linklayer ethernet ',
  ],
  ['rate 1mbit burst 10k latency 50ms', { raw: true }, 'rate 1Mbit burst 10Kb [00138800] lat 50ms limit 16490b '],
  [
    'rate 1mbit burst 10k latency 50ms peakrate 2mbit mtu 1540',
    {},
    'rate 1Mbit burst 10Kb peakrate 2Mbit minburst 1540b lat 50ms ',
  ],
  [
    'rate 1mbit burst 10k latency 50ms peakrate 2mbit mtu 1540',
    { details: true },
    'rate 1Mbit burst 10Kb/1 mpu 0b peakrate 2Mbit mtu 1540b/1 mpu 0b lat 50ms linklayer ethernet ',
  ],
  [
    'rate 1mbit burst 10k latency 50ms peakrate 2mbit mtu 1540',
    { raw: true },
    'rate 1Mbit burst 10Kb [00138800] peakrate 2Mbit minburst 1540b [000177fa] lat 50ms limit 14040b ',
  ],
  [
    'rate 10gbit burst 1m limit 10m overhead 20 linklayer atm',
    {},
    'rate 10Gbit burst 1157500b lat 7.46ms overhead 20 linklayer atm ',
  ],
  [
    'rate 10gbit burst 1m limit 10m overhead 20 linklayer atm',
    { details: true },
    'rate 10Gbit burst 1157500b/1 mpu 0b lat 7.46ms overhead 20 linklayer atm ',
  ],
  [
    'rate 10gbit burst 1m limit 10m overhead 20 linklayer atm',
    { raw: true },
    'rate 10Gbit burst 1157500b [00003888] lat 7.46ms limit 10Mb overhead 20 linklayer atm ',
  ],
  [
    'rate 40gbit burst 1m limit 10m peakrate 50gbit mtu 9000',
    {},
    'rate 40Gbit burst 1045000b peakrate 50Gbit minburst 6250b lat 1.89ms ',
  ],
  [
    'rate 40gbit burst 1m limit 10m peakrate 50gbit mtu 9000',
    { details: true },
    'rate 40Gbit burst 1045000b/1 mpu 0b peakrate 50Gbit mtu 6250b/1 mpu 0b lat 1.89ms linklayer ethernet ',
  ],
  [
    'rate 40gbit burst 1m limit 10m peakrate 50gbit mtu 9000',
    { raw: true },
    'rate 40Gbit burst 1045000b [00000ccc] peakrate 50Gbit minburst 6250b [00000016] lat 1.89ms limit 10Mb ',
  ],
  ['rate 1mbit burst 10k/8 limit 5k mpu 64', {}, 'rate 1Mbit burst 10Kb limit 5Kb '],
  [
    'rate 1mbit burst 10k/8 limit 5k mpu 64',
    { details: true },
    'rate 1Mbit burst 10Kb/1 mpu 64b limit 5Kb linklayer ethernet ',
  ],
  ['rate 1mbit burst 10k/8 limit 5k mpu 64', { raw: true }, 'rate 1Mbit burst 10Kb [00138800] limit 5Kb '],
])('tbf %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shown('tbf', line, show)).toBe(text);
});

test.each([
  'rate 2mbit burst 10k limit 5k peakrate 1mbit mtu 1540',
  'rate 2mbit burst 10k limit 5k peakrate 2mbit mtu 1540',
])('%s: the peak rate must be above the rate (tbf_change())', (line) => {
  expect(answer(() => settled('tbf', line))).toEqual([Errno.EINVAL, '']);
});

test('an absent bucket is refused', () => {
  expect(answer(() => kindOf('tbf').settle(null, null, ROOT))).toEqual([Errno.EINVAL, '']);
  expect(answer(() => kindOf('tbf').settle(null, new Uint8Array(), ROOT))).toEqual([Errno.EINVAL, '']);
});
