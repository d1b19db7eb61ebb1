import { describe, expect, test } from 'vitest';
import { EGRESS, ethernet, frameOf, INGRESS, ipv4, ports } from '../test/frames.ts';
import type { Tracker } from './conntrack/index.ts';
import { createEnv } from './env.ts';
import { ERAS } from './era.ts';
import { NO_METADATA, parseMetadata, parseValues } from './packet/index.ts';
import type { FilterPlan } from './plan.ts';
import { Run, type RunOptions } from './run.ts';
import { parseFlowOptions } from './sched/flow/index.ts';
import { classText } from './u32.ts';

const plan = (spec: string, hashrnd?: number): FilterPlan => ({ spec, options: parseFlowOptions(spec), hashrnd });

function run(specs: readonly (string | FilterPlan)[], change: Partial<RunOptions> = {}): Run {
  const clock = { now: 0 };
  return new Run({
    env: createEnv({ era: ERAS['6.1'], seed: 0, clock }),
    clock,
    device: EGRESS,
    filters: specs.map((spec) => (typeof spec === 'string' ? plan(spec) : spec)),
    known: { rxhashKey: false, foldKey: false },
    metadata: NO_METADATA,
    tracker: null,
    sharing: true,
    ...change,
  });
}

const udp = (src: string, dst: string, port = 53) => frameOf(ethernet('0800', ipv4(src, dst, 17, ports(1000, port))));

const DB = udp('10.0.0.1', '10.0.0.7');

describe('one packet', () => {
  test('goes to the filter of the lowest preference', () => {
    const r = run(['map key dst and 0xff', 'map key src and 0xff']);
    r.step(DB);
    expect([classText(r.classid), r.pref, r.verdict, r.exactness]).toEqual(['1:8', 1, 0, 'exact']);
    expect([...r.tally.rows()]).toEqual([{ classid: 0x10008, packets: 1, bytes: DB.length }]);
  });

  test('has major ffff at ingress', () => {
    const r = run(['map key dst and 0xff'], { device: INGRESS });
    r.step(DB);
    expect(classText(r.classid)).toBe('ffff:8');
  });

  test('that no filter took is counted with the reason', () => {
    const r = run([]);
    r.step(DB);
    expect(r.tally.unclassified()).toEqual([{ reason: 'no filter took it', packets: 1, bytes: DB.length }]);
  });

  test('of an unknown link type is counted, never an error', () => {
    const r = run(['map key dst']);
    r.step(frameOf(DB.data, 147));
    expect([r.reason, r.tally.packets]).toEqual(['link type 147', 1]);
  });

  test('cut by a snap length counts with its length on the wire', () => {
    const r = run(['map key dst']);
    const frame = udp('10.0.0.1', '10.0.0.7');
    frame.length = 1500;
    r.step(frame);
    expect(r.tally.bytes).toBe(1500);
  });
});

describe('what is told besides the frames', () => {
  test('reaches the filters: for all, by prefix, by number', () => {
    const metadata = {
      all: parseValues({ mark: 1 }),
      ...parseMetadata([
        { prefix: '10.0.0.2', mark: 2 },
        { packet: 3, mark: 3 },
      ]),
    };
    const r = run(['map key mark baseclass 1:1'], { metadata });
    const classes = [DB, udp('10.0.0.2', '10.0.0.7'), udp('10.0.0.2', '10.0.0.7')].map((frame) => {
      r.step(frame);
      return classText(r.classid);
    });
    expect(classes).toEqual(['1:2', '1:3', '1:4']);
    expect(r.tally.exactness.exact).toBe(3);
  });

  test('hashrnd given is listed as given, drawn as from the seed', () => {
    const rows = run([plan('hash keys src', 0xdeadbeef), 'hash keys dst']).filterRows();
    expect(rows[0]).toEqual({ pref: 1, handle: '0x1', spec: 'hash keys src', hashrnd: '0xdeadbeef', from: 'given' });
    expect(rows[1]).toMatchObject({ pref: 2, from: 'seed' });
  });

  test('the same seed gives the same hashrnd', () => {
    expect(run(['hash keys src']).filterRows()).toEqual(run(['hash keys src']).filterRows());
  });
});

describe('connections', () => {
  const tracker = {
    track: (_: unknown, ct: { src: Int32Array; exactness: string }) => {
      ct.src[0] = 0x0a000063;
      return true;
    },
  } as unknown as Tracker;

  test('are asked for at egress', () => {
    const r = run(['map key nfct-src and 0xff baseclass 1:1'], { tracker });
    r.step(DB);
    expect(classText(r.classid)).toBe(classText(0x10064));
  });

  test('are not asked for at ingress: the kernel tracks later', () => {
    const r = run(['map key nfct-src and 0xff baseclass 1:1'], { tracker, device: INGRESS });
    r.step(DB);
    expect(classText(r.classid)).toBe('1:2');
  });

  test('are needed by the four keys that read tuples', () => {
    const needs = (spec: string): boolean => run([spec]).needsConntrack;
    expect(['nfct-src', 'nfct-dst', 'nfct-proto-src', 'nfct-proto-dst'].every((key) => needs(`map key ${key}`))).toBe(
      true,
    );
    expect(['src', 'nfct', 'rt-classid'].some((key) => needs(`map key ${key}`))).toBe(false);
  });
});

describe('time', () => {
  test('is that of the capture, from the first packet on', () => {
    const r = run(['hash keys src perturb 10']);
    const at = (seconds: number): number => {
      const frame = udp('10.0.0.1', '10.0.0.7');
      frame.seconds = seconds;
      r.step(frame);
      return r.filters[0]?.filter.hashrnd ?? -1;
    };
    const [first, same, later] = [at(1_700_000_000), at(1_700_000_009), at(1_700_000_010)];
    expect(same).toBe(first);
    expect(later).not.toBe(first);
  });
});

describe('sharing', () => {
  const shared = (specs: readonly string[], frames: readonly ReturnType<typeof udp>[]) => {
    const r = run(specs);
    for (const frame of frames) r.step(frame);
    return [...(r.sharing?.perClass().values() ?? [])];
  };

  test('counts sources as hosts, and destinations where the filter looks at those only', () => {
    const frames = [udp('10.0.0.1', '10.0.0.7'), udp('10.0.0.2', '10.0.0.7'), udp('10.0.0.2', '10.0.0.7', 80)];
    expect(shared(['map key proto'], frames)).toEqual([{ flows: 3, hosts: 2 }]);
    expect(shared(['map key dst and 0'], frames)).toEqual([{ flows: 3, hosts: 1 }]);
  });

  test('leaves out packets without an IP address, and everything where it is not asked for', () => {
    expect(shared(['map key proto'], [frameOf(ethernet('0806', '0001080006040001'))])).toEqual([]);
    expect(run(['map key src'], { sharing: false }).sharing).toBeNull();
  });
});
