import { describe, expect, test } from 'vitest';
import type { Shared } from '../report/index.ts';
import { Flows } from './flows.ts';
import { Cell, type Layout, layoutOf } from './layout.ts';

const SHARING = { sharing: true, fates: false, tracked: false } as const;

/** The flows of one major number, in tables of so many rows at first and at most. */
function flowsOf(first: number, most: number): { flows: Flows; layout: Layout; words: Int32Array } {
  const layout = layoutOf(1, [1], SHARING);
  const tables = Object.fromEntries(
    Object.entries(layout.tables).map(([name, rows]) => [name, { ...rows, first, most }]),
  ) as unknown as Layout['tables'];
  const buffer = new ArrayBuffer(layout.room);
  return { flows: new Flows(buffer, { ...layout, tables }), layout, words: new Int32Array(buffer) };
}

/** A flow of TCP between two hosts. */
function note(flows: Flows, classid: number, host: number, port: number, isV6: boolean): void {
  const address = isV6 ? [0x20010db8, 0, 0, host] : [host];
  const other = isV6 ? [0x20010db8, 0, 1, 9] : [9];
  flows.note(classid, isV6, Int32Array.from([0, 6, port, ...address, ...other]), Int32Array.from([0, ...address]));
}

function counted(flows: Flows): Map<number, Shared> {
  const found = new Map<number, Shared>();
  flows.perClass((classid) => {
    const shared = found.get(classid) ?? { flows: 0, hosts: 0 };
    found.set(classid, shared);
    return shared;
  });
  return found;
}

describe.each([false, true])("flows that were not the loop's, IPv6 %s", (isV6) => {
  test('count once, and so do their hosts, however often the tables grow', () => {
    const { flows } = flowsOf(64, 1 << 16);
    for (const _ of [1, 2]) {
      for (let i = 0; i < 3000; i++) {
        note(flows, 0x10001, i % 100, i, isV6);
        note(flows, 0x10002, i % 7, i, isV6);
      }
    }
    expect(counted(flows)).toEqual(
      new Map([
        [0x10001, { flows: 3000, hosts: 100 }],
        [0x10002, { flows: 3000, hosts: 7 }],
      ]),
    );
    expect(flows.isEstimate).toBe(false);
  });

  test('are estimated where the tables may not grow', () => {
    const { flows } = flowsOf(64, 1024);
    for (let i = 0; i < 20_000; i++) note(flows, 0x10001, i % 50, i, isV6);
    const { flows: estimate, hosts } = counted(flows).get(0x10001) ?? { flows: 0, hosts: 0 };
    expect(flows.isEstimate).toBe(true);
    // Half of a thousand rows at least.
    expect(Math.abs(estimate - 20_000)).toBeLessThan(20_000 / 5);
    // Hosts are few, and counted one by one.
    expect(hosts).toBe(50);
  });

  test("of a class that the loop does not have are somebody else's", () => {
    const { flows } = flowsOf(64, 64);
    const row = new Int32Array(12);
    expect(flows.note(0x20001, isV6, row, row)).toBe(false);
  });
});

test('flows that all belong in one place end in a sample, not in a search without end', () => {
  const { flows, words } = flowsOf(64, 256);
  // hashOf() turns the ports in where it has added the protocol: these have the same hash.
  for (let i = 0; i < 300; i++) {
    flows.note(0x10001, false, Int32Array.from([0, i, i ^ 0x5000, 0, 0]), Int32Array.from([0, i]));
  }
  expect(flows.isEstimate).toBe(true);
  expect(words[Cell.SAMPLES >> 2]).not.toBe(0);
});
