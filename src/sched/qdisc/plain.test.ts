import { expect, test } from 'vitest';
import { answer, fact, kindOf, ROOT, refusal, settled, spoken } from '../../../test/qdiscs.ts';
import { Errno } from '../../errors.ts';

test.each([['', '']])('tc qdisc add … mq %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('mq', line))).toBe(bytes);
});

test.each([['x', '1: Unknown qdisc "mq", hence option "x" is unparsable']])(
  'tc qdisc add … mq %s is refused in tc’s words',
  (line, words) => {
    expect(refusal(() => spoken('mq', line))).toBe(words);
  },
);

test.each([['', '']])('tc qdisc add … noqueue %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('noqueue', line))).toBe(bytes);
});

test.each([['y z', '1: Unknown qdisc "noqueue", hence option "y" is unparsable']])(
  'tc qdisc add … noqueue %s is refused in tc’s words',
  (line, words) => {
    expect(refusal(() => spoken('noqueue', line))).toBe(words);
  },
);

test('mq is the root of a device with several queues, and has a class for each (mq_init())', () => {
  const single = { ...ROOT, device: { ...ROOT.device, txQueues: 1 } };
  expect(answer(() => settled('mq', '', single))).toEqual([Errno.EOPNOTSUPP, '']);
  expect(answer(() => settled('mq', '', { ...ROOT, parent: 0x20001 }))).toEqual([Errno.EOPNOTSUPP, '']);
  expect(kindOf('mq').bands?.count(settled('mq', ''))).toBe(4);
});
