import { describe, expect, test } from 'vitest';
import { runScript, runTc, type Transport } from '../command/index.ts';
import { createEnv } from '../env.ts';
import { ERAS } from '../era.ts';
import { Netns } from '../kernel/index.ts';
import { shellWords } from '../lang/index.ts';
import { type Diff, diffSetups } from './diff.ts';
import { readSetup } from './installed.ts';
import { type Plan, planScript } from './planned.ts';

/** A kernel with the device d0. `seed`: what it draws at random. */
function kernel(seed = 0): Transport {
  const env = createEnv({ era: ERAS['6.1'], seed });
  const netns = new Netns({
    env,
    devices: [
      { name: 'lo', ifindex: 1 },
      { name: 'd0', ifindex: 7 },
    ],
  });
  return { request: (datagram) => netns.request(datagram), links: netns.links };
}

const run = (transport: Transport, words: readonly string[]): string => runTc(words, { transport }).stderr;
const line = (transport: Transport, text: string): string => run(transport, shellWords(text));

function ask(script: string, transport: Transport): { plan: Plan; found: Diff } {
  const installed = readSetup(transport, 7);
  const plan = planScript(script, () => kernel(1), 'd0', installed);
  return { plan, found: diffSetups(plan, installed, 'd0') };
}

/** A kernel in which the script was run. */
function having(script: string): Transport {
  const transport = kernel();
  runScript(script, transport);
  return transport;
}

const HTB = `
qdisc add dev d0 root handle 1: htb default 20
class add dev d0 parent 1: classid 1:1 htb rate 100mbit
class add dev d0 parent 1:1 classid 1:10 htb rate 10mbit ceil 100mbit
class add dev d0 parent 1:1 classid 1:20 htb rate 20mbit ceil 100mbit
qdisc add dev d0 parent 1:10 handle 10: sfq perturb 10
filter add dev d0 parent 1: protocol ip prio 5 handle 1 flow map key mark and 0xff
filter add dev d0 parent 10: protocol ip prio 1 handle 1 flow hash keys src,dst divisor 1024
`;

test('a line with what is not modelled has no plan', () => {
  const { failed } = ask(HTB.replace('htb default', 'stab mpu 64 htb default'), kernel()).plan;
  expect(failed).toEqual([{ line: 2, says: '"stab" is not modelled here' }]);
});

/** Setups that people have, and what may stand in their place. */
const SETUPS: Readonly<Record<string, string>> = {
  nothing: 'qdisc add dev lo root handle 1: prio',
  htb: HTB,
  'htb, rates changed': HTB.replace('rate 10mbit', 'rate 11mbit').replace('rate 20mbit', 'rate 5mbit'),
  'htb, another child': HTB.replace('sfq perturb 10', 'pfifo limit 10').replace(/^filter.*parent 10:.*$/m, ''),
  'htb, a class less': HTB.replace(/^class.*1:20.*$/m, ''),
  'htb, a class elsewhere': HTB.replace('parent 1:1 classid 1:20', 'parent 1: classid 1:20'),
  'htb, another default': HTB.replace('default 20', 'default 10'),
  'htb, changed by the script itself': `${HTB}
class change dev d0 parent 1:1 classid 1:20 htb rate 1mbit
filter change dev d0 parent 1: protocol ip prio 5 handle 1 flow map key mark rshift 2`,
  'htb, made twice': `${HTB}\nqdisc del dev d0 root\n${HTB}`,
  'three filters': `qdisc add dev d0 root handle 1: drr
filter add dev d0 parent 1: protocol ip prio 5 handle 1 flow map key mark
filter add dev d0 parent 1: protocol ip prio 5 handle 2 flow hash keys src divisor 16 baseclass 1:5
filter add dev d0 parent 1: protocol ip prio 5 handle 3 flow hash keys dst divisor 16 perturb 10
filter add dev d0 parent 1: protocol ipv6 prio 6 handle 1 flow hash keys dst divisor 16`,
  'three filters in another order': `qdisc add dev d0 root handle 1: drr
filter add dev d0 parent 1: protocol ip prio 5 handle 3 flow hash keys dst divisor 16 perturb 10
filter add dev d0 parent 1: protocol ip prio 5 handle 2 flow hash keys src divisor 16 baseclass 1:5
filter add dev d0 parent 1: protocol ip prio 5 handle 1 flow map key mark
filter add dev d0 parent 1: protocol ip prio 6 handle 1 flow hash keys dst divisor 16`,
  'preferences that the kernel chose': `qdisc add dev d0 root handle 1: drr
filter add dev d0 parent 1: protocol ip handle 1 flow map key mark
filter add dev d0 parent 1: protocol ip handle 1 flow map key priority`,
  'handles that the kernel chose': `qdisc add dev d0 root drr
filter add dev d0 protocol ip prio 1 handle 1 flow hash keys src divisor 8`,
  'the same with another kind': `qdisc add dev d0 root prio
filter add dev d0 protocol ip prio 1 handle 1 flow hash keys src divisor 8`,
  'actions and ematches': `qdisc add dev d0 root handle 1: drr
class add dev d0 parent 1: classid 1:1 drr
filter add dev d0 parent 1: prio 1 protocol ip handle 1 flow map key dst match 'cmp(u8 at 9 layer network eq 6)' action drop
filter add dev d0 parent 1: prio 2 protocol ip handle 1 flow map key dst action police rate 1mbit burst 10k drop`,
  clsact: `qdisc add dev d0 clsact
filter add dev d0 ingress protocol ip prio 1 handle 1 flow map key dst
filter add dev d0 egress chain 3 protocol ip prio 1 handle 1 flow map key src`,
  ingress: `qdisc add dev d0 ingress
filter add dev d0 parent ffff: protocol ip prio 1 handle 1 flow map key dst`,
};
const NAMES = Object.keys(SETUPS);

