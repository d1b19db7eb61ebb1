import { expect, test } from 'vitest';
import { answer, fact, refusal, settled, shown, spoken } from '../../../test/qdiscs.ts';
import { Errno } from '../../errors.ts';

test.each([
  ['limit 100 min 20 max 60 avpkt 1000 bandwidth 10mbit', '292 9bb83b315506dfad21b204dfef07db35fba97ccf'],
  ['limit 100 bandwidth 10mbit ecn burst 30 probability 0.05', '292 87039412682c9ba04ab10476dede7329a6123eb0'],
])('tc qdisc add … choke %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('choke', line))).toBe(bytes);
});

test.each([
  ['', '1: Required parameter (bandwidth, limit) is missing'],
  ['limit 100', '1: Required parameter (bandwidth, limit) is missing'],
  ['limit 100 bandwidth 1mbit max 200', '1: "max" is larger than "limit"'],
  ['limit 100 bandwidth 1mbit min 30 max 20', '1: "min" is not smaller than "max"'],
  [
    'limit 100 bandwidth 1mbit burst 1',
    '1: tc_red_eval_ewma() burst 1 is too small ? Try burst 9\nCHOKE: failed to calculate EWMA constant.',
  ],
  ['min x', '1: Illegal "min"'],
  ['foo', '1: What is "foo"?'],
  ['help', '1: '],
])('tc qdisc add … choke %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spoken('choke', line))).toBe(words);
});

test.each([
  ['limit 100 min 20 max 60 avpkt 1000 bandwidth 10mbit', {}, 'limit 100p min 20p max 60p '],
  [
    'limit 100 min 20 max 60 avpkt 1000 bandwidth 10mbit',
    { details: true },
    'limit 100p min 20p max 60p ewma 4 probability 0.02 Scell_log 14',
  ],
  ['limit 100 bandwidth 10mbit ecn', {}, 'limit 100p min 8p max 25p ecn '],
  [
    'limit 100 bandwidth 10mbit ecn',
    { details: true },
    'limit 100p min 8p max 25p ecn ewma 3 probability 0.02 Scell_log 13',
  ],
])('choke %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shown('choke', line, show)).toBe(text);
});

test('a queue holds at most 131072 packets (choke_change())', () => {
  expect(answer(() => settled('choke', 'limit 131073 bandwidth 10mbit min 8 max 25'))).toEqual([Errno.EINVAL, '']);
  expect(answer(() => settled('choke', 'limit 131072 bandwidth 10mbit min 8 max 25'))).toBe('accepted');
});
