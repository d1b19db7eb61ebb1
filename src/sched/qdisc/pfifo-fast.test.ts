import { expect, test } from 'vitest';
import { answer, fact, ROOT, refusal, settled, shown, spoken } from '../../../test/qdiscs.ts';
import { Errno } from '../../errors.ts';

test.each([['', '']])('tc qdisc add … pfifo_fast %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('pfifo_fast', line))).toBe(bytes);
});

test.each([['x', "255: qdisc 'pfifo_fast' does not support option parsing"]])(
  'tc qdisc add … pfifo_fast %s is refused in tc’s words',
  (line, words) => {
    expect(refusal(() => spoken('pfifo_fast', line))).toBe(words);
  },
);

test.each([['', {}, 'bands 3 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1']])(
  'pfifo_fast %s is shown as tc 6.1 shows it, with %j',
  (line, show, text) => {
    expect(shown('pfifo_fast', line, show)).toBe(text);
  },
);

test('a device without a queue length has no pfifo_fast (pfifo_fast_init())', () => {
  const place = { ...ROOT, device: { ...ROOT.device, txqlen: 0 } };
  expect(answer(() => settled('pfifo_fast', '', place))).toEqual([Errno.EINVAL, '']);
});
