import { expect, test } from 'vitest';
import { runTc } from '../command/index.ts';
import { createEnv } from '../env.ts';
import { ERAS } from '../era.ts';
import { Errno, type KernelError } from '../errors.ts';
import { Netns } from './index.ts';

const TREE = ['qdisc add dev d0 root handle 1: drr', 'class add dev d0 parent 1: classid 1:1 drr'];
const FLOW = 'filter add dev d0 parent 1: prio 1 protocol ip handle 1 flow map key dst';

/** Code and attribute of the kernel's refusals of the last line. */
function refusals(...lines: readonly string[]): string[] {
  const env = createEnv({ era: ERAS['6.1'], seed: 0 });
  const netns = new Netns({ env, devices: [{ name: 'd0', ifindex: 2 }] });
  let found: KernelError[] = [];
  const request = (datagram: Uint8Array) => netns.request(datagram, 0, { refused: (error) => found.push(error) });
  for (const line of lines) {
    found = [];
    runTc(line.split(' '), { transport: { request, links: netns.links } });
  }
  return found.map(({ code, attribute }) => `${code} ${attribute}`);
}

test.each([
  [FLOW, 'qdisc-not-found parent'],
  [TREE[1] ?? '', 'qdisc-not-found parent'],
  ['qdisc del dev d0 root', 'qdisc-not-found parent'],
  ['filter add block 9 protocol ip prio 1 handle 1 flow map key dst', 'block-not-found block'],
])('names the rule that refuses a request on an empty device: %s', (line, expected) => {
  expect(refusals(line)).toEqual([expected]);
});

test.each([
  [TREE[0] ?? '', 'qdisc-exists handle'],
  [TREE[1] ?? '', 'class-exists handle'],
  [FLOW, 'filter-exists handle'],
  [FLOW.replace('handle 1 ', ''), 'needs-handle handle'],
  [FLOW.replace('protocol ip', 'protocol ipv6'), 'filter-other-protocol protocol'],
  [FLOW.replace('flow map key dst', 'fw classid 1:1'), 'filter-other-kind kind'],
  [FLOW.replace('handle 1', 'handle 2').replace('map', 'map rshift 32'), 'rshift-range rshift'],
  [FLOW.replace('parent 1:', 'parent 1:7'), 'class-not-found parent'],
  ['filter del dev d0 parent 1: prio 7', 'filter-not-found pref'],
  ['qdisc add dev d0 parent 1:1 handle 2: nosuch', 'qdisc-kind-unknown kind'],
])('names the rule that refuses a request on a tree: %s', (line, expected) => {
  expect(refusals(...TREE, FLOW, line)).toEqual([expected]);
});

test('names the rule behind a dump that breaks off', () => {
  const env = createEnv({ era: ERAS['6.1'], seed: 0 });
  const netns = new Netns({ env, devices: [{ name: 'd0', ifindex: 2 }] });
  const found: number[] = [];
  const request = (datagram: Uint8Array) => netns.request(datagram, 0, { refused: ({ errno }) => found.push(errno) });
  for (const line of [...TREE, 'filter add dev d0 parent 1: prio 1 protocol ip fw', 'filter show dev d0 parent 1:']) {
    runTc(line.split(' '), { transport: { request, links: netns.links } });
  }
  expect(found).toEqual([Errno.EMSGSIZE]);
});
