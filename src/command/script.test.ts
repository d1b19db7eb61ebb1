import { describe, expect, test } from 'vitest';
import { Listener } from './encode.ts';
import { runScript } from './script.ts';

const run = (text: string) => runScript(text, new Listener());
const words = (text: string) => run(text).answers.map((answer) => answer.words.join(' '));

describe('the tc commands of a script', () => {
  test('of a batch file are its lines', () => {
    expect(words('qdisc add dev eth0 root prio\n\n# nothing\nclass show dev eth0 # here\n')).toEqual([
      'qdisc add dev eth0 root prio',
      'class show dev eth0',
    ]);
  });

  test('of a shell script are those that begin with tc, up to where the shell takes over', () => {
    const script = [
      '#!/bin/sh',
      'modprobe sch_htb',
      '  /sbin/tc qdisc del dev eth0 root 2>/dev/null',
      'sudo tc qdisc add dev eth0 root \\',
      "  handle 1: prio && echo 'done'",
      '$TC filter add dev eth0 parent 1: flow map key dst;',
    ].join('\n');
    expect(run(script)).toMatchObject({ others: 1, unexpanded: [] });
    expect(words(script)).toEqual([
      'qdisc del dev eth0 root',
      'qdisc add dev eth0 root handle 1: prio',
      'filter add dev eth0 parent 1: flow map key dst',
    ]);
  });

  test('with variables are not guessed', () => {
    expect(run('tc qdisc add dev $IFACE root prio\ntc qdisc show\n')).toMatchObject({
      unexpanded: [1],
      answers: [{ line: 2 }],
    });
  });

  test('are found wherever one begins: behind another, in a condition, in a namespace; not where they are only told', () => {
    const script = [
      'tc qdisc del dev eth0 root 2>/dev/null; tc qdisc add dev eth0 root sfq || exit 1',
      'if tc qdisc show; then echo tc qdisc; fi',
      'ip netns exec lan tc class show dev eth0 # tc qdisc show',
      'for i in 1 2; do tc class add dev eth0 classid 1:$i drr; done',
      'echo tc qdisc show',
      'notc qdisc show',
    ].join('\n');
    expect(words(script)).toEqual([
      'qdisc del dev eth0 root',
      'qdisc add dev eth0 root sfq',
      'qdisc show',
      'class show dev eth0',
    ]);
    expect(run(script)).toMatchObject({ unexpanded: [4], others: 2 });
  });

  test('keep the number of the line they begin on', () => {
    expect(run('tc qdisc \\\n show\n\ntc bogus').answers.map(({ line, exit }) => [line, exit])).toEqual([
      [1, 0],
      [4, 255],
    ]);
  });
});
