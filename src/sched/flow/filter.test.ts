import { describe, expect, test } from 'vitest';
import { envOf } from '../../../test/frames.ts';
import type { EraName } from '../../era.ts';
import { Errno, KernelError } from '../../errors.ts';
import { type FlowFilter, nextPerturb, optionsOf, type Place, perturbNanoseconds, settle } from './filter.ts';
import type { FlowOptions } from './options.ts';

function place(change: Partial<Place> = {}, era: EraName = '6.1'): Place {
  const build = () => ({ match: () => true, act: () => 0 });
  const usual = { qdisc: 0x10000, sharedBlock: false, userNamespace: false, build, stream: 1, hashrnd: 0xcafe };
  return { env: envOf(era), ...usual, ...change };
}

const EINVAL = { errno: Errno.EINVAL, extack: '' };
const ERANGE = { errno: Errno.ERANGE, extack: '' };
const EOPNOTSUPP = { errno: Errno.EOPNOTSUPP, extack: '' };
const REFUSED_BY_BUILD = { errno: Errno.ENOENT, extack: 'no such action' };
const refuse = (): never => {
  throw new KernelError(Errno.ENOENT, 'no such action');
};

const HASH: FlowOptions = { keys: 3, mode: 1 };
const made = (options: FlowOptions = HASH, where: Place = place()): FlowFilter => settle(null, 1, options, where);

/** Each request breaks one rule and every later one that it can, so that the order shows. */
describe('the rules of a request, in their order', () => {
  const late = { build: refuse, userNamespace: true };
  test.each<[string, FlowOptions, object]>([
    ['a shift above 31', { rshift: 32, baseclass: 0x10000, keys: 0 }, ERANGE],
    ['a base class without minor', { rshift: 31, baseclass: 0x10000, keys: 0 }, EINVAL],
    ['no key in the mask', { baseclass: 0x10001, keys: 0 }, EINVAL],
    ['a key above 17', { keys: 0x40001 }, EOPNOTSUPP],
    ['a key above 17, the highest', { keys: 0x80000000 }, EOPNOTSUPP],
    ['key src from a user namespace', { keys: 1 }, EOPNOTSUPP],
    ['what the actions say', { mode: 0, keys: 0x30, perturb: 1 }, REFUSED_BY_BUILD],
  ])('%s', (_, options, error) => {
    expect(() => settle(null, 0, options, place(late))).toThrow(expect.objectContaining(error));
  });

  test.each<[string, number, FlowOptions, object]>([
    ['no handle', 0, {}, EINVAL],
    ['no keys', 1, { mode: 1 }, EINVAL],
    ['several keys in map mode', 1, { keys: 3 }, EINVAL],
    ['several keys in an unknown mode', 1, { keys: 3, mode: 5 }, EINVAL],
    ['perturb in map mode', 1, { keys: 1, perturb: 0 }, EINVAL],
  ])('of a new filter: %s', (_, handle, options, error) => {
    expect(() => settle(null, handle, options, place({ sharedBlock: true }))).toThrow(expect.objectContaining(error));
  });

  test('of a new filter on a shared block: a base class with a major must be given', () => {
    const shared = place({ sharedBlock: true, qdisc: 0 });
    expect(() => settle(null, 1, HASH, shared)).toThrow('Must specify baseclass when attaching flow filter to block');
    expect(() => settle(null, 1, { ...HASH, baseclass: 5 }, shared)).toThrow(KernelError);
    expect(settle(null, 1, { ...HASH, baseclass: 0x20005 }, shared).baseclass).toBe(0x20005);
  });

  test.each<[string, number, FlowOptions]>([
    ['another handle', 2, {}],
    ['a change to map that names several keys', 1, { mode: 0, keys: 3 }],
    ['perturb of 0 with a change to map', 1, { mode: 0, perturb: 0 }],
  ])('of a change: %s', (_, handle, options) => {
    expect(() => settle(made(), handle, options, place())).toThrow(expect.objectContaining(EINVAL));
  });

  test('of a change: handle 0 means the filter that was found', () => {
    expect(settle(made(), 0, {}, place()).handle).toBe(1);
  });

  test('the seed era takes any shift', () => {
    expect(made({ keys: 1, rshift: 255 }, place({}, 'seed')).rshift).toBe(255);
  });
});