describe('diff between two kernels', () => {
  test.each(NAMES)('finds nothing to do where the same script was run: %s', (name) => {
    const { plan, found } = ask(SETUPS[name]!, having(SETUPS[name]!));
    expect(plan.failed).toEqual([]);
    expect(found).toMatchObject({ differences: [], commands: [] });
  });

  test.each(NAMES)('its commands turn every other setup into: %s', (name) => {
    for (const other of NAMES) {
      const transport = having(SETUPS[other]!);
      const { found } = ask(SETUPS[name]!, transport);
      for (const words of found.commands) expect(run(transport, words), `${other}: ${words.join(' ')}`).toBe('');
      expect(ask(SETUPS[name]!, transport).found, other).toMatchObject({ differences: [], commands: [] });
    }
  });

  test('asking changes nothing', () => {
    const transport = having(HTB);
    const before = readSetup(transport, 7);
    ask(SETUPS.clsact!, transport);
    expect(readSetup(transport, 7)).toEqual(before);
  });

  test('a rate that differs is one difference and one change', () => {
    const transport = having(HTB);
    line(transport, 'class change dev d0 parent 1:1 classid 1:20 htb rate 1mbit ceil 100mbit');
    const { found } = ask(HTB, transport);
    expect(found.equal).toBe(6);
    expect(found.differences).toHaveLength(1);
    expect(found.differences[0]!.installed).toContain('class htb 1:20 parent 1:1 prio 0 rate 1Mbit ceil 100Mbit');
    expect(found.differences[0]!.planned).toContain('class htb 1:20 parent 1:1 prio 0 rate 20Mbit ceil 100Mbit');
    expect(found.commands.map((words) => words.join(' '))).toEqual([
      'class change dev d0 parent 1:1 classid 1:20 htb rate 20mbit ceil 100mbit',
    ]);
  });

  test('what nobody planned goes: filters first, then qdiscs, then classes from the leaves on', () => {
    const transport = having(HTB);
    line(transport, 'class add dev d0 parent 1:1 classid 1:30 htb rate 1mbit');
    line(transport, 'class add dev d0 parent 1:30 classid 1:31 htb rate 1mbit');
    line(transport, 'qdisc add dev d0 parent 1:31 handle 31: pfifo');
    line(transport, 'filter add dev d0 parent 1: protocol all prio 9 handle 1 flow map key mark baseclass 1:31');
    expect(ask(HTB, transport).found.commands.map((words) => words.join(' '))).toEqual([
      'filter del dev d0 parent 1: protocol all pref 9',
      'qdisc del dev d0 parent 1:31',
      'class del dev d0 classid 1:31',
      'class del dev d0 classid 1:30',
    ]);
  });

  test('of filters of one preference those before the first difference stay', () => {
    const transport = having(SETUPS['three filters']!);
    line(transport, 'filter change dev d0 parent 1: protocol ip prio 5 handle 2 flow rshift 3');
    expect(ask(SETUPS['three filters']!, transport).found.commands.map((words) => words.join(' '))).toEqual([
      'filter del dev d0 parent 1: protocol ip pref 5 handle 0x2 flow',
      'filter del dev d0 parent 1: protocol ip pref 5 handle 0x3 flow',
      'filter add dev d0 parent 1: protocol ip prio 5 handle 2 flow hash keys src divisor 16 baseclass 1:5',
      'filter add dev d0 parent 1: protocol ip prio 5 handle 3 flow hash keys dst divisor 16 perturb 10',
    ]);
  });

  test('the handle that the kernel chose does not matter, nor does what rests on it', () => {
    const script = SETUPS['handles that the kernel chose']!;
    const transport = kernel();
    for (let i = 0; i < 3; i++) {
      line(transport, 'qdisc add dev d0 root drr');
      line(transport, 'qdisc del dev d0 root');
    }
    runScript(script, transport);
    expect(runTc(['qdisc', 'show', 'dev', 'd0'], { transport }).stdout).toContain('qdisc drr 8004:');
    expect(ask(script, transport).found).toMatchObject({ differences: [], commands: [] });
  });

  test('commands that are refused and variables leave no plan; deletions of what is not there do no harm', () => {
    const script =
      'tc qdisc del dev d0 root\ntc qdisc add dev $DEV root prio\ntc class add dev d0 parent 9: classid 9:1 htb rate 1mbit';
    expect(ask(script, kernel()).plan.failed.map((failure) => failure.line)).toEqual([2, 3]);
  });
});
