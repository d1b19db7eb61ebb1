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

  test('end at an operator of the shell, with or without blanks around it', () => {
    const script = [
      'tc qdisc add dev eth0 root sfq;tc class show dev eth0&&tc qdisc show|cat',
      'tc qdisc del dev eth0 root 2>/dev/null||true',
      'tc qdisc del dev eth1 root>/dev/null 2>&1 &',
      "tc qdisc add dev eth0 root sfq limit '1;2'",
    ].join('\n');
    expect(words(script)).toEqual([
      'qdisc add dev eth0 root sfq',
      'class show dev eth0',
      'qdisc show',
      'qdisc del dev eth0 root',
      'qdisc del dev eth1 root',
      'qdisc add dev eth0 root sfq limit 1;2',
    ]);
  });

  test('hold a variable only where the shell would see it', () => {
    const filter = 'filter add dev eth0 parent 1: handle 1 flow map key proto match';
    expect(run(`${filter} 'nbyte("\`" at 10 layer network)' baseclass 1:1`)).toMatchObject({ unexpanded: [] });
    expect(run(`tc ${filter} "nbyte(\\"\\$\\" at 10 layer network)" baseclass 1:1`)).toMatchObject({ unexpanded: [] });
    expect(run('tc qdisc add dev "$DEV" root sfq')).toMatchObject({ answers: [], unexpanded: [1] });
    expect(run('tc qdisc add dev `cat dev` root sfq')).toMatchObject({ answers: [], unexpanded: [1] });
  });

  test('are not what another language or tc itself prints', () => {
    const script = ['nft -f - <<EOF', 'chain late {', '}', 'EOF', '# then', 'qdisc sfq 1: root refcnt 2 limit 127p'];
    expect(run(script.join('\n'))).toMatchObject({ answers: [], unexpanded: [], others: 5 });
  });

  test('come from a listing too, where the whole text is one', () => {
    expect(words('qdisc sfq 1: root refcnt 2 limit 127p quantum 1514b perturb 10sec \n')).toEqual([
      'qdisc add dev dev0 root handle 1: sfq quantum 1514b perturb 10',
    ]);
    const lost = 'filter parent 1: protocol ip pref 1 flow chain 0 handle 0x1 map keys src,dst \n';
    expect(run(lost)).toMatchObject({ answers: [], unread: [{ line: 1 }] });
    expect(() => run('qdisc add dev eth0 root\0')).toThrow('this is no text: it holds a NUL');
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
