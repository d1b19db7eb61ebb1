import { describe, expect, test } from 'vitest';
import { Frame } from '../capture/index.ts';
import { runTc } from '../command/index.ts';
import { createEnv, createPacket } from '../env.ts';
import { ERAS } from '../era.ts';
import { shellWords } from '../lang/index.ts';
import { describeFrame, enter, Input, type Packet } from '../packet/index.ts';
import { type Fate, type Journey, Netns } from './index.ts';

/** What the kernel did with each claim is recorded in FATES.md, claim by claim; the ids are those of its trees. */

const env = createEnv({ era: ERAS['6.1'], seed: 0 });

/** d0 and d1 after these commands, all of which tc must accept. */
function tree(...commands: readonly string[]): Netns {
  const netns = new Netns({
    env,
    devices: [
      { name: 'lo', ifindex: 1 },
      { name: 'd0', ifindex: 7 },
      { name: 'd1', ifindex: 8 },
    ],
  });
  const transport = { request: (datagram: Uint8Array) => netns.request(datagram), links: netns.links };
  for (const command of commands) {
    const { exit, stderr } = runTc(shellWords(command.replace(/ add /, ' add dev d0 ')), { transport });
    if (exit !== 0) throw new Error(`${command}: ${stderr}`);
  }
  return netns;
}

const UDP = 'udp 192.0.2.1:1000 > 10.0.0.4:53';
const V6 = 'udp [2001:db8::1]:1000 > [2001:db8::2]:53';

interface Sent {
  readonly mark?: number;
  readonly priority?: number;
}

function packet(words: string, hook: 'egress' | 'ingress', { mark = 0, priority = 0 }: Sent): Packet {
  const p = createPacket(env);
  const frame = new Frame();
  frame.data = describeFrame(words);
  frame.end = frame.length = frame.data.length;
  frame.linkType = 1;
  enter(frame, p, { hook, vlan: 'inband' });
  p.mark = mark;
  p.priority = priority;
  p.given = Input.MARK | Input.PRIORITY;
  return p;
}

function journey(netns: Netns, words: string, sent: Sent = {}, hook: 'egress' | 'ingress' = 'egress'): Journey {
  netns.walk(packet(words, hook, sent), { dev: 'd0', hook });
  const journey = netns.journey();
  if (journey === null) throw new Error('no journey');
  return journey;
}

const fate = (netns: Netns, words: string, sent: Sent = {}): Fate => journey(netns, words, sent).fate;

const HTB = ['qdisc add root handle 1: htb default 10', 'class add parent 1: classid 1:1 htb rate 1gbit'];
const LEAVES = ['10', '11'].map((minor) => `class add parent 1:1 classid 1:${minor} htb rate 10mbit`);
const MARKS = 'filter add parent 1: protocol all handle 1 flow map key mark baseclass 1:10';

