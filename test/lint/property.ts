import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { judge } from '../../src/command/index.ts';
import { createEnv } from '../../src/env.ts';
import { ERAS } from '../../src/era.ts';
import { Netns } from '../../src/kernel/index.ts';
import { check } from '../../src/lint/index.ts';
import { projectPath } from '../fuzz/corpus.ts';
import type { Random } from '../fuzz/random.ts';

/**
 * The lines that `check` says are refused are exactly those that tc refuses, one run a line against one kernel, with the
 * assumed lines first. What differs, or null.
 */
export function disagreement(text: string): string | null {
  const { script, findings, assumed } = check(text);
  const namespaces = new Map<string, ReturnType<typeof judge>>();
  const tcOf = (name: string): ReturnType<typeof judge> => {
    const tc = namespaces.get(name) ?? judge(emptyNetns());
    namespaces.set(name, tc);
    return tc;
  };
  for (const line of assumed) {
    const [option, name = '', ...words] = line.split(' ');
    const exit = option === '-n' ? tcOf(name)(words).exit : tcOf('')(line.split(' ')).exit;
    if (exit !== 0) return `assumed, and refused: ${line}`;
  }
  const refused = new Set(findings.filter(({ refusedBy }) => refusedBy !== null).map(({ command }) => command));
  for (const command of script.commands) {
    const { exit, stderr } = tcOf(command.netns)(command.words);
    if ((exit !== 0) === refused.has(command)) continue;
    const said = refused.has(command) ? 'is refused' : 'passes';
    return `check: line ${command.line} ${said}; tc exits with ${exit} (${stderr.split('\n')[0]}): ${command.words.join(' ')}`;
  }
  return null;
}

const emptyNetns = (): Netns =>
  new Netns({ env: createEnv({ era: ERAS['6.1'], seed: 0 }), devices: [{ name: 'lo', ifindex: 1 }] });

const CORPUS = projectPath('test/lint/corpus');

/** The scripts of the corpus, and some of our own that are built wrong. */
export function scripts(): string[] {
  const names = readdirSync(CORPUS).filter((name) => name.endsWith('.tc.gz'));
  return [...names.map((name) => gunzipSync(readFileSync(join(CORPUS, name))).toString('utf8')), ...OWN];
}

