import { describe, expect, test } from 'vitest';
import { judge, scripts } from './corpus.ts';

const judged = judge();

describe('35 public scripts', () => {
  test('are all judged', () => {
    expect(judged.map(({ script }) => script)).toEqual(scripts());
    expect(judged).toHaveLength(35);
  });

  for (const { script, expected, found, expectedWithHosts, foundWithHosts } of judged) {
    test(`${script}: ${expected.join(', ') || 'nothing is wrong'}`, () => {
      expect(found).toEqual(expected);
      expect(foundWithHosts).toEqual(expectedWithHosts);
    });
  }
});
