import { describe, expect, it } from 'vitest';
import type { Simulated, SimulatedCommand, SourcePlace } from '../../../src/shell/index.ts';
import { transcriptOf } from './simulated.ts';

const at = (line: number, file = 'qos.sh'): SourcePlace => ({
  ...{ file, line, column: 1, endLine: line, endColumn: 2 },
  ...{ from: 0, to: 1 },
});

function command(line: number, text: string, more: Partial<SimulatedCommand> = {}): SimulatedCommand {
  const [tool = '', ...words] = text.split(' ');
  return {
    ...{ tool, netns: '', place: at(line), loops: [], mayFail: false, exit: 0 },
    words: words.map((word) => ({ text: word, place: null, literal: false })),
    ...more,
  };
}

const simulated = (more: Partial<Simulated>): Simulated => ({
  ...{
    texts: new Map([
      ['qos.sh', ''],
      ['lib.sh', ''],
    ]),
    commands: [],
    assumptions: [],
    unchecked: [],
    unreached: [],
  },
  ...{ ended: null, notes: [], args: ['start', 'eth0'], exit: null, said: '', triedStart: false },
  ...more,
});

/** Without the two lines that every transcript begins with. */
const lines = (more: Partial<Simulated>): string[] => transcriptOf(simulated(more)).text.split('\n').slice(2, -1);

describe('the batch file of a simulated script', () => {
  it('says of what run it is', () => {
    expect(transcriptOf(simulated({})).text).toMatch(
      /^# Simulated by cls-flow record from: qos\.sh start eth0\n#.*\n$/,
    );
  });

  it('has the line and the turns of loops before commands, once for what one line gives', () => {
    const inner = { name: 'i', value: '1' };
    const loops = [{ name: 'dev', value: 'eth0' }, inner];
    const commands = [
      command(3, 'tc qdisc add dev eth0 root handle 1: drr'),
      command(3, 'tc qdisc add dev eth1 root handle 1: drr'),
      command(5, 'tc class add dev eth0 parent 1: classid 1:1 drr', { loops }),
      command(5, 'tc class add dev eth0 parent 1: classid 1:1 drr', { loops: [inner] }),
      command(2, 'tc qdisc del dev eth0 root', { place: at(2, 'lib.sh'), mayFail: true, exit: 2 }),
    ];
    expect(lines({ commands })).toEqual([
      '# qos.sh:3',
      'qdisc add dev eth0 root handle 1: drr',
      'qdisc add dev eth1 root handle 1: drr',
      '# qos.sh:5, dev = eth0, i = 1',
      'class add dev eth0 parent 1: classid 1:1 drr',
      '# qos.sh:5, i = 1',
      'class add dev eth0 parent 1: classid 1:1 drr',
      '# lib.sh:2, may fail',
      'qdisc del dev eth0 root',
    ]);
  });

  it('has other tools, questions, other namespaces and what no batch can hold as comments, and counts', () => {
    const commands = [
      command(1, 'iptables -t mangle -A POSTROUTING -j MARK'),
      command(2, 'tc qdisc show dev eth0'),
      command(3, 'tc qdisc add dev x root sfq', { netns: 'blue' }),
      command(4, 'tc qdisc add dev a#b root sfq'),
      command(5, 'tc qdisc add dev eth0 root sfq'),
    ];
    const { text, ...counts } = transcriptOf(simulated({ commands }));
    expect(counts).toEqual({ commands: 1, elsewhere: 1, unwritable: 1, unreached: 0 });
    expect(text.split('\n').filter((line) => !/^# (?:qos\.sh:\d$|Simulated|For)/.test(line))).toEqual([
      '# iptables -t mangle -A POSTROUTING -j MARK',
      '# tc qdisc show dev eth0',
      '# in network namespace blue: tc qdisc add dev x root sfq',
      '# cannot stand in a batch file: tc qdisc add dev a#b root sfq',
      'qdisc add dev eth0 root sfq',
      '',
    ]);
  });

  it('has what stands behind the end of the script as comments, and counts it', () => {
    const commands = [
      command(1, 'tc qdisc add dev eth0 root handle 1: drr'),
      command(3, 'ip link set eth0 up'),
      command(4, 'tc class add dev eth0 parent 1: classid 1:1 drr', { netns: 'blue' }),
    ];
    const ended = { kind: 'exit', commands: 1, place: at(2), why: 'RATE: set it' } as const;
    expect(lines({ commands, ended })).toEqual([
      '# qos.sh:1',
      'qdisc add dev eth0 root handle 1: drr',
      '# qos.sh:2: the script ends here: RATE: set it',
      '# qos.sh:3',
      '# not reached: ip link set eth0 up',
      '# qos.sh:4',
      '# not reached: tc class add dev eth0 parent 1: classid 1:1 drr',
    ]);
    expect(transcriptOf(simulated({ commands, ended }))).toMatchObject({ commands: 1, elsewhere: 0, unreached: 1 });
  });

  it('has what other tools read as comments below them', () => {
    const commands = [
      command(1, 'nft -f -', { input: 'table ip nat {\n\n chain post { masquerade; }\n}\n' }),
      command(2, 'tc qdisc add dev eth0 root sfq', { input: 'not told' }),
    ];
    expect(lines({ commands })).toEqual([
      ...['# qos.sh:1', '# nft -f -', '# < table ip nat {', '# <  chain post { masquerade; }', '# < }'],
      ...['# qos.sh:2', 'qdisc add dev eth0 root sfq'],
    ]);
  });

  it('tells what was assumed, what is missing and where the script ends', () => {
    expect(
      lines({
        assumptions: [{ place: at(1), question: 'ip route get 192.0.2.9', answer: 'dev eth0' }],
        unchecked: [{ place: at(7), why: 'no run reaches it' }],
        ended: {
          kind: 'exit',
          commands: 0,
          place: at(8),
          why: 'tc failed, and set -e is on\nqdisc add dev evil root sfq \\',
        },
      }),
    ).toEqual([
      '# qos.sh:1: assumed: ip route get 192.0.2.9: dev eth0',
      '# qos.sh:8: the script ends here: tc failed, and set -e is on\\nqdisc add dev evil root sfq \\ ',
      '# qos.sh:7: not in this file: no run reaches it',
    ]);
  });
});