const OWN = [
  // One preference serves one protocol and one kind.
  `qdisc add dev eth0 root handle 1: htb default 10
class add dev eth0 parent 1: classid 1:10 htb rate 100mbit
filter add dev eth0 parent 1: protocol ip prio 1 handle 1 fw classid 1:10
filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip src 10.0.0.1/32 classid 1:10
filter add dev eth0 parent 1: protocol ipv6 prio 1 u32 match ip src 10.0.0.1/32 classid 1:10
filter add dev eth0 parent 1: protocol ip prio 2 u32 match ip src 10.0.0.0/8 flwid 1:11
filter add dev eth0 parent 1: protocol ip prio 3 u32 match ip protocol tcp 0xff flowid 1:11
filter add dev eth0 parent 7: protocol ip prio 4 matchall classid 1:10
filter add dev eth0 parent 1: protocol ip prio 5 fw classid 1:10`,
  `qdisc add dev eth0 ingress_block 22 ingress
qdisc add dev eth1 ingress_block 22 ingress
filter add block 22 protocol ip prio 1 handle 1 flow map key src and 0xff action ok
filter add dev eth0 ingress protocol ip prio 1 handle 1 flow map key src and 0xff action ok
filter add block 23 protocol ip prio 1 matchall action ok
qdisc del dev eth0 ingress
qdisc del dev eth1 ingress
filter add block 22 protocol ip prio 2 matchall action ok`,
  `tc qdisc del dev eth0 root 2>/dev/null
tc qdisc del dev eth0 ingress 2>/dev/null
tc qdisc add dev eth0 root handle 1: hfsc default 2
tc class add dev eth0 parent 1: classid 1:1 hfsc ls rate 1mbit
tc class add dev eth0 parent 1:9 classid 1:2 hfsc ls rate 1mbit
tc qdisc add dev eth0 parent 1:1 handle 10: sfq perturb 10
tc filter add dev eth0 parent 10: protocol ip flow hash keys src divisor 1024
tc filter add dev eth0 parent 10: protocol ip handle 1 flow hash keys src,dst divisor 1024 perturb 10s
tc qdisc add dev eth0 handle ffff: ingress
tc filter add dev eth0 parent ffff: protocol ip u32 match u32 0 0 action mirred egress redirect dev ifb0
tc qdisc add dev ifb0 root handle 2: fq_codel
tc filter add dev ifb0 parent 2: protocol all handle 1 flow hash keys nfct-src divisor 1024
tc -s qdisc show dev eth0
tc qdisc show dev nowhere
tc qdisc del dev eth0 root
tc qdisc del dev eth0 root`,
  `class add dev eth0 parent 1: classid 1:10 drr
class add dev eth0 parent 1:10 classid 1:11 drr
qdisc add dev eth0 parent 1:20 handle 20: sfq
filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key dst and 7 baseclass 1:10
filter change dev eth0 parent 1: protocol all prio 1 handle 2 flow map key dst and 7
filter add dev eth1 parent ffff: protocol all matchall action drop
filter add dev eth2 egress protocol all matchall action drop
filter add dev eth3 protocol ip prio 1 flower ip_proto tcp indev eth4 classid 1:1
class del dev eth0 classid 1:20
actions add action gact drop index 3
actions add action gact drop index 3
filter show dev eth0 parent 1:
chain add dev eth0 parent 1: chain 5
chain add dev eth0 parent 1: chain 5`,
  // Queues, words that are not modelled, and leaves of somebody else's tree.
  `qdisc replace dev eth0 root handle 7fff: mq
qdisc add dev eth0 parent 7fff:1 handle 1: stab overhead 4 htb default 2
class add dev eth0 parent 1: classid 1:2 htb rate 10mbit
qdisc add dev eth0 parent 1:2 handle 12: netem delay 10ms
qdisc add dev eth0 parent 7fff:5 handle 2: fq_codel flows 12
filter add dev eth0 parent 7fff: protocol all prio 1 handle 1 flow hash keys dst divisor 4
filter add dev eth0 parent 2: protocol all prio 1 handle 1 flow hash keys dst divisor 12
filter add dev eth1 parent 10: protocol all prio 1 handle 1 flow hash keys src divisor 1024
filter add dev eth1 parent 11: protocol all prio 1 handle 1 flow hash keys src divisor 1024
class add dev eth1 parent 1:1 classid 1:10 htb rate 1mbit
qdisc add dev eth1 parent 1:10 handle 10: sfq
qdisc add dev eth2 root esfq hash dst`,
  // Two namespaces, one of them on something that is not here.
  `tc -n lab qdisc add dev eth0 root handle 1: sfq
tc qdisc add dev eth0 root handle 1: htb
tc -n lab filter add dev eth0 parent 1: protocol all handle 1 flow hash keys src divisor 8
ip netns exec lab tc qdisc add dev eth0 root handle 1: sfq
ip netns exec far tc class add dev eth0 parent 1: classid 1:1 drr
tc class add dev eth0 parent 1: classid 1:1 drr`,
  // The root comes too late for what is built on it.
  `class add dev eth0 parent 1: classid 1:1 htb rate 1mbit
qdisc add dev eth0 root handle 1: htb
class add dev eth0 parent 1: classid 1:1 htb rate 1mbit`,
];

/** Words that take another's place. */
const WORDS = [
  ...['add', 'del', 'change', 'replace', 'show', 'root', 'ingress', 'clsact', 'parent', 'handle', '1:', '1', '1:10'],
  ...[
    '2:',
    'ffff:',
    'protocol',
    'ip',
    'all',
    'ipv6',
    'prio',
    '2',
    'flow',
    'u32',
    'fw',
    'htb',
    'sfq',
    'drr',
    'eth0',
    'eth1',
  ],
  ...[
    'classid',
    'rate',
    '1mbit',
    'hash',
    'keys',
    'src',
    'divisor',
    '0',
    '-1',
    'x',
    'block',
    '22',
    'chain',
    'lo',
    'noqueue',
  ],
];
const MOST_EDITS = 4;

/** The script with a few words or lines left out, doubled, swapped or put in place of others. */
export function mutated(text: string, random: Random): string {
  const lines = text.split('\n');
  for (let edits = 1 + random.below(MOST_EDITS); edits > 0; edits--) {
    const at = random.below(lines.length);
    const line = lines[at] ?? '';
    const kind = random.below(3);
    if (kind === 0) mutateList(lines, at, random, () => random.pick(lines));
    else {
      const words = line.split(' ');
      mutateList(words, random.below(words.length), random, () => random.pick(WORDS));
      lines[at] = words.join(' ');
    }
  }
  return lines.join('\n');
}

function mutateList(list: string[], at: number, random: Random, other: () => string): void {
  const item = list[at] ?? '';
  const next = random.below(list.length);
  switch (random.below(4)) {
    case 0:
      list.splice(at, 1);
      break;
    case 1:
      list.splice(next, 0, item);
      break;
    case 2:
      list[at] = list[next] ?? '';
      list[next] = item;
      break;
    default:
      list[at] = other();
  }
  if (list.length === 0) list.push('');
}
