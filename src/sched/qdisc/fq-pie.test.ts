import { expect, test } from 'vitest';
import { answer, fact, kindOf, payloadOf, ROOT, refusal, settled, shown, spoken } from '../../../test/qdiscs.ts';
import { Errno } from '../../errors.ts';

test.each([
  ['', '04000280'],
  ['limit 100 flows 256 target 20ms', '1c0002800800010064000000080002000001000008000300204e0000'],
  ['tupdate 30ms alpha 3 beta 15', '1c00028008000400307500000800050003000000080006000f000000'],
  ['quantum 3000 memory_limit 10m ecn_prob 50', '1c00028008000700b80b0000080008000000a0000800090032000000'],
  ['ecn bytemode dq_rate_estimator', '1c00028008000a000100000008000b000100000008000c0001000000'],
  ['noecn nobytemode no_dq_rate_estimator', '1c00028008000a000000000008000b000000000008000c0000000000'],
])('tc qdisc add … fq_pie %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('fq_pie', line))).toBe(bytes);
});

test.each([
  ['alpha 33', '1: Illegal "alpha"'],
  ['ecn_prob 100', '1: Illegal "ecn_prob"'],
  ['flows x', '1: Illegal "flows"'],
  ['foo', '1: What is "foo"?'],
  ['help', '1: '],
])('tc qdisc add … fq_pie %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spoken('fq_pie', line))).toBe(words);
});

test.each([
  [
    '',
    {},
    'limit 10240p flows 1024 target 15ms tupdate 16ms alpha 2 beta 20 quantum 1514b memory_limit 32Mb ecn_prob 10 ',
  ],
  [
    'ecn bytemode dq_rate_estimator target 20ms memory_limit 10m flows 256',
    {},
    'limit 10240p flows 256 target 20ms tupdate 16ms alpha 2 beta 20 quantum 1514b memory_limit 10Mb ecn_prob 10 ecn bytemode dq_rate_estimator ',
  ],
])('fq_pie %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shown('fq_pie', line, show)).toBe(text);
});

test('flows are set once, from 1 to 65536 (fq_pie_change())', () => {
  expect(answer(() => settled('fq_pie', 'flows 65537'))).toEqual([
    Errno.EINVAL,
    'Number of flows must range in [1..65536]',
  ]);
  const change = payloadOf(spoken('fq_pie', 'flows 64'));
  expect(answer(() => kindOf('fq_pie').settle(settled('fq_pie', ''), change, ROOT))).toEqual([
    Errno.EINVAL,
    'Number of flows cannot be changed',
  ]);
});
