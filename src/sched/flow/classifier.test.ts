import { describe, expect, test } from 'vitest';
import { ethernet, ipv4, packetOf, ports } from '../../../test/frames.ts';
import { type Clock, createEnv } from '../../env.ts';
import { ERAS } from '../../era.ts';
import { Errno } from '../../errors.ts';
import { UNSPEC, Verdict } from '../../verdict.ts';
import type { Act, Match } from '../notation.ts';
import { FlowClassifier } from './classifier.ts';
import type { Place } from './filter.ts';

const UDP = ethernet('0800', ipv4('10.1.2.3', '10.9.8.7', 17, ports(1000, 53)));
const SECOND = 1e9;

interface Bench {
  readonly classifier: FlowClassifier;
  readonly clock: Clock;
  readonly place: Place;
  readonly result: { classid: number; handle: number };
  ask(): number;
}

function bench(): Bench {
  const clock = { now: 0 };
  const env = createEnv({ era: ERAS['6.1'], seed: 5, clock });
  const classifier = new FlowClassifier(env);
  const result = { classid: 0, handle: 0 };
  const place: Place = {
    env,
    qdisc: 0x10000,
    sharedBlock: false,
    userNamespace: false,
    stream: 1,
    build: () => ({ match: () => true, act: () => Verdict.OK }),
  };
  return { classifier, clock, place, result, ask: () => classifier.classify(packetOf(UDP), result) };
}

const building = (place: Place, act: Act, match: Match = () => true): Place => ({
  ...place,
  build: () => ({ match, act }),
});
/** Maps everything to the class `1:minor`. */
const to = (minor: number) => ({ keys: 4, mask: 0, xor: 0, baseclass: 0x10000 + minor });

describe('a list of filters', () => {
  test('is asked in the order of addition, not of handles; the first that answers ends it', () => {
    const { classifier, place, ask, result } = bench();
    classifier.change(9, to(9), place);
    classifier.change(1, to(1), place);
    expect(ask()).toBe(Verdict.OK);
    expect(result).toEqual({ classid: 0x10009, handle: 9 });
    expect(classifier.walk().map(({ handle }) => handle)).toEqual([9, 1]);
  });

  test('keeps the place of a filter that is changed', () => {
    const { classifier, place, ask, result } = bench();
    classifier.change(9, to(9), place);
    classifier.change(1, to(1), place);
    classifier.change(9, to(8), place);
    ask();
    expect(result).toEqual({ classid: 0x10008, handle: 9 });
  });

  test('passes over a filter whose ematches say no', () => {
    const { classifier, place, ask, result } = bench();
    classifier.change(
      1,
      to(1),
      building(
        place,
        () => Verdict.OK,
        () => false,
      ),
    );
    classifier.change(2, to(2), place);
    ask();
    expect(result.handle).toBe(2);
  });

  test("gives the action's verdict", () => {
    const { classifier, place, ask } = bench();
    classifier.change(
      1,
      to(1),
      building(place, () => Verdict.SHOT),
    );
    expect(ask()).toBe(Verdict.SHOT);
  });

  test('that is empty wants nothing', () => {
    expect(bench().ask()).toBe(UNSPEC);
  });

  test('quirk 16: a filter that continues leaves its class behind', () => {
    const { classifier, place, ask, result } = bench();
    classifier.change(
      1,
      to(1),
      building(place, () => UNSPEC),
    );
    expect(ask()).toBe(UNSPEC);
    expect(result.classid).toBe(0x10001);
  });
});

describe('get and delete', () => {
  test('find a filter by handle; handle 0 is nobody', () => {
    const { classifier, place } = bench();
    classifier.change(3, to(3), place);
    expect(classifier.get(3)?.handle).toBe(3);
    expect(classifier.get(0)).toBeNull();
    expect(classifier.get(4)).toBeNull();
  });

  test('delete says whether it was the last', () => {
    const { classifier, place } = bench();
    classifier.change(3, to(3), place);
    classifier.change(4, to(4), place);
    expect(classifier.delete(3)).toBe(false);
    expect(classifier.delete(4)).toBe(true);
    expect(() => classifier.delete(4)).toThrow(expect.objectContaining({ errno: Errno.ENOENT }));
  });

  test('a refused change leaves the list as it was', () => {
    const { classifier, place } = bench();
    classifier.change(3, to(3), place);
    const before = classifier.walk();
    expect(() => classifier.change(3, { keys: 0 }, place)).toThrow();
    expect(() => classifier.change(4, {}, place)).toThrow();
    expect(classifier.walk()).toEqual(before);
  });

  test('destroy leaves nothing', () => {
    const { classifier, place, ask } = bench();
    classifier.change(3, to(3), place);
    classifier.destroy();
    expect(classifier.walk()).toEqual([]);
    expect(ask()).toBe(UNSPEC);
  });
});

describe('perturbation', () => {
  const hash = (perturb: number) => ({ keys: 3, mode: 1, perturb });
  const seedOf = ({ classifier }: Bench): number => classifier.get(1)?.hashrnd ?? -1;

  test('draws a new hashrnd with each period, by the clock that was passed in', () => {
    const b = bench();
    b.classifier.change(1, hash(10), b.place);
    const draw = (step: number): number => b.place.env.random(1, step) >>> 0;
    const seen: number[] = [];
    for (const seconds of [0, 9.999999999, 10, 19, 20, 50]) {
      b.clock.now = seconds * SECOND;
      b.ask();
      seen.push(seedOf(b));
    }
    // After 20 s nobody asked for three periods: the timer fired all the same.
    expect(seen).toEqual([0, 0, 1, 1, 2, 5].map(draw));
    expect(new Set(seen).size).toBe(4);
  });

  test('starts anew with a change, which keeps hashrnd', () => {
    const b = bench();
    b.classifier.change(1, { ...hash(10) }, { ...b.place, hashrnd: 77 });
    b.clock.now = 9 * SECOND;
    b.classifier.change(1, { divisor: 4 }, b.place);
    b.clock.now = 18 * SECOND;
    b.ask();
    expect(seedOf(b)).toBe(77);
    b.clock.now = 19 * SECOND;
    b.ask();
    expect(seedOf(b)).not.toBe(77);
  });

  test('of a clock that goes back draws nothing', () => {
    const b = bench();
    b.classifier.change(1, hash(10), { ...b.place, hashrnd: 77 });
    b.clock.now = -1000 * SECOND;
    b.ask();
    expect(seedOf(b)).toBe(77);
  });

  test('two filters draw from streams of their own', () => {
    const b = bench();
    b.classifier.change(1, hash(0), b.place);
    b.classifier.change(2, hash(0), { ...b.place, stream: 2 });
    expect(b.classifier.get(2)?.hashrnd).not.toBe(seedOf(b));
  });
});
