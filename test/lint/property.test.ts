import { describe, expect, test } from 'vitest';
import { check } from '../../src/lint/index.ts';
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

  test.each([
    ['tc qdisc add dev eth0 root sfq\ntc -foo qdisc show', [2]],
    ['qdisc add dev eth0 root sfq\nq add dev eth1 root bar\nfil add dev eth0 protocol ip foo', [2, 3]],
    ['tc -s qdisc add dev eth0 root sfq\ntc -s -d q add dev eth0 root sfq', [2]],
  ])('with options and with objects cut short: %s', (text, lines) => {
    expect(disagreement(text)).toBeNull();
    const refused = check(text).findings.filter(({ refusedBy }) => refusedBy !== null);
    expect(refused.map(({ line }) => line)).toEqual(lines);
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
