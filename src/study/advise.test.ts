import { describe, expect, it } from 'vitest';
import { frameOf } from '../../test/frames.ts';
import { Tracker } from '../conntrack/index.ts';
import { createEnv } from '../env.ts';
import { ERAS } from '../era.ts';
import { describeFrame, NO_METADATA } from '../packet/index.ts';
import { Run } from '../run.ts';
import { parseFlowOptions } from '../sched/flow/index.ts';
import { CHOICES, type Choice, DIVISORS, hashrnds, Observations, study } from './advise.ts';
import type { By } from './host-or-flow.ts';
import { type Wanted, weigh } from './proposals.ts';
import { expectedSharing } from './shares.ts';

const env = createEnv({ era: ERAS['6.1'], seed: 0 });
const MASKS = CHOICES.filter(({ conntrack }) => !conntrack).map(({ mask }) => mask);

function observe(by: By, packets: readonly string[]): Observations {
  const run = new Run({
    env,
    clock: { now: 0 },
    device: { hook: 'egress', vlan: 'offload' },
    metadata: NO_METADATA,
    sharing: false,
    filters: [{ spec: '', options: parseFlowOptions('hash keys src,dst,proto,proto-src,proto-dst') }],
    known: { rxhashKey: false, foldKey: false },
    tracker: new Tracker({ rules: [], table: [] }),
  });
  const seen = new Observations(by, MASKS, env);
  for (const packet of packets) {
    run.prepare(frameOf(describeFrame(packet)));
    seen.add(run.packet);
  }
  return seen;
}

/** `count` hosts with one connection each, to one server. */
const subscribers = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `tcp 10.0.${i >> 8}.${i & 255}:1000 > 192.0.2.1:443`);

const choice = (choices: readonly Choice[], keys: string): Choice => {
  const found = choices.find((one) => one.keys === keys);
  if (found === undefined) throw new Error(keys);
  return found;
};

describe('a study of keys and divisors', () => {
  it('finds about as many of 100 hosts sharing 1024 buckets as chance says: 9 %', () => {
    const choices = study(observe('host', subscribers(100)), DIVISORS, hashrnds(env, 300));
    const cell = choice(choices, 'src').cells.find(({ divisor }) => divisor === 1024);
    // The mean of 300 draws; its standard deviation is about 0.0026.
    expect(Math.abs((cell?.sharing.mean ?? 0) / 100 - expectedSharing(100, 1024))).toBeLessThan(0.015);
    expect(choice(choices, 'src').inherent).toBe(0);
  });

  it('knows that hosts with the same key values share whatever the divisor', () => {
    const choices = study(observe('host', subscribers(10)), [65536], hashrnds(env, 5));
    const { inherent, cells } = choice(choices, 'dst');
    expect(inherent).toBe(10);
    expect(cells[0]).toMatchObject({ sharing: { min: 10, max: 10 }, worst: { mean: 10 }, classes: { mean: 1 } });
  });

  it('counts flows one by one, and packets that rest on pointers', () => {
    const packets = ['tcp 10.0.0.1:1 > 10.0.0.2:1', 'tcp 10.0.0.1:2 > 10.0.0.2:1', 'icmp 10.0.0.1 > 10.0.0.2'];
    const seen = observe('flow', [...packets, ...packets]);
    expect([seen.subjects, seen.packets]).toEqual([3, 6]);
    expect(seen.unknowable).toEqual([0, 0, 0, 2]);
    expect(observe('host', packets).subjects).toBe(1);
  });
});

const wanted = (more: Partial<Wanted> = {}): Wanted => ({
  ...{ dev: 'eth0', kind: null, rate: null, max: 4096, tagged: false, active: 0 },
  ...more,
});

/** The best hash with these many buckets, maps aside. */
const recommend = (choices: readonly Choice[], subjects: number, more: Partial<Wanted> = {}) =>
  weigh(choices, subjects, wanted(more)).find(({ filter }) => filter.startsWith('hash')) ?? null;

describe('a recommendation', () => {
  it('keeps hosts apart by src although one of them has most of the connections', () => {
    const busy = Array.from({ length: 200 }, (_, i) => `tcp 10.9.9.9:${i + 1} > 192.0.2.1:443`);
    const seen = observe('host', [...subscribers(10), ...busy]);
    const advice = recommend(study(seen, DIVISORS, hashrnds(env, 100)), seen.subjects);
    // 1 - (1 - 1/1024)^10 is just below 1 %, and twice that above.
    expect(advice).toMatchObject({ keys: 'src', enough: true, inherent: 0 });
    expect([1024, 2048]).toContain(advice?.divisor);
  });

  it('keeps flows apart by all five', () => {
    const seen = observe(
      'flow',
      Array.from({ length: 20 }, (_, i) => `tcp 10.9.9.9:${i + 1} > 192.0.2.1:443`),
    );
    const advice = recommend(study(seen, DIVISORS, hashrnds(env, 20)), seen.subjects);
    expect(advice?.keys).toBe('src,dst,proto,proto-src,proto-dst');
  });

  it('takes what the qdisc has, and says that it is not enough', () => {
    const seen = observe('host', subscribers(100));
    const advice = recommend(study(seen, DIVISORS, hashrnds(env, 20)), seen.subjects, { kind: 'drr', max: 300 });
    expect(advice).toMatchObject({ divisor: 256, enough: false });
  });

  it('is none where nobody was seen', () => {
    expect(recommend(study(observe('host', []), DIVISORS, [1]), 0)).toBeNull();
  });

  const sparse = Array.from(
    { length: 60 },
    (_, i) => `udp ${11 + i}.${(i * 77) & 255}.3.${(i * 29) & 255}:1 > 192.0.2.1:2`,
  );

  it('puts 2000 subscribers with dense addresses in a map, with no class for two of them', () => {
    const choices = study(observe('host', subscribers(2000)), DIVISORS, [1]);
    const [first, second] = weigh(choices, 2000, wanted({ rate: 1e9 }));
    const filter = 'map key src and 0x7ff divisor 2048';
    expect(first).toMatchObject({ qdisc: 'fq_codel', shaper: 'htb', filter, sharing: 0, classes: 1 });
    expect(second).toMatchObject({ qdisc: 'htb', shaper: null, filter, sharing: 0, classes: 2050 });
  });

  it('makes no more than 256 classes for the hosts of 60 addresses that are not dense, and takes buckets first', () => {
    const choices = study(observe('host', sparse), DIVISORS, hashrnds(env, 20));
    expect(weigh(choices, 60, wanted({ rate: 1e8 }))[0]).toMatchObject({
      qdisc: 'fq_codel',
      shaper: 'htb',
      classes: 1,
    });
    expect(weigh(choices, 60, wanted({ kind: 'htb', rate: 1e8 }))[0]).toMatchObject({ divisor: 256, classes: 258 });
  });

  it('takes fewer buckets where those for all are not allowed, and hosts are not active at once', () => {
    const choices = study(observe('host', sparse), DIVISORS, hashrnds(env, 20));
    const quiet = choices.map((one) => ({ ...one, cells: one.cells.map((cell) => ({ ...cell, atOnce: 0 })) }));
    expect(weigh(quiet, 60, wanted({ kind: 'drr', active: 2 }))[0]).toMatchObject({ divisor: 8, enough: false });
  });
});
