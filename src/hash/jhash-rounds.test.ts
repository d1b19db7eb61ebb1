import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jhash2 } from './jhash.ts';
import { jhash2Rounds } from './jhash-rounds.ts';

it('ends with what jhash2() gives, for any words', () => {
  fc.assert(
    fc.property(fc.int32Array({ maxLength: 18 }), fc.integer(), (words, seed) => {
      expect(jhash2Rounds(words, words.length, seed).at(-1)?.c).toBe(jhash2(words, words.length, seed));
    }),
  );
});

it('mixes once for each three words but the last', () => {
  const steps = (count: number): string =>
    jhash2Rounds(new Int32Array(count), count, 1)
      .map(({ step }) => step)
      .join(' ');
  expect(steps(0)).toBe('start');
  expect(steps(3)).toBe('start add final');
  expect(steps(4)).toBe('start add mix add final');
});