describe('a new filter', () => {
  test('has the defaults of flow_change()', () => {
    expect(made({ keys: 1 })).toMatchObject({
      mode: 0,
      nkeys: 1,
      mask: 0xffffffff,
      xor: 0,
      rshift: 0,
      addend: 0,
      divisor: 0,
      perturbPeriod: 0,
      baseclass: 0x10001,
      hashrnd: 0xcafe,
      nextPerturb: Number.POSITIVE_INFINITY,
    });
  });

  test.each([
    ['given whole', 0x20005, 0x20005],
    ["given a minor: the qdisc's major", 5, 0x10005],
    ["not given: the qdisc's first", undefined, 0x10001],
  ])('has its base class %s', (_, asked, expected) => {
    expect(made(asked === undefined ? HASH : { ...HASH, baseclass: asked }).baseclass).toBe(expected);
  });
});

describe('a change', () => {
  const full: FlowOptions = {
    keys: 3,
    mode: 1,
    mask: 0xff,
    xor: 1,
    rshift: 2,
    addend: 3,
    divisor: 4,
    baseclass: 0x10007,
    perturb: 10,
  };

  test('keeps what it does not mention', () => {
    const old = made(full);
    expect(settle(old, 1, {}, place({ hashrnd: 0xbad }))).toMatchObject({
      keymask: 3,
      mode: 1,
      mask: 0xff,
      xor: 1,
      rshift: 2,
      addend: 3,
      divisor: 4,
      baseclass: 0x10007,
      perturbPeriod: 2500,
      hashrnd: 0xcafe,
      handle: 1,
    });
  });

  test('honours zeros', () => {
    const zeros = { mask: 0, xor: 0, rshift: 0, addend: 0, divisor: 0, perturb: 0 };
    expect(settle(made(full), 1, zeros, place())).toMatchObject({
      mask: 0,
      xor: 0,
      rshift: 0,
      addend: 0,
      divisor: 0,
      perturbPeriod: 0,
    });
  });

  test('to map clears perturb', () => {
    expect(settle(made(full), 1, { mode: 0 }, place()).perturbPeriod).toBe(0);
  });

  test('replaces ematches and actions by its own, also by none', () => {
    const dropping = () => ({ match: () => false, act: () => 2 });
    const old = made(HASH, place({ build: dropping }));
    expect(settle(old, 1, {}, place()).act).not.toBe(old.act);
    expect(settle(old, 1, {}, place()).match).not.toBe(old.match);
  });

  test('leaves the old filter as it was, also when it is refused', () => {
    const old = made(full);
    const before = { ...old };
    settle(old, 1, { divisor: 9 }, place());
    expect(() => settle(old, 1, { keys: 0 }, place())).toThrow(KernelError);
    expect(old).toEqual(before);
  });
});

describe('quirks of a change', () => {
  test('quirk 13: perturb is seconds times HZ in 32 bits', () => {
    expect(made({ ...HASH, perturb: 17179870 }).perturbPeriod).toBe(17179870 * 250 - 2 ** 32);
  });

  test('quirk 14: from a user namespace src, dst, proto and proto-src are refused, all others pass', () => {
    const refused = Array.from({ length: 18 }, (_, key) => key).filter((key) => {
      try {
        made({ keys: 1 << key }, place({ userNamespace: true }));
        return false;
      } catch (error) {
        expect(error).toMatchObject(EOPNOTSUPP);
        return true;
      }
    });
    expect(refused).toEqual([0, 1, 2, 3]);
  });

  test('quirk 15: a change completes no base class', () => {
    expect(settle(made(), 1, { baseclass: 5 }, place()).baseclass).toBe(5);
    expect(made({ ...HASH, baseclass: 5 }).baseclass).toBe(0x10005);
  });
});