describe('htb', () => {
  test('FT001: never asks the filters of a leaf, not even one that drops (fate-000, fate-001)', () => {
    const netns = tree(...HTB, ...LEAVES, 'filter add parent 1:10 protocol all matchall action drop');
    expect(fate(netns, UDP)).toEqual({ fate: 'queued', qdisc: '0:', kind: 'pfifo', class: '1:10' });
  });

  test('FT001, later: asks them once a class hangs below that leaf (fate-328)', () => {
    const filter = 'filter add parent 1:10 protocol all matchall flowid 1:20';
    const netns = tree(...HTB, ...LEAVES, MARKS, filter, 'class add parent 1:10 classid 1:20 htb rate 1mbit');
    expect(fate(netns, UDP).class).toBe('1:20');
  });

  test('FT005: sends what names a missing class to the default, or direct and unshaped without one (fate-009 to 013)', () => {
    expect(fate(tree(...HTB, ...LEAVES, MARKS), UDP, { mark: 9 })).toMatchObject({ fate: 'queued', class: '1:10' });
    for (const fallback of ['', 'default 99', 'default 1', 'default 0']) {
      const netns = tree(`qdisc add root handle 1: htb ${fallback}`.trim(), ...HTB.slice(1), ...LEAVES, MARKS);
      expect(fate(netns, UDP, { mark: 9 }), fallback).toEqual({ fate: 'direct', qdisc: '1:', by: 'default' });
    }
  });

  test('FT025, FT028: minor 0 is the direct queue and not the default, also as a priority (fate-034, fate-035)', () => {
    const netns = tree(
      ...HTB,
      ...LEAVES,
      'filter add parent 1: protocol all handle 1 flow map key mark addend 0xffffffff',
    );
    expect(fate(netns, UDP, { mark: 0 })).toEqual({ fate: 'direct', qdisc: '1:', by: 'filter' });
    expect(fate(netns, UDP, { priority: 0x10000 })).toEqual({ fate: 'direct', qdisc: '1:', by: 'priority' });
  });

  test('takes a priority that is a leaf without a question, and asks the filters of one that is inner', () => {
    const netns = tree(...HTB, ...LEAVES, 'filter add parent 1:1 protocol all matchall flowid 1:11');
    expect(journey(netns, UDP, { priority: 0x10011 }).path?.[0]).toMatchObject({ classify: [], by: 'priority' });
    expect(journey(netns, UDP, { priority: 0x10001 }).path?.[0]).toMatchObject({ class: '1:11', by: 'filter' });
    expect(fate(netns, UDP).class).toBe('1:10');
  });

  test('FT029: drops what an inner class sends to itself, after nine lists (fate-136, fate-309)', () => {
    const own = 'filter add parent 1:1 protocol all handle 1 flow map key mark baseclass 1:1';
    const netns = tree(...HTB, ...LEAVES, 'filter add parent 1: protocol all matchall flowid 1:1', own);
    const { path, fate } = journey(netns, UDP);
    expect(fate).toMatchObject({ fate: 'dropped', by: 'class loop' });
    expect(path?.[0]?.classify.slice(3)).toEqual([{ repeated: 6 }]);
  });
});

test('hfsc: a filter may only point downwards, so that a loop ends in the default class (fate-310); without one, dropped', () => {
  const classes = [
    'class add parent 1: classid 1:1 hfsc ls rate 1gbit',
    'class add parent 1:1 classid 1:10 hfsc ls rate 1mbit',
    'filter add parent 1: protocol all matchall flowid 1:1',
    'filter add parent 1:1 protocol all handle 1 flow map key mark baseclass 1:1',
  ];
  expect(fate(tree('qdisc add root handle 1: hfsc default 10', ...classes), UDP).class).toBe('1:10');
  expect(fate(tree('qdisc add root handle 1: hfsc', ...classes), UDP)).toMatchObject({
    fate: 'dropped',
    by: 'no default class',
    classid: '1:1',
  });
});

test.each(['drr', 'qfq'])(
  'FT005, FT011: %s drops what names a missing class and what no filter takes (fate-018, fate-025)',
  (kind) => {
    const filter = 'filter add parent 1: protocol ip handle 1 flow map key mark';
    const netns = tree(`qdisc add root handle 1: ${kind}`, `class add parent 1: classid 1:1 ${kind}`, filter);
    expect(fate(netns, UDP)).toMatchObject({ fate: 'queued', class: '1:1' });
    expect(fate(netns, UDP, { mark: 1 })).toMatchObject({ fate: 'dropped', by: 'class missing', classid: '1:2' });
    expect(fate(netns, V6)).toMatchObject({ fate: 'dropped', by: 'no filter matched', enqueueReturn: '0x20000' });
  },
);

test('FT005: prio sends a band that is not there where priority 0 goes, and looks at the minor only (fate-020)', () => {
  const netns = tree(
    'qdisc add root handle 1: prio',
    'filter add parent 1: protocol ip handle 1 flow map key mark baseclass 1:1',
  );
  const first = (sent: Sent, words = UDP) => journey(netns, words, sent).path?.[0];
  expect(first({ mark: 2 })).toMatchObject({ class: '1:3', by: 'filter' });
  expect(first({ mark: 3, priority: 6 })).toMatchObject({ class: '1:2', by: 'priomap of priority 0' });
  expect(first({ priority: 6 }, V6)).toMatchObject({ class: '1:1', by: 'priomap' });
  expect(first({ priority: 0x10003 }, V6)).toMatchObject({ class: '1:3', by: 'priority', classify: [] });
});

