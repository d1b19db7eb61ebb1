import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { HOOK_ROWS, type HookRow, type HookThing, hookRowOf, toldByFrame } from '../../src/packet/hooks.ts';
import { Input } from '../../src/packet/index.ts';
import { ALL_KEYS, KEYS } from '../../src/sched/flow/index.ts';
import { readLines } from '../golden/records.ts';

const root = path.join(import.meta.dirname, '../..');

interface Recorded {
  readonly hook: 'ingress' | 'egress';
  readonly context: { readonly dst: boolean; readonly nfct: boolean; readonly mark: number; readonly priority: number };
  readonly values: Readonly<Record<string, number>>;
}

/** What real kernels had at a router's devices, with sockets, routes, NAT and marks. */
const RECORDS = ['conntrack', 'meta'].flatMap((family) =>
  readLines<Recorded>(path.join(root, 'test/golden/records', family), 'values.jsonl'),
);
const at = (hook: Recorded['hook']): Recorded[] => RECORDS.filter((one) => one.hook === hook);

describe('what is known at which hook', () => {
  it('is docs/hooks.md', () => {
    const generator = path.join(root, 'tools/generate/hooks.mjs');
    const { status, stderr } = spawnSync(process.execPath, [generator, '--check'], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('has a row for every key, and each name and input in one row', () => {
    for (const key of ALL_KEYS) expect(hookRowOf(KEYS[key].name), KEYS[key].name).not.toBeNull();
    const rows = Object.values<HookRow>(HOOK_ROWS);
    const names = rows.flatMap((row) => row.names);
    expect(new Set(names).size).toBe(names.length);
    expect(rows.reduce((sum, { inputs }) => sum + inputs, 0)).toBe(rows.reduce((bits, { inputs }) => bits | inputs, 0));
  });

  it('says what exactness takes for known', () => {
    expect([toldByFrame('egress'), toldByFrame('ingress')]).toEqual([Input.TRANSPORT, 0]);
  });

  it.each([
    ['mark', 'mark'],
    ['priority', 'priority'],
    ['route', 'rt-classid'],
  ] as const satisfies readonly (readonly [HookThing, string])[])(
    '%s: never set at ingress, set at egress by some',
    (thing, key) => {
      expect([HOOK_ROWS[thing].at.ingress, HOOK_ROWS[thing].at.egress]).toEqual(['none', 'set']);
      expect(at('ingress').filter(({ values }) => values[key] !== 0)).toEqual([]);
      expect(at('egress').filter(({ values }) => values[key] !== 0).length).toBeGreaterThan(0);
    },
  );

  it('connection: none at ingress, where nfct keys are those of the headers', () => {
    expect([HOOK_ROWS.connection.at.ingress, HOOK_ROWS.connection.at.egress]).toEqual(['none', 'set']);
    const early = at('ingress');
    expect(early.length).toBeGreaterThan(900);
    expect(early.filter(({ context }) => context.nfct || context.dst)).toEqual([]);
    expect(early.filter(({ values }) => values['nfct-dst'] !== values.dst)).toEqual([]);
    // At egress of the inner device a reply's dst is the host, and its nfct-dst the router.
    const late = at('egress').filter(({ context, values }) => context.nfct && values['nfct-dst'] !== values.dst);
    expect(late.length).toBeGreaterThan(50);
  });

  it('iif: at ingress the same of all packets of a device', () => {
    expect(HOOK_ROWS.iif.at.ingress).toBe('device');
    expect(at('ingress').every(({ values }) => (values.iif ?? 0) > 0)).toBe(true);
  });
});