describe('a refusal', () => {
  const refusal = (options: FlowOptions, handle = 1, where: Place = place()): readonly unknown[] => {
    try {
      settle(null, handle, options, where);
      return [];
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      return [error.errno, error.code, error.attribute];
    }
  };

  test('names its rule and the attribute that it is about', () => {
    expect(refusal(HASH, 0)).toEqual([Errno.EINVAL, 'needs-handle', 'handle']);
    expect(refusal({ mode: 1 })).toEqual([Errno.EINVAL, 'needs-keys', 'keys']);
    expect(refusal({ keys: 0 })).toEqual([Errno.EINVAL, 'needs-keys', 'keys']);
    expect(refusal({ keys: 3 })).toEqual([Errno.EINVAL, 'one-key', 'keys']);
    expect(refusal({ keys: 1, perturb: 1 })).toEqual([Errno.EINVAL, 'perturb-of-map', 'perturb']);
    expect(refusal({ keys: 1, rshift: 32 })).toEqual([Errno.ERANGE, 'rshift-range', 'rshift']);
    expect(refusal({ keys: 1, baseclass: 0x10000 })).toEqual([Errno.EINVAL, 'baseclass-minor', 'baseclass']);
    expect(refusal({ keys: 1 << 18 })).toEqual([Errno.EOPNOTSUPP, 'invalid', null]);
    expect(refusal({ keys: 1 }, 1, place({ userNamespace: true }))).toEqual([
      Errno.EOPNOTSUPP,
      'user-namespace',
      'keys',
    ]);
    expect(refusal(HASH, 1, place({ sharedBlock: true }))).toEqual([Errno.EINVAL, 'needs-baseclass', 'baseclass']);
  });

  test('is not made of what is just allowed', () => {
    expect(refusal({ keys: 1 << 17, rshift: 31, baseclass: 0x10001 })).toEqual([]);
    expect(refusal({ ...HASH, perturb: 0 })).toEqual([]);
    expect(refusal({ ...HASH, baseclass: 0x20001 }, 1, place({ sharedBlock: true }))).toEqual([]);
    expect(refusal({ keys: 1 << 17 }, 1, place({ userNamespace: true }))).toEqual([]);
  });
});

describe('the seed and its period', () => {
  test('a new filter draws a seed of its stream, if none was told', () => {
    const { hashrnd: _, ...drawing } = place();
    const drawn = settle(null, 1, HASH, { ...drawing, stream: 3 });
    expect(drawn.hashrnd).toBe(drawing.env.random(3, 0) >>> 0);
    expect([drawn.hashrndTold, drawn.stream, drawn.epoch]).toEqual([false, 3, 0]);
    expect(made().hashrndTold).toBe(true);
    const changed = settle(drawn, 1, {}, place({ stream: 9 }));
    expect([changed.hashrnd, changed.hashrndTold, changed.stream, changed.epoch]).toEqual([drawn.hashrnd, false, 3, 0]);
    expect(settle({ ...drawn, epoch: 5 }, 1, {}, place()).epoch).toBe(5);
  });

  test('the timer runs from now, by a jiffy of 4 ms at 250 HZ', () => {
    const { env } = place();
    expect(perturbNanoseconds(2500, 250)).toBe(10e9);
    expect(nextPerturb(2500, env)).toBe(env.now() + (2500 * 1e9) / env.hz);
    expect(nextPerturb(0, env)).toBe(Number.POSITIVE_INFINITY);
  });

  test('in map mode there is none, kept in hash mode if it is not mentioned', () => {
    const old = made({ ...HASH, perturb: 10 });
    expect(settle(old, 1, { mode: 1 }, place()).perturbPeriod).toBe(2500);
    expect(settle(old, 1, { mode: 0 }, place()).perturbPeriod).toBe(0);
    expect(settle(old, 1, { perturb: 4 }, place()).perturbPeriod).toBe(1000);
  });
});

test("a filter's own settings are its options, with whole seconds", () => {
  const options = { keys: 3, mode: 1, mask: 0xff, xor: 1, rshift: 2, addend: 3, divisor: 4, baseclass: 0x10007 };
  const filter = made({ ...options, perturb: 10 });
  expect(optionsOf(filter, 250)).toEqual({ ...options, perturb: 10 });
  expect(optionsOf({ ...filter, perturbPeriod: 2499 }, 250)).toEqual({ ...options, perturb: 9 });
});

test('keys are listed lowest first, and counted', () => {
  const filter = made({ keys: 0x20005, mode: 1 });
  expect([filter.keys, filter.nkeys]).toEqual([[0, 2, 17], 3]);
  expect(settle(filter, 1, { keys: 2 }, place())).toMatchObject({ keys: [1], nkeys: 1, keymask: 2 });
});
