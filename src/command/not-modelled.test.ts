import { describe, expect, test } from 'vitest';
import { createEnv } from '../env.ts';
import { ERAS } from '../era.ts';
import { Netns } from '../kernel/index.ts';
import { shellWords } from '../lang/index.ts';
import { Listener, runTc, type Transport } from './index.ts';

const ENV = createEnv({ era: ERAS['6.1'], seed: 0 });

/** eth0, with what these commands made. */
function netnsOf(...lines: readonly string[]): Netns {
  const netns = new Netns({ env: ENV, devices: [{ name: 'eth0', ifindex: 2 }] });
  for (const line of lines) expect(tc(netns, line)).toMatchObject({ stderr: '', exit: 0 });
  return netns;
}

function transportOf(netns: Netns): Transport {
  return { request: (datagram) => netns.request(datagram), links: netns.links };
}

const tc = (netns: Netns, line: string, batch = '') =>
  runTc(shellWords(line), { transport: transportOf(netns), readBatch: () => batch });

const listed = (netns: Netns, line: string): string[] => tc(netns, line).stdout.split('\n');

describe('stab', () => {
  const ADD = 'qdisc add dev eth0 root handle 1: stab overhead 44 linklayer atm hfsc default 12';

  test('is taken before the kind, and named with its place on the line', () => {
    expect(tc(netnsOf(), ADD)).toEqual({
      stdout: '',
      stderr: '',
      exit: 0,
      notModelled: [{ word: 7, why: '"stab" is not modelled here' }],
    });
  });

  test.each([
    ['stab overhead -4 mtu 2047 htb', 0],
    ['stab mp 64 o 4 t 128 l adsl m 1500 htb', 0],
    ['stab overhead x htb', 255],
    ['stab overhead 4 overhead 5 htb', 255],
    ['stab linklayer wifi htb', 255],
    ['stab mtu 2047 htb', 255],
    ['stab htb', 255],
    ['stab', 255],
    ['stab help', 255],
    ['stab overhead 4 htb defolt 1', 1],
    ['stab overhead 4 nosuch', 2],
  ])('what stands behind it is judged: %s', (words, exit) => {
    expect(tc(netnsOf(), `qdisc add dev eth0 root ${words}`).exit).toBe(exit);
  });

  test('is shown as typed, also after save and load, and goes with a change that does not repeat it', () => {
    const saved = JSON.parse(JSON.stringify(netnsOf(ADD).save()));
    const netns = Netns.load(saved, ENV);
    const qdisc = 'qdisc hfsc 1: root refcnt 2 default 12 ';
    expect(listed(netns, 'qdisc show dev eth0')).toEqual([qdisc, ' stab overhead 44 linklayer atm', '']);
    expect(JSON.parse(tc(netns, '-j qdisc show dev eth0').stdout)).toMatchObject([
      { stab: 'overhead 44 linklayer atm' },
    ]);
    tc(netns, 'qdisc change dev eth0 root handle 1: hfsc default 12');
    expect(listed(netns, 'qdisc show dev eth0')).toEqual([qdisc, '']);
  });
});

test('of a batch, each is named with its line', () => {
  const batch = '# two\nqdisc add dev eth0 root handle 1: htb\nqdisc change dev eth0 root stab mpu 64 htb\n';
  expect(tc(netnsOf(), '-batch file', batch).notModelled).toEqual([
    { line: 3, word: 5, why: '"stab" is not modelled here' },
  ]);
});

test('nothing of such a line is sent to whoever takes only what is modelled', () => {
  const transport = new Listener();
  const answer = runTc(shellWords('qdisc add dev eth0 root stab mpu 64 htb'), { transport, modelledOnly: true });
  expect(answer).toMatchObject({
    stderr: 'cls-flow: "stab" is not modelled here, so the bytes of this command are not known\n',
    exit: 2,
  });
  expect(transport.requests).toEqual([]);
  expect(runTc(shellWords('qdisc add dev eth0 root htb'), { transport, modelledOnly: true }).exit).toBe(0);
});
