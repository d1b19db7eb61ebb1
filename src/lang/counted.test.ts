import { expect, it } from 'vitest';
import { counted, grouped, groupedCount } from './counted.ts';

it('counts one and many of a noun', () => {
  const nouns = ['packet', 'class', 'fix', 'batch', 'advice'];
  expect(nouns.map((noun) => counted(1, noun))).toEqual(['1 packet', '1 class', '1 fix', '1 batch', '1 advice']);
  expect(nouns.map((noun) => counted(2, noun))).toEqual(['2 packets', '2 classes', '2 fixes', '2 batches', '2 advice']);
  expect(counted(0, 'packet')).toBe('0 packets');
});

it('writes large numbers in groups, with the noun of one where it is one', () => {
  expect([0, 999, 1000, 1234567].map(grouped)).toEqual(['0', '999', '1,000', '1,234,567']);
  expect([1, 1000].map((count) => groupedCount(count, 'packet'))).toEqual(['1 packet', '1,000 packets']);
});
