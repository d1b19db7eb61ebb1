import { expect, test } from 'vitest';
import { answer, fact, refusal, settled, shown, spoken } from '../../../test/qdiscs.ts';
import { Errno } from '../../errors.ts';

test.each([
  ['', '04000200'],
  ['limit 1000 flow_limit 50', '1400020008000100e80300000800020032000000'],
  ['buckets 1000', '0c000200080008000a000000'],
  ['buckets 0', '04000200'],
  ['maxrate 10mbit low_rate_threshold 1mbit', '1400020008000700d012130008000b0048e80100'],
  ['ce_threshold 1ms timer_slack 10us', '1400020008000c00e803000008000d0010270000'],
  ['horizon 5s horizon_cap', '1400020008000e00404b4c0005000f0000000000'],
  ['nopacing quantum 3000 initial_quantum 10000', '1c00020008000300b80b000008000400102700000800050000000000'],
  ['refill_delay 40ms orphan_mask 511', '1400020008000900409c000008000a00ff010000'],
])('tc qdisc add … fq %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('fq', line))).toBe(bytes);
});

test.each([
  ['timer_slack 10s', '1: Illegal (out of range) "timer_slack"'],
  ['orphan_mask x', '1: Illegal "initial_quantum"'],
  ['maxrate x', '1: Illegal "maxrate"'],
  ['foo', '1: What is "foo"?'],
  ['help', '1: '],
])('tc qdisc add … fq %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spoken('fq', line))).toBe(words);
});

test.each([
  [
    '',
    {},
    'limit 10000p flow_limit 100p buckets 1024 orphan_mask 1023 quantum 3028b initial_quantum 15140b low_rate_threshold 550Kbit refill_delay 40ms timer_slack 10us horizon 10s horizon_drop ',
  ],
  [
    'nopacing maxrate 10mbit ce_threshold 1ms horizon_cap horizon 5s buckets 512 low_rate_threshold 0 quantum 3000',
    {},
    'limit 10000p flow_limit 100p buckets 512 orphan_mask 1023 nopacing quantum 3000b initial_quantum 15140b maxrate 10Mbit refill_delay 40ms ce_threshold 1ms timer_slack 10us horizon 5s horizon_cap ',
  ],
])('fq %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shown('fq', line, show)).toBe(text);
});

test('quantum and buckets have bounds (fq_change())', () => {
  expect(answer(() => settled('fq', 'quantum 1048577'))).toEqual([Errno.EINVAL, 'sch_fq: invalid quantum']);
  expect(answer(() => settled('fq', 'buckets 1'))).toEqual([Errno.EINVAL, '']);
  expect(answer(() => settled('fq', 'buckets 524288'))).toEqual([Errno.EINVAL, '']);
});
