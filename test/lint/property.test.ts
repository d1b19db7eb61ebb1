import { describe, expect, test } from 'vitest';
import { Random } from '../fuzz/random.ts';
import { disagreement, mutated, scripts } from './property.ts';

const MUTATIONS = 150;

describe('the lines that check calls refused are those that tc refuses', () => {
  test('in every script', () => {
    expect(
      scripts()
        .map(disagreement)
        .filter((found) => found !== null),
    ).toEqual([]);
  });

  test('in scripts with words and lines altered', () => {
    const random = new Random(13);
    const all = scripts();
    const found: string[] = [];
    for (let i = 0; i < MUTATIONS; i++) {
      const text = mutated(random.pick(all), random);
      const difference = disagreement(text);
      if (difference !== null) found.push(`${difference}\n${text}`);
    }
    expect(found).toEqual([]);
  });
});
