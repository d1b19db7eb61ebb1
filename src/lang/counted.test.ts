import { expect, it } from 'vitest';
import { counted } from './counted.ts';

it('counts one and many of a noun', () => {
  const nouns = ['packet', 'class', 'fix', 'batch', 'advice'];
  expect(nouns.map((noun) => counted(1, noun))).toEqual(['1 packet', '1 class', '1 fix', '1 batch', '1 advice']);
  expect(nouns.map((noun) => counted(2, noun))).toEqual(['2 packets', '2 classes', '2 fixes', '2 batches', '2 advice']);
  expect(counted(0, 'packet')).toBe('0 packets');
});
