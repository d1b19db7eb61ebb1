import { expect, onTestFinished, test } from 'vitest';
import { runScript } from '../../command/index.ts';
import { createEnv } from '../../env.ts';
import { ERAS } from '../../era.ts';
import { Netns } from '../../kernel/index.ts';
import { check } from '../../lint/index.ts';
import { QDISCS, type QdiscKind } from './index.ts';

/** The lines, and every list that shows what they made. */
const LINES: Readonly<Record<string, readonly string[]>> = {
  red: [
    'qdisc add dev eth0 root handle 1: red limit 100k avpkt 1000',
    'qdisc add dev eth0 parent 1:1 handle 2: sfq',
    // Any class id names the one child.
    'qdisc replace dev eth0 parent 1:77 handle 3: pfifo',
    'qdisc del dev eth0 parent 1:1',
    'filter add dev eth0 parent 1: matchall',
  ],
  sfq: [
    'qdisc add dev eth0 root handle 1: sfq',
    'filter add dev eth0 parent 1: handle 1 flow hash keys src divisor 2048',
  ],
  drr: ['qdisc add dev eth0 root handle 1: drr', 'filter add dev eth0 parent 1: handle 1 flow hash keys src'],
  htb: [
    'qdisc add dev eth0 root handle 1: htb default 9',
    'class add dev eth0 parent 1: classid 1:1 htb rate 1mbit',
    'filter add dev eth0 parent 1: handle 1 flow hash keys src divisor 4 baseclass 1:1',
  ],
  clsact: ['qdisc add dev eth0 clsact', 'filter add dev eth0 egress handle 1 flow hash keys src'],
  mq: ['qdisc add dev eth0 root handle 1: mq', 'qdisc add dev eth0 parent 1:1 sfq', 'qdisc del dev eth0 parent 1:1'],
  noqueue: [
    'qdisc add dev eth0 root noqueue',
    'qdisc replace dev eth0 root handle 1: drr',
    'class add dev eth0 parent 1: classid 1:1 drr',
    'qdisc add dev eth0 parent 1:1 noqueue',
  ],
};
const LISTS = ['qdisc show dev eth0 invisible', 'class show dev eth0', 'filter show dev eth0 parent 1:'];

function outcome(lines: readonly string[]): unknown {
  const netns = new Netns({
    env: createEnv({ era: ERAS['6.1'], seed: 0 }),
    devices: [{ name: 'eth0', ifindex: 2, txQueues: 4, kind: 'ether' }],
  });
  const transport = { request: (datagram: Uint8Array) => netns.request(datagram), links: netns.links };
  const { answers } = runScript([...lines, ...LISTS].join('\n'), transport);
  const { findings } = check(lines.map((line) => `tc ${line}\n`).join(''));
  return {
    answers: answers.map(({ exit, stdout, stderr }) => [exit, stdout, stderr]),
    findings: findings.map(({ code, line, effect }) => [code, line, effect]),
  };
}

test.each(Object.keys(LINES))('a kind is what its row says, whatever its name: %s', (name) => {
  const kind = QDISCS.find((row) => row.kind === name);
  if (kind === undefined) throw new Error(name);
  const other = `${name}x`;
  const rows = QDISCS as QdiscKind[];
  rows.push({ ...kind, kind: other });
  onTestFinished(() => void rows.pop());
  const lines = LINES[name] ?? [];
  const word = new RegExp(`\\b${name}\\b`, 'g');
  const renamed = lines.map((line) => line.replace(word, other));
  // The sentences of tc and of the kernel name the old kind, as the row does; only the name of the kind itself is new.
  const back = JSON.stringify(outcome(renamed)).replaceAll(other, name);
  expect(JSON.parse(back)).toEqual(outcome(lines));
});
