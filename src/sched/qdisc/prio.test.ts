import { expect, test } from 'vitest';
import { answer, fact, kindOf, refusal, settled, shown, spoken } from '../../../test/qdiscs.ts';
import { Errno } from '../../errors.ts';

test.each([
  ['', '1c000200030000000102020201020000010101010101010104000200'],
  ['bands 4', '1c000200040000000102020201020000010101010101010104000200'],
  ['bands 4 priomap 0 1 2 3', '1c000200040000000001020301020000010101010101010104000200'],
  ['multiqueue', '2000020003000000010202020102000001010101010101010800020004000100'],
  ['bands 3 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1', '1c000200030000000102020201020000010101010101010104000200'],
])('tc qdisc add … prio %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('prio', line))).toBe(bytes);
});

test.each([
  ['bands x', '1: Illegal "bands"'],
  ['bands', '255: Command line is not complete. Try option "help"'],
  ['priomap 3', '1: "priomap" element is out of bands'],
  ['priomap x', '1: Illegal "priomap" element'],
  ['priomap 1 priomap 2', '1: Error: duplicate priomap'],
  ['bands 3 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1 1', '1: "priomap" index > TC_PRIO_MAX=15'],
  ['foo', '1: What is "foo"?'],
  ['help', '1: '],
])('tc qdisc add … prio %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spoken('prio', line))).toBe(words);
});

test.each([
  ['', {}, 'bands 3 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1'],
  ['bands 4 priomap 0 1 2 3', {}, 'bands 4 priomap 0 1 2 3 1 2 0 0 1 1 1 1 1 1 1 1'],
])('prio %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shown('prio', line, show)).toBe(text);
});

test('two to sixteen bands, and a map within them (prio_tune())', () => {
  for (const line of ['bands 1', 'bands 17', 'bands 2']) {
    expect(answer(() => settled('prio', line))).toEqual([Errno.EINVAL, '']);
  }
  expect(answer(() => settled('prio', 'bands 2 priomap 0 1 1 1 1 1 0 0 1 1 1 1 1 1 1 1'))).toBe('accepted');
  expect(kindOf('prio').bands?.count(settled('prio', 'bands 16'))).toBe(16);
});