test.each([
  ['sfq', 1024],
  ['fq_codel flows 16', 16],
])(
  'FT004, FT011, FT025: %s drops beyond its %i buckets, at minor 0, and what no filter takes (fate-003, 006, 038)',
  (qdisc, buckets) => {
    const filter = 'filter add parent 1: protocol ip handle 1 flow map key mark addend 0xffffffff';
    const netns = tree(`qdisc add root handle 1: ${qdisc}`, filter);
    expect(fate(netns, UDP, { mark: 1 })).toMatchObject({ fate: 'queued', bucket: 0, bucketBy: 'filter' });
    expect(fate(netns, UDP, { mark: buckets })).toMatchObject({ fate: 'queued', bucket: buckets - 1 });
    expect(fate(netns, UDP, { mark: buckets + 1 })).toMatchObject({ fate: 'dropped', by: 'bucket out of range' });
    expect(fate(netns, UDP)).toMatchObject({ fate: 'dropped', by: 'bucket out of range', classid: '1:0' });
    expect(fate(netns, V6)).toMatchObject({ fate: 'dropped', by: 'no filter matched' });
  },
);

test('sfq is sent past as an empty root without filters; below a class its own hash chooses, which nobody is told', () => {
  expect(journey(tree('qdisc add root handle 1: sfq'), UDP)).toEqual({ path: [], fate: { fate: 'sent' } });
  const netns = tree(...HTB, ...LEAVES, 'qdisc add parent 1:10 handle 10: sfq');
  expect(fate(netns, UDP)).toEqual({
    fate: 'queued',
    qdisc: '10:',
    kind: 'sfq',
    class: '1:10',
    bucketBy: 'internal hash',
  });
});

test('cake drops nothing: what no filter takes, and minors that are no flow, it hashes itself (fate-030, fate-041)', () => {
  const netns = tree(
    'qdisc add root handle 1: cake flows',
    'filter add parent 1: protocol ip handle 1 flow map key mark',
  );
  expect(fate(netns, UDP, { mark: 4 })).toMatchObject({ bucket: 4, flowOverride: 5, hostOverride: 1 });
  expect(fate(netns, UDP, { mark: 4000 })).toMatchObject({
    fate: 'queued',
    flowOverride: 0,
    bucketBy: 'internal hash',
  });
  expect(fate(netns, V6)).toMatchObject({ fate: 'queued', bucketBy: 'internal hash' });
});

describe('hooks', () => {
  test('FT027: a flow filter without an action changes nothing at ingress (fate-045)', () => {
    const netns = tree('qdisc add ingress', 'filter add parent ffff: protocol all handle 1 flow map key mark');
    expect(journey(netns, UDP, {}, 'ingress')).toMatchObject({
      ingressHook: [{ at: 'ffff:', verdict: 'ok', classid: 'ffff:1' }],
      fate: { fate: 'passed', hook: 'ingress', verdict: 'ok' },
    });
  });

  test('a packet that clsact redirects goes its way on the other device, with the mark it was given', () => {
    const netns = tree('qdisc add clsact');
    const transport = { request: (datagram: Uint8Array) => netns.request(datagram), links: netns.links };
    const words =
      'filter add dev d0 egress protocol all matchall action skbedit mark 3 action mirred egress redirect dev d1';
    expect(runTc(words.split(' '), { transport }).exit).toBe(0);
    expect(runTc('qdisc add dev d1 root handle 2: drr'.split(' '), { transport }).exit).toBe(0);
    const { path, fate, sentElsewhere } = journey(netns, UDP);
    expect([path, fate]).toMatchObject([[], { fate: 'redirected', hook: 'egress', to: 'd1', verdict: 'stolen' }]);
    expect(sentElsewhere).toMatchObject([
      {
        device: 'd1',
        how: 'redirect',
        by: { kind: 'matchall' },
        path: [{ qdisc: '2:', mark: 3 }],
        fate: { fate: 'dropped' },
      },
    ]);
  });
});

