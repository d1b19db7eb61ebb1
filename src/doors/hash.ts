/** The door cls-flow/hash: the room behind rules for its arguments. */
import { checked, checkWhole, numbers, word32 } from '../argument.ts';
import * as room from '../hash/index.ts';
import { aSipKey } from './values.ts';

export * from '../hash/index.ts';

export const jhash2: typeof room.jhash2 = (words, count, initval) => {
  numbers(words, 'words');
  checkWhole(count, 0, words.length, 'count');
  word32(initval, 'initval');
  return room.jhash2(words, count, initval);
};
export const jhash2Rounds: typeof room.jhash2Rounds = (words, count, initval) => {
  numbers(words, 'words');
  checkWhole(count, 0, words.length, 'count');
  word32(initval, 'initval');
  return room.jhash2Rounds(words, count, initval);
};
export const jhash3wordsOld = checked(room.jhash3wordsOld, { a: word32, b: word32, c: word32, initval: word32 });
export const siphash1u64Low = checked(room.siphash1u64Low, { lo: word32, hi: word32, key: aSipKey });
export const siphashLow: typeof room.siphashLow = (words, length, key) => {
  numbers(words, 'words');
  checkWhole(length, 0, 4 * words.length, 'length');
  aSipKey(key, 'key');
  return room.siphashLow(words, length, key);
};
