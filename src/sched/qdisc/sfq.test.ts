import { expect, test } from 'vitest';
import { answer, fact, refusal, settled, shown, spoken } from '../../../test/qdiscs.ts';
import { Errno } from '../../errors.ts';

test.each([
  ['', ''],
  [
    'perturb 10',
    '4c000200000000000a00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000',
  ],
  [
    'quantum 1514 limit 50 divisor 512',
    '4c000200ea0500000000000032000000000200000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000',
  ],
  [
    'flows 256 depth 20 headdrop',
    '4c000200000000000000000000000000000000000001000014000000010000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000',
  ],
  [
    'redflowlimit 100000',
    '4c00020000000000000000000000000000000000000000000000000000000000a08601008d200000a86100000314000051b81e05000000000000000000000000000000000000000000000000',
  ],
  [
    'redflowlimit 100000 min 8000 max 60000 probability 0.12 ecn headdrop',
    '4c00020000000000000000000000000000000000000000000000000001000000a0860100401f000060ea000006130001eb51b81e000000000000000000000000000000000000000000000000',
  ],
  [
    'perturb 3 headdrop probability 0.5 redflowlimit 20000 ecn harddrop',
    '4c00020000000000030000000000000000000000000000000000000001000000204e00008206000088130000010d000300000080000000000000000000000000000000000000000000000000',
  ],
  [
    'redflowlimit 100000 burst 5000',
    '4c00020000000000000000000000000000000000000000000000000000000000a08601008d200000a86100001514000051b81e05000000000000000000000000000000000000000000000000',
  ],
  [
    'redflowlimit 100000 probability 2',
    '4c00020000000000000000000000000000000000000000000000000000000000a08601008d200000a8610000030e000000000000000000000000000000000000000000000000000000000000',
  ],
])('tc qdisc add … sfq %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('sfq', line))).toBe(bytes);
});

test.each([
  ['quantum x', '1: Illegal "limit"'],
  ['limit 1', '1: Illegal "limit", must be > 1'],
  ['limit x', '1: Illegal "limit"'],
  ['depth x', '1: Illegal "flows"'],
  ['perturb x', '1: Illegal "perturb"'],
  ['min 10', '1: Required parameter (redflowlimit) is missing'],
  ['redflowlimit 10000 min 8000 max 6000', '1: "min" is not smaller than "max"'],
  ['redflowlimit 10000 max 60000', '1: "max" is larger than "limit"'],
  [
    'redflowlimit 100000 burst 1',
    '1: tc_red_eval_ewma() burst 1 is too small ? Try burst 9\nSFQ: failed to calculate EWMA constant.',
  ],
  ['redflowlimit 3', '1: "min" is not smaller than "max"'],
  ['foo', '1: What is "foo"?'],
  ['help', '1: '],
])('tc qdisc add … sfq %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spoken('sfq', line))).toBe(words);
});

test.each([
  ['', {}, 'limit 127p quantum 1514b depth 127 divisor 1024 '],
  ['', { details: true }, 'limit 127p quantum 1514b depth 127 flows 128 divisor 1024 '],
  [
    'perturb 10 quantum 3000 limit 1000 depth 100 flows 300 divisor 2048 headdrop',
    {},
    'limit 1000p quantum 3000b depth 100 headdrop divisor 2048 perturb 10sec ',
  ],
  [
    'perturb 10 quantum 3000 limit 1000 depth 100 flows 300 divisor 2048 headdrop',
    { details: true },
    'limit 1000p quantum 3000b depth 100 headdrop flows 300 divisor 2048 perturb 10sec ',
  ],
  [
    'redflowlimit 100000 min 8000 max 60000 probability 0.12 ecn headdrop',
    {},
    'limit 127p quantum 1514b depth 127 headdrop divisor 1024 ewma 6 min 8000b max 60000b probability 0.12 ecn ',
  ],
  [
    'redflowlimit 100000 min 8000 max 60000 probability 0.12 ecn headdrop',
    { details: true },
    'limit 127p quantum 1514b depth 127 headdrop flows 128 divisor 1024 ewma 6 min 8000b max 60000b probability 0.12 ecn ',
  ],
])('sfq %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shown('sfq', line, show)).toBe(text);
});

test.each([
  ['divisor 500', ''],
  ['divisor 131072', ''],
  ['quantum 300000', ''],
  ['perturb -1', 'sch_sfq: invalid perturb period'],
  ['flows 1 depth 1 limit 5', 'sch_sfq: invalid limit'],
])('%s is refused (sfq_change())', (line, extack) => {
  expect(answer(() => settled('sfq', line))).toEqual([Errno.EINVAL, extack]);
});

test('limit, flows and depth bound one another', () => {
  expect(settled('sfq', 'limit 10000 depth 10 flows 20')).toMatchObject({ limit: 200, flows: 20, depth: 10 });
  expect(settled('sfq', 'limit 5')).toMatchObject({ limit: 5, flows: 5, depth: 127 });
  expect(settled('sfq', 'flows 5000 divisor 256')).toMatchObject({ flows: 256 });
});