test('a filter that cannot be emulated makes the packets unknowable that come to it, and no others', () => {
  const netns = tree(
    'qdisc add root handle 1: prio',
    'filter add parent 1: protocol ip prio 1 handle 7 fw flowid 1:1',
    'filter add parent 1: protocol ip prio 2 bpf object-file x.o',
    'filter add parent 1: protocol all prio 3 matchall flowid 1:3',
  );
  const filter = { kind: 'bpf', pref: 2, protocol: '0x0800' };
  expect(fate(netns, UDP, { mark: 7 }).class).toBe('1:1');
  expect(fate(netns, UDP)).toEqual({ fate: 'unknowable', qdisc: '1:', kind: 'prio', filter });
  expect(fate(netns, V6).class).toBe('1:3');
});

test('a choice by priority is assumed where nobody told the priority', () => {
  const netns = tree('qdisc add root handle 1: prio');
  const p = packet(UDP, 'egress', {});
  netns.walk(p, { dev: 'd0', hook: 'egress' });
  expect(p.wayRests).toBe(0);
  p.given = 0;
  netns.walk(p, { dev: 'd0', hook: 'egress' });
  expect(p.wayRests).toBe(Input.PRIORITY);
});

describe('what is not modelled', () => {
  const LEAF = [...HTB, ...LEAVES, 'qdisc add parent 1:10 handle 10: netem delay 10ms loss 1%'];

  test('a leaf is an end, in the class that the packet was given', () => {
    const queued = { fate: 'queued', qdisc: '10:', kind: 'netem', class: '1:10', notModelled: true };
    expect(journey(tree(...LEAF), UDP)).toMatchObject({ path: [{ qdisc: '1:', class: '1:10' }, {}], fate: queued });
    const root = fate(tree('qdisc add root handle 1: hhf'), UDP);
    expect(root).toEqual({ fate: 'queued', qdisc: '1:', kind: 'hhf', notModelled: true });
  });

  test('what lies below such a qdisc is not known', () => {
    const below = ['qdisc add parent 10:1 handle 2: prio', 'filter add parent 2: protocol all matchall flowid 2:1'];
    const unknowable = { fate: 'unknowable', qdisc: '10:', kind: 'netem', notModelled: true };
    expect(fate(tree(...LEAF, ...below), UDP)).toEqual(unknowable);
    expect(fate(tree(...LEAF, ...below, 'qdisc del dev d0 parent 10:1'), UDP).fate).toBe('queued');
  });

  test('blackhole drops, with options or without', () => {
    const dropped = { fate: 'dropped', qdisc: '10:', kind: 'blackhole', by: 'like every packet' };
    expect(fate(tree(...HTB, ...LEAVES, 'qdisc add parent 1:10 handle 10: blackhole'), UDP)).toMatchObject(dropped);
  });

  test('a flower filter with such words may take what fits the rest of it, and nothing else', () => {
    const netns = tree(
      'qdisc add root handle 1: prio',
      'filter add parent 1: protocol ip prio 1 flower ip_proto udp dst_port 53 ip_flags frag flowid 1:3',
      'filter add parent 1: protocol ip prio 1 flower ip_proto tcp flowid 1:1',
      'filter add parent 1: protocol all prio 2 matchall flowid 1:2',
    );
    const taken = (words: string): unknown => [fate(netns, words).fate, fate(netns, words).class];
    expect(taken(UDP)).toEqual(['unknowable', undefined]);
    expect(taken('tcp 192.0.2.1:1000 > 10.0.0.4:80')).toEqual(['queued', '1:1']);
    expect(taken('udp 192.0.2.1:1000 > 10.0.0.4:54')).toEqual(['queued', '1:2']);
    expect(taken(V6)).toEqual(['queued', '1:2']);
    expect(taken(UDP)).toEqual(['unknowable', undefined]);
  });

  test('behind such words as say which headers there are, only the link header is sure', () => {
    const script = (words: string): Netns =>
      tree(
        'qdisc add root handle 1: prio',
        `filter add parent 1: protocol all prio 1 flower ${words} flowid 1:3`,
        'filter add parent 1: protocol all prio 2 matchall flowid 1:2',
      );
    expect(fate(script('num_of_vlans 1 vlan_id 5'), UDP).fate).toBe('unknowable');
    expect(fate(script('num_of_vlans 1 vlan_id 5 dst_mac 02:11:22:33:44:55'), UDP).class).toBe('1:2');
  });
});
