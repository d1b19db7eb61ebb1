import { describe, expect, test } from 'vitest';
import { ask, bench, shown } from '../../../test/actions.ts';
import { ethernet, ipv4, packetOf, ports } from '../../../test/frames.ts';
import { Verdict } from '../../verdict.ts';

const packet = () => packetOf(ethernet('0800', ipv4('10.0.0.1', '10.0.0.2', 17, ports(1, 2))));

describe('gact', () => {
  test('determ takes the second verdict for every fifth packet, counted from 1', () => {
    const bound = bench().bind('action gact pass random determ drop 5');
    const verdicts = Array.from({ length: 10 }, () => ask(bound, packet()));
    const { OK, SHOT } = Verdict;
    expect(verdicts).toEqual([OK, OK, OK, OK, SHOT, OK, OK, OK, OK, SHOT]);
    expect(bound.scope).toBe('all');
    expect(bound.assumed).toBe(false);
  });

  test('netrand takes the second verdict for about one packet in four, the same ones under the same seed', () => {
    const draw = (): number[] => {
      const bound = bench().bind('action gact continue random netrand ok 4');
      return Array.from({ length: 4000 }, () => ask(bound, packet()));
    };
    const verdicts = draw();
    const share = verdicts.filter((verdict) => verdict === Verdict.OK).length / verdicts.length;
    expect(share).toBeGreaterThan(0.22);
    expect(share).toBeLessThan(0.28);
    expect(draw()).toEqual(verdicts);
    expect(bench().bind('action gact continue random netrand ok 4').assumed).toBe(true);
  });

  test('a probability of 0 means 1: always the second verdict', () => {
    const bound = bench().bind('action gact pass random determ drop 0');
    expect([ask(bound, packet()), ask(bound, packet())]).toEqual([Verdict.SHOT, Verdict.SHOT]);
  });

  test('a verdict without chance depends on the packet alone and counts what it drops', () => {
    const { bind } = bench();
    const bound = bind('action drop');
    expect(bound.scope).toBe('packet');
    ask(bound, packet());
    expect(bound.instances[0]?.counters).toMatchObject({ packets: 1, drops: 1 });
  });

  test('shows what a real tc showed', () => {
    expect(shown(bench().bind('action gact pass random determ drop 10'))).toBe(
      '\n\taction order 1: gact action pass\n\t random type determ drop val 10\n\t index 1 ref 1 bind 1\n',
    );
    expect(shown(bench().bind('action goto chain 7'))).toBe(
      '\n\taction order 1: gact action goto chain 7\n\t random type none pass val 0\n\t index 1 ref 1 bind 1\n',
    );
  });

  test('a fallback that goes to a chain is refused', () => {
    expect(() => bench().bind('action gact reclassify random determ goto chain 3 8')).toThrow(
      expect.objectContaining({ errno: 22, extack: 'goto chain not allowed on fallback' }),
    );
  });

  test('going to a chain holds it until the action goes', () => {
    const { bind, held, table } = bench();
    const bound = bind('action goto chain 7');
    expect(held).toEqual([7]);
    table.release(bound);
    expect(held).toEqual([]);
  });
});
