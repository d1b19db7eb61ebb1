import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runScript } from '../../src/command/index.ts';
import { Verdict } from '../../src/verdict.ts';
import { runOf, TWO_LEVELS, udp } from './run.ts';

const MILLION = join(import.meta.dirname, '../../dist/test/walk/million.js');

describe('a packet through a tree', () => {
  test('has nothing allocated for it: three million through two levels leave the heap as it was', () => {
    const { stdout } = spawnSync(process.execPath, [MILLION], { encoding: 'utf8' });
    expect(JSON.parse(stdout)).toEqual({
      grown: expect.any(Number),
      classes: { '1:10': 1_500_000, '1:30': 1_500_000 },
    });
    expect(JSON.parse(stdout).grown).toBeLessThan(100_000);
  });

  test('counts its flow and host under its class, whichever classifier chose it', () => {
    const run = runOf(
      `qdisc add dev eth0 root handle 1: prio
       filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip dst 198.51.100.1/32 flowid 1:2`,
      { sharing: true },
    );
    for (const host of ['192.0.2.1', '192.0.2.2']) run.step(udp(host, '198.51.100.1'));
    expect([...(run.sharing?.perClass() ?? [])]).toEqual([[0x10002, { flows: 2, hosts: 2 }]]);
  });

  test('has the host that it had when it came, whatever actions made of its addresses', () => {
    const run = runOf(
      `qdisc add dev eth0 root handle 1: prio
       filter add dev eth0 parent 1: protocol ip prio 1 matchall action nat egress 192.0.2.0/24 203.0.113.9 pipe action ok flowid 1:2`,
      { sharing: true },
    );
    for (const host of ['192.0.2.1', '192.0.2.2']) run.step(udp(host, '198.51.100.1'));
    expect([...(run.sharing?.perClass() ?? [])]).toEqual([[0x10002, { flows: 2, hosts: 2 }]]);
  });

  test('is unknowable from an action on that nobody here can run', () => {
    const run = runOf(
      `qdisc add dev eth0 root handle 1: prio
       filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip dst 198.51.100.1/32 action skbmod swap mac
       filter add dev eth0 parent 1: protocol all prio 2 matchall flowid 1:2`,
    );
    run.step(udp('192.0.2.1', '198.51.100.1'));
    expect([run.exactness, run.reason, run.verdict]).toEqual([
      'unknowable',
      'unknowable: a u32 filter, pref 1, cannot be emulated',
      Verdict.UNSPEC,
    ]);
    expect(run.journey?.fate).toMatchObject({ fate: 'unknowable', qdisc: '1:', filter: { kind: 'u32', pref: 1 } });
    run.step(udp('192.0.2.1', '198.51.100.2'));
    expect([run.exactness, run.reason, run.classid]).toEqual(['assumed', null, 0x10002]);
  });
});

describe('the plan', () => {
  const run = runOf(TWO_LEVELS);
  const { netns } = run.kernel;

  test('is plain data with the names of ways and ends', () => {
    const [device] = JSON.parse(JSON.stringify(netns.plan)).devices;
    expect(device).toMatchObject({
      name: 'eth0',
      ingress: null,
      root: { qdisc: '1:', kind: 'htb', parent: 'root', lists: [{ at: '1:' }] },
    });
    const classes = device.root.classes.map(({ classid, above, qdisc }: never) => [classid, above, qdisc]);
    expect(classes).toContainEqual([
      '1:10',
      '1:1',
      expect.objectContaining({ qdisc: '10:', kind: 'sfq', parent: '1:10' }),
    ]);
    const [list] = device.root.lists;
    expect(netns.plan.blocks[list.block]).toMatchObject({
      chains: [
        {
          chain: 0,
          protos: [
            {
              kind: 'u32',
              pref: 1,
              protocol: '0x0800',
              filters: [
                {
                  handle: '0x80000800',
                  class: '1:10',
                  takesAll: false,
                  tests: [{ offset: 16, nexthdr: false, mask: '0xff000000', value: '0xa000000' }],
                  sendsTo: [],
                },
              ],
            },
          ],
        },
      ],
    });
  });

  test('is made anew after a request, and ends that were counted before keep their names', () => {
    run.step(udp('192.0.2.1', '10.0.0.1'));
    const before = netns.plan;
    const transport = { request: (datagram: Uint8Array) => netns.request(datagram), links: netns.links };
    runScript(
      'qdisc del dev eth0 parent 1:10 handle 10:\nqdisc add dev eth0 parent 1:10 handle 11: fq_codel',
      transport,
    );
    run.step(udp('192.0.2.1', '10.0.0.1'));
    expect(netns.plan).not.toBe(before);
    expect(run.fates?.rows().map(({ qdisc, packets }) => [qdisc, packets])).toEqual([
      ['10:', 1],
      ['11:', 1],
    ]);
  });
});
