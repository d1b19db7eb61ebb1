import { expect, test } from 'vitest';
import { answer, fact, kindOf, refusal, settled, shown, spoken, wordsOf, written } from '../../../test/qdiscs.ts';
import { Errno } from '../../errors.ts';

test.each([
  [
    'limit 400000 min 30000 max 90000 avpkt 1000 burst 55 ecn adaptive bandwidth 10mbit',
    '304 3c127d4c6400cab4d9eb8091dd096e4f62e7b8ec',
  ],
  ['limit 100k avpkt 1000', '304 820c11121d2b9251c5eeabfc65e7d1f69b0a8157'],
  ['limit 400000 avpkt 1000 bandwidth 1mbit probability 0.1', '304 dca3d9dc8195f28e6b8a81a0dc0144424e0bf7e1'],
  ['limit 400000 avpkt 1000 bandwidth 1mbit ecn harddrop nodrop', '304 77375dbb88a4b09111feee32e7d285f605205eed'],
  ['limit 400000 avpkt 1000 bandwidth 1mbit burst 10000', '304 69b7dded1e3ee8c526e532e7fd58ca941e5b7aca'],
  [
    'limit 400000 avpkt 1000 bandwidth 1mbit qevent mark block 10 qevent early_drop block 11',
    '320 d6ccf5cdf222a254f0e29ddfba9f0e744c472f91',
  ],
])('tc qdisc add … red %s: the bytes that tc 6.1 sends', (line, bytes) => {
  expect(fact(spoken('red', line))).toBe(bytes);
});

test.each([
  ['', '1: RED: Required parameter (limit, avpkt) is missing'],
  ['limit 4000', '1: RED: Required parameter (limit, avpkt) is missing'],
  ['limit x', '1: Illegal "limit"'],
  ['probability x', '1: Illegal "probability"'],
  [
    'limit 400000 avpkt 1000 bandwidth 1mbit burst 1',
    '1: tc_red_eval_ewma() burst 1 is too small ? Try burst 34\nRED: failed to calculate EWMA constant.',
  ],
  [
    'limit 400000 avpkt 1000 bandwidth 1mbit min 50000 max 5000',
    '1: tc_red_eval_ewma() burst 35 is too small ? Try burst 51\nRED: failed to calculate EWMA constant.',
  ],
  ['qevent mark', '255: Command line is not complete. Try option "help"'],
  ['qevent mark x', '1: Unspecified qevent block index'],
  ['qevent mark block x', '1: Illegal qevent block index'],
  ['qevent mark block 1 block 2', '1: Qevent block index already specified'],
  ['qevent mark block 1 qevent mark block 2', '1: Duplicate qevent'],
  ['foo', '1: What is "foo"?'],
  ['help', '1: '],
])('tc qdisc add … red %s is refused in tc’s words', (line, words) => {
  expect(refusal(() => spoken('red', line))).toBe(words);
});

test.each([
  [
    'limit 400000 min 30000 max 90000 avpkt 1000 burst 55 ecn adaptive bandwidth 10mbit',
    {},
    'limit 400000b min 30000b max 90000b ecn adaptive ',
  ],
  [
    'limit 400000 min 30000 max 90000 avpkt 1000 burst 55 ecn adaptive bandwidth 10mbit',
    { details: true },
    'limit 400000b min 30000b max 90000b ecn adaptive ewma 5 probability 0.02 Scell_log 15',
  ],
  ['limit 100k avpkt 1000 harddrop', {}, 'limit 100Kb min 8533b max 25Kb harddrop '],
  [
    'limit 100k avpkt 1000 harddrop',
    { details: true },
    'limit 100Kb min 8533b max 25Kb harddrop ewma 3 probability 0.02 Scell_log 13',
  ],
  ['limit 100k avpkt 1000 ecn nodrop', {}, 'limit 100Kb min 8533b max 25Kb ecn nodrop '],
  [
    'limit 100k avpkt 1000 ecn nodrop',
    { details: true },
    'limit 100Kb min 8533b max 25Kb ecn nodrop ewma 3 probability 0.02 Scell_log 13',
  ],
  [
    'limit 100k avpkt 1000 qevent mark block 10 qevent early_drop block 11',
    {},
    'limit 100Kb min 8533b max 25Kb qevent early_drop block 11 qevent mark block 10 ',
  ],
  [
    'limit 100k avpkt 1000 qevent mark block 10 qevent early_drop block 11',
    { details: true },
    'limit 100Kb min 8533b max 25Kb ewma 3 probability 0.02 Scell_log 13qevent early_drop block 11 qevent mark block 10 ',
  ],
])('red %s is shown as tc 6.1 shows it, with %j', (line, show, text) => {
  expect(shown('red', line, show)).toBe(text);
});

test('nodrop is for ecn only (red_validate_flags())', () => {
  expect(answer(() => settled('red', 'limit 100k avpkt 1000 nodrop'))).toEqual([
    Errno.EINVAL,
    'sch_red: nodrop mode is only meaningful with ECN',
  ]);
});

test('tc says which bandwidth it takes where none is given', () => {
  const lines: string[] = [];
  written((w) => kindOf('red').speak(wordsOf('limit 100k avpkt 1000'), w, (line) => lines.push(line)));
  expect(lines).toEqual(['RED: set bandwidth to 10Mbit']);
});
