import { expect, test } from 'vitest';
import {
  answer,
  classPlace,
  fact,
  kindOf,
  payloadOf,
  ROOT,
  refusal,
  shownClass,
  spoken,
  spokenClass,
} from '../../../test/qdiscs.ts';
import { Errno } from '../../errors.ts';

test.each([['', '']])('tc qdisc add … qfq %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('qfq', line))).toBe(bytes);
});

test.each([
  ['x', '1: What is "x"?'],
  ['help', '1: '],
  ['h', '1: '],
])('tc qdisc add … qfq %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spoken('qfq', line))).toBe(words);
});

test.each([
  ['', '04000200'],
  ['weight 10', '0c000200080001000a000000'],
  ['weight 5 maxpkt 2048', '1400020008000100050000000800020000080000'],
  ['w 1', '0c0002000800010001000000'],
  ['m 512', '0c0002000800020000020000'],
])('tc class add … qfq %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spokenClass('qfq', line))).toBe(bytes);
});

test.each([
  ['weight x', '1: Illegal "weight"'],
  ['maxpkt', '255: Command line is not complete. Try option "help"'],
  ['weight 0x10', '1: Illegal "weight"'],
  ['foo', '1: What is "foo"?'],
  ['help', '1: '],
])('tc class add … qfq %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spokenClass('qfq', line))).toBe(words);
});

test.each([
  ['', {}, 'weight 1 maxpkt 1514 '],
  ['weight 10 maxpkt 2048', {}, 'weight 10 maxpkt 2048 '],
])('qfq %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shownClass('qfq', line, show)).toBe(text);
});

test('weights and packet sizes have bounds (qfq_change_class())', () => {
  const settle = (line: string, othersWeigh = 0, mtu = 1500) =>
    kindOf('qfq').classes?.settle(null, payloadOf(spokenClass('qfq', line)), {
      ...classPlace('qfq'),
      device: { ...ROOT.device, mtu },
      othersWeigh,
    });
  for (const line of ['weight 0', 'weight 1025', 'maxpkt 511', 'maxpkt 65537']) {
    expect(answer(() => settle(line))).toEqual([Errno.ERANGE, 'integer out of range']);
  }
  expect(answer(() => settle('weight 1', 0, 65536))).toEqual([Errno.EINVAL, 'sch_qfq: MTU size out of bounds for qfq']);
  expect(settle('weight 1', 64 * 1024 - 1)).toEqual({ weight: 1, lmax: 1514 });
  expect(answer(() => settle('weight 1', 64 * 1024))).toEqual([Errno.EINVAL, '']);
  expect(settle('weight 1000')).toEqual({ weight: 1000, lmax: 1514 });
});
