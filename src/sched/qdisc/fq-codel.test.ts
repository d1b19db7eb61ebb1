import { expect, test } from 'vitest';
import { answer, fact, kindOf, payloadOf, ROOT, refusal, settled, shown, spoken } from '../../../test/qdiscs.ts';
import { Errno } from '../../errors.ts';

test.each([
  ['', '04000200'],
  ['limit 1000 flows 512 quantum 300', '1c00020008000200e80300000800050000020000080006002c010000'],
  ['target 5ms interval 100ms ecn', '1c00020008000300a086010008000100881300000800040001000000'],
  ['noecn', '0c0002000800040000000000'],
  ['ce_threshold 5ms', '0c0002000800070088130000'],
  ['memory_limit 32M', '0c0002000800090000000002'],
  ['drop_batch 32', '0c0002000800080020000000'],
  ['drop_batch 0', '04000200'],
  ['ce_threshold_selector 0x1/0x3', '1400020005000b000300000005000a0001000000'],
  ['memory_limit 0', '0c0002000800090000000000'],
])('tc qdisc add … fq_codel %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('fq_codel', line))).toBe(bytes);
});

test.each([
  ['limit x', '1: Illegal "limit"'],
  ['target x', '1: Illegal "target"'],
  ['ce_threshold_selector 1', '1: Missing mask for "ce_threshold_selector"'],
  ['ce_threshold_selector 1/', '1: Illegal mask for "ce_threshold_selector"'],
  ['ce_threshold_selector 300/1', '1: Illegal "ce_threshold_selector"'],
  ['foo', '1: What is "foo"?'],
  ['help', '1: '],
])('tc qdisc add … fq_codel %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spoken('fq_codel', line))).toBe(words);
});

test.each([
  ['', {}, 'limit 10240p flows 1024 quantum 1514 target 5ms interval 100ms memory_limit 32Mb ecn drop_batch 64 '],
  [
    'ce_threshold_selector 0x1/0x3 ce_threshold 5ms target 10ms noecn memory_limit 4m drop_batch 32',
    {},
    'limit 10240p flows 1024 quantum 1514 target 10ms ce_threshold 5ms ce_threshold_selector 0x1/0x3 interval 100ms memory_limit 4Mb drop_batch 32 ',
  ],
])('fq_codel %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shown('fq_codel', line, show)).toBe(text);
});

test('flows are set once, from 1 to 65536; a quantum is at least 256 and at most 2^20 (fq_codel_change())', () => {
  const change = (line: string) =>
    kindOf('fq_codel').settle(settled('fq_codel', ''), payloadOf(spoken('fq_codel', line)), ROOT);
  expect(answer(() => settled('fq_codel', 'flows 65537'))).toEqual([Errno.EINVAL, '']);
  expect(answer(() => change('flows 64'))).toEqual([Errno.EINVAL, '']);
  expect(answer(() => change('quantum 1048577'))).toEqual([Errno.EINVAL, 'Invalid quantum']);
  expect(change('quantum 100')).toMatchObject({ quantum: 256, flows: 1024 });
});
