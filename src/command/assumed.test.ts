import { describe, expect, test } from 'vitest';
import { createEnv } from '../env.ts';
import { ERAS } from '../era.ts';
import { Netns } from '../kernel/index.ts';
import { setUpScript } from './script.ts';

function setUp(...lines: readonly string[]) {
  const env = createEnv({ era: ERAS['6.1'], seed: 0 });
  const { assumed, answers } = setUpScript(lines.join('\n'), () => new Netns({ env, devices: [] }));
  return { assumed, refused: answers.filter(({ exit }) => exit !== 0).map(({ line }) => line) };
}

function standing(...lines: readonly string[]): readonly string[] {
  const env = createEnv({ era: ERAS['6.1'], seed: 0 });
  return setUpScript(lines.join('\n'), () => new Netns({ env, devices: [] })).standing;
}

const assumed = (...lines: readonly string[]): readonly string[] => setUp(...lines).assumed;

const CLASS = 'class add dev eth0 parent 1: classid 1:10 drr';
const FILTER = 'filter add dev eth0 parent 1: protocol ip prio 1 handle 1 flow map key dst and 7';
const ROOT = 'qdisc add dev eth0 root handle 1: htb';

describe('what a script builds on and does not make', () => {
  test('is a root of the kind of its classes, else htb', () => {
    expect(assumed(CLASS)).toEqual(['qdisc add dev eth0 root handle 1: drr']);
    expect(assumed(FILTER, CLASS)).toEqual(['qdisc add dev eth0 root handle 1: drr']);
    expect(assumed(FILTER)).toEqual([ROOT]);
    expect(assumed(FILTER.replace('parent 1: ', ''))).toEqual([ROOT]);
    expect(assumed(FILTER.replace('1:', '2b:'))).toEqual(['qdisc add dev eth0 root handle 2b: htb']);
  });

  test('is the class that something hangs on', () => {
    expect(assumed('qdisc add dev eth0 parent 1:20 handle 20: sfq')).toEqual([
      ROOT,
      'class add dev eth0 parent 1: classid 1:20 htb rate 1gbit',
    ]);
  });

  test('is a second qdisc of the device too, on a class that the script does not name', () => {
    const sfq = 'filter add dev eth0 parent 10: protocol ip prio 1 handle 1 flow hash keys src divisor 8';
    expect(setUp(FILTER, sfq, sfq.replaceAll('10:', '11:'))).toEqual({
      assumed: [
        ROOT,
        'class add dev eth0 parent 1: classid 1:fe00 htb rate 1gbit',
        'qdisc add dev eth0 parent 1:fe00 handle 10: htb',
        'class add dev eth0 parent 1: classid 1:fe01 htb rate 1gbit',
        'qdisc add dev eth0 parent 1:fe01 handle 11: htb',
      ],
      refused: [],
    });
  });

  test('is what it begins by deleting', () => {
    const start = ['qdisc add dev eth0 root handle 1: drr', CLASS];
    expect(setUp('qdisc del dev eth0 root', ...start)).toEqual({ assumed: [start[0]], refused: [] });
    expect(assumed('qdisc del dev eth0 root handle 7: sfq')).toEqual(['qdisc add dev eth0 root handle 7: sfq']);
    expect(assumed('qdisc del dev eth0 ingress')).toEqual(['qdisc add dev eth0 ingress']);
    expect(assumed('qdisc del dev eth0 clsact')).toEqual(['qdisc add dev eth0 clsact']);
  });

  test('stands no longer where the script replaces it by its own', () => {
    const made = 'qdisc add dev eth0 root handle 1: htb default 10';
    expect(setUp('qdisc del dev eth0 root', made)).toEqual({ assumed: [ROOT], refused: [] });
    expect(standing('qdisc del dev eth0 root', made)).toEqual([]);
    expect(standing('qdisc del dev eth0 ingress', 'qdisc add dev eth0 ingress')).toEqual([]);
    expect(standing(CLASS)).toEqual(['qdisc add dev eth0 root handle 1: drr']);
    expect(standing(FILTER.replaceAll('eth0', 'eth1'), 'qdisc del dev eth0 root', made)).toEqual([
      ROOT.replace('eth0', 'eth1'),
    ]);
  });

  test('is a hook', () => {
    expect(assumed('filter add dev eth0 parent ffff: protocol ip matchall action drop')).toEqual([
      'qdisc add dev eth0 ingress',
    ]);
    expect(assumed('filter add dev eth0 egress protocol ip matchall action drop')).toEqual([
      'qdisc add dev eth0 clsact',
    ]);
  });

  test('is nothing on a device whose root it makes, before or too late', () => {
    expect(setUp(ROOT, FILTER.replace('1:', '2:'))).toEqual({ assumed: [], refused: [2] });
    expect(setUp(CLASS, 'qdisc add dev eth0 root handle 1: drr')).toEqual({ assumed: [], refused: [1] });
    expect(setUp(ROOT, 'class add dev eth1 parent 1: classid 1:1 drr')).toEqual({
      assumed: ['qdisc add dev eth1 root handle 1: drr'],
      refused: [],
    });
  });

  test('is nothing for a line that only shows, or that deletes a class or a filter', () => {
    const lines = ['qdisc show dev eth0', 'filter del dev eth0 parent 1:', 'class del dev eth0 classid 1:1'];
    expect(setUp(...lines)).toEqual({ assumed: [], refused: [1, 2, 3] });
  });

  test('is nothing where a shared block is missing', () => {
    expect(setUp('filter add block 5 protocol ip matchall action drop')).toEqual({ assumed: [], refused: [1] });
  });

  test('is there also for a filter whose own words are wrong: that is what tc then says', () => {
    expect(setUp(FILTER.replace('dst', 'dts'))).toEqual({ assumed: [ROOT], refused: [1] });
  });
});
