import { Frame } from '../../src/capture/index.ts';
import { runTc } from '../../src/command/index.ts';
import { createEnv, type Env } from '../../src/env.ts';
import { ERAS } from '../../src/era.ts';
import { KernelError, UsageError } from '../../src/errors.ts';
import { Netns } from '../../src/kernel/index.ts';
import { shellWords } from '../../src/lang/index.ts';
import { Ct, Input, Linear, NO_METADATA, type Packet } from '../../src/packet/index.ts';
import { Run } from '../../src/run.ts';
import { ALL_KEYS, KEYS } from '../../src/sched/flow/index.ts';
import { classText } from '../../src/u32.ts';
import { commonFrame } from './frames.ts';
import { Random } from './random.ts';

/*
 * What `exact` promises: a result that is called so stays the same whatever a capture does not hold. A random script
 * over random frames, of which nothing but the bytes is known; then again with all that was not given varied.
 */

const FRAMES = 12;
const VARIATIONS = 6;

export interface ExactnessTrial {
  readonly results: number;
  readonly exact: number;
  /** A result that was called exact and changed, in words; null: there is none. */
  readonly broken: string | null;
}

type Hook = 'egress' | 'ingress';

/** One script over FRAMES frames. */
export function tryExactness(seed: number): ExactnessTrial {
  const random = new Random(seed);
  const hook: Hook = random.oneIn(3) ? 'ingress' : 'egress';
  const script = anyScript(random, hook);
  const frames = Array.from({ length: FRAMES }, () => ({ bytes: commonFrame(random), cut: random.oneIn(6) }));
  const plain = runOf(script, hook, seed);
  // Where everything rests on a mark or a priority nothing else would be tried.
  const given = TELLABLE.reduce((mask, input) => (random.oneIn(2) ? mask | input : mask), 0);
  const results = frames.map(({ bytes, cut }) => {
    const end = cut ? Math.min(bytes.length, 14 + random.below(60)) : bytes.length;
    return resultOf(plain, bytes, end, (p) => {
      p.given |= given;
    });
  });
  for (let i = 0; i < VARIATIONS; i++) {
    const other = runOf(script, hook, seed + 1 + i);
    for (const [at, { bytes }] of frames.entries()) {
      const was = results[at];
      const is = resultOf(other, bytes, bytes.length, (p) => {
        p.given |= given;
        vary(p, random);
      });
      if (was === undefined || was.exactness !== 'exact' || was.text === is.text) continue;
      const broken = `seed ${seed}, ${hook}: ${script.join('; ')}: packet ${at + 1}: ${was.text}, then ${is.text}`;
      return { results: results.length, exact: 0, broken };
    }
  }
  const exact = results.filter(({ exactness }) => exactness === 'exact').length;
  return { results: results.length, exact, broken: null };
}

interface Result {
  readonly exactness: string;
  readonly text: string;
}

function resultOf(run: Run, bytes: Uint8Array, end: number, change: (p: Packet) => void): Result {
  const frame = new Frame();
  Object.assign(frame, { data: bytes.slice(), at: 0, end, length: bytes.length, linkType: 1, seconds: 1_700_000_000 });
  run.prepare(frame);
  // Of a packet that the capture cut in its link header nothing is said at all.
  if (run.reason !== null) return { exactness: 'unknowable', text: run.reason };
  change(run.packet);
  run.conclude();
  const { verdict, classid, reason, journey, exactness } = run;
  const { fate = null } = journey ?? {};
  return { exactness, text: JSON.stringify([verdict, verdict < 0 ? null : classText(classid), reason, fate]) };
}

function runOf(script: readonly string[], hook: Hook, seed: number): Run {
  const clock = { now: 0 };
  const env = createEnv({ era: ERAS['6.1'], seed, clock });
  return new Run({
    ...{ env, clock, device: { hook, vlan: 'offload' }, filters: [], metadata: NO_METADATA, tracker: null },
    ...{ sharing: false, known: { rxhashKey: false, foldKey: false } },
    kernel: { netns: netnsOf(script, env), place: { dev: 'eth0', hook } },
  });
}

function netnsOf(script: readonly string[], env: Env): Netns {
  const netns = new Netns({
    env,
    devices: [
      { name: 'lo', ifindex: 1 },
      { name: 'eth0', ifindex: 2, txQueues: 3 },
      { name: 'eth1', ifindex: 3 },
    ],
  });
  const transport = { request: (datagram: Uint8Array) => netns.request(datagram), links: netns.links };
  for (const line of script) {
    try {
      runTc(shellWords(line), { transport });
    } catch (error) {
      if (!(error instanceof KernelError || error instanceof UsageError)) throw error;
    }
  }
  return netns;
}

const TELLABLE = [Input.MARK, Input.PRIORITY, Input.QUEUE, Input.TRANSPORT, Input.LINEAR | Input.LINEAR_HEADER];
const MARKS = [1, 2, 5, 0x10, 0x10001, 0x10010];
/** As the IP layer sets them: none names a class. */
const PRIORITIES = [1, 2, 4, 5, 6, 15, 0x10000, 0x10001, 0x10002, 0x10010, 0x10020];

/** Gives other values to what is not known of a packet. */
function vary(p: Packet, random: Random): void {
  const some = (input: number, change: () => void): void => {
    if ((p.given & input) === 0 && random.oneIn(2)) change();
  };
  const word = (): number => random.word() | 0;
  some(Input.MARK, () => (p.mark = random.pick(MARKS)));
  some(Input.PRIORITY, () => (p.priority = random.pick(PRIORITIES)));
  some(Input.IIF, () => (p.iif = random.below(4)));
  some(Input.RT_CLASSID, () => {
    p.rtClassid = random.below(3);
    p.given |= Input.RT_CLASSID;
  });
  some(Input.SK_UID, () => (p.skUid = word()));
  some(Input.SK_GID, () => (p.skGid = word()));
  some(Input.HASH, () => (p.hash = word()));
  some(Input.FOLD_SK, () => (p.sk = word()));
  some(Input.FOLD_DST, () => (p.dst = word()));
  some(Input.FOLD_NFCT, () => (p.nfct = word()));
  some(Input.QUEUE, () => (p.queue = random.below(3)));
  some(Input.TC_INDEX, () => (p.tcIndex = random.below(3)));
  some(Input.PKT_TYPE, () => (p.pktType = random.below(4)));
  some(Input.SOCKET, () => (p.socket = Array.from({ length: 48 }, () => random.below(4))));
  some(Input.MAC_LEN, () => (p.macLen = 14 - p.macLen));
  some(Input.TRANSPORT, () => (p.transport = p.network + 4 * random.below(11)));
  some(Input.LINEAR, () => (p.linear = random.pick([Linear.HEADERS, Linear.NETWORK_HEADER])));
  some(Input.CONNMARK, () => (p.ct = Object.assign(new Ct(), { mark: random.pick(MARKS) })));
}

/** A tree for the hook, and filters in it. */
function anyScript(random: Random, hook: Hook): string[] {
  const tree = hook === 'ingress' ? ['qdisc add dev eth0 clsact'] : treeOf(random);
  const parents = hook === 'ingress' ? ['ingress'] : parentsOf(tree);
  const count = 1 + random.below(4);
  const filters = Array.from({ length: count }, (_, i) => filterLine(random, random.pick(parents), i + 1));
  return [...tree, ...filters];
}

function treeOf(random: Random): string[] {
  const root = (words: string): string => `qdisc add dev eth0 root handle 1: ${words}`;
  const classes = (kind: string, words: string): string[] =>
    ['1:1', '1:2', '1:10'].map((id) => `class add dev eth0 parent 1: classid ${id} ${kind} ${words}`);
  const leaf = random.oneIn(2) ? [`qdisc add dev eth0 parent 1:1 handle 2: ${random.pick(LEAVES)}`] : [];
  const hook = random.oneIn(4) ? ['qdisc add dev eth0 clsact'] : [];
  switch (random.below(6)) {
    case 0:
      return [...hook, root('htb default 2'), ...classes('htb', 'rate 1mbit'), ...leaf];
    case 1:
      return [...hook, root('hfsc default 2'), ...classes('hfsc', 'ls rate 1mbit'), ...leaf];
    case 2:
      return [...hook, root('drr'), ...classes('drr', ''), ...leaf];
    case 3:
      return [...hook, root(random.pick(['multiq', 'mq'])), ...leaf];
    case 4:
      return [
        ...hook,
        root(random.pick(['sfq', 'fq_codel', 'cake', 'ets bands 3', 'red limit 60000 avpkt 1000'])),
        ...leaf,
      ];
    default:
      return [...hook, root('prio'), ...leaf];
  }
}

const LEAVES = ['prio', 'sfq', 'fq_codel', 'pfifo', 'drr'];

function parentsOf(tree: readonly string[]): string[] {
  const handles = tree.flatMap((line) => /handle (\d:)/.exec(line)?.slice(1) ?? []);
  return [...handles, ...(tree.some((line) => line.endsWith('clsact')) ? ['egress'] : [])];
}

function filterLine(random: Random, parent: string, pref: number): string {
  const at = parent.includes(':') ? `parent ${parent}` : parent;
  const protocol = random.pick(['ip', 'all', 'all']);
  return `filter add dev eth0 ${at} protocol ${protocol} prio ${pref} ${filterWords(random, protocol)}${action(random)}`;
}

const classid = (random: Random): string => random.pick(['1:1', '1:2', '1:3', '1:10', '2:1']);

function filterWords(random: Random, protocol: string): string {
  switch (random.below(7)) {
    case 0:
      return `handle ${random.pick(MARKS.slice(0, 4))} fw classid ${classid(random)}${random.oneIn(3) ? ' indev eth1' : ''}`;
    case 1:
      return 'fw';
    case 2:
      return u32Words(random);
    case 3:
      return `${flowerWords(random, protocol)} classid ${classid(random)}`;
    case 4:
      return `handle 1 flow map key ${flowKey(random)}${matched(random)} divisor 3 baseclass 1:1`;
    case 5:
      return `handle 1 flow hash keys ${flowKey(random)},${flowKey(random)}${matched(random)} divisor 2 baseclass 1:1`;
    default:
      return `basic${matched(random)} classid ${classid(random)}`;
  }
}

const PLAIN_KEYS = ALL_KEYS.map((key) => KEYS[key].name).filter((name) => !name.startsWith('nfct-'));

const flowKey = (random: Random): string => random.pick(random.oneIn(2) ? ['src', 'dst', 'proto'] : PLAIN_KEYS);

function matched(random: Random): string {
  const terms = [term(random)];
  while (random.oneIn(3) && terms.length < 5) terms.push(random.pick(['and', 'or']), term(random));
  return random.oneIn(5) ? '' : ` match '${terms.join(' ')}'`;
}

const NUMBERS = [
  ...[
    'priority',
    'pkt_type',
    'pkt_len',
    'data_len',
    'mac_len',
    'nf_mark',
    'fwmark',
    'tc_index',
    'rt_classid',
    'rt_iif',
  ],
  ...['vlan', 'sk_family', 'sk_state', 'sk_bind_if', 'sk_proto', 'random', 'loadavg_1', 'dev', 'protocol'],
];

function term(random: Random): string {
  const not = random.oneIn(3) ? 'not ' : '';
  const at = random.pick([0, 2, 6, 9, 12, 16, 20, 21, 22, 28, 33, 40, 44]);
  switch (random.below(4)) {
    case 0:
      return `${not}meta(${random.pick(NUMBERS)} ${random.pick(['eq', 'gt', 'lt'])} ${random.below(4)})`;
    case 1:
      return `${not}u32(u32 ${random.below(2)} ${1 << random.below(31)} at ${at & ~3})`;
    case 2:
      return `${not}nbyte("${random.pick(['a', 'E', '@'])}" at ${at} layer ${random.below(3)})`;
    default:
      return `${not}cmp(u8 at ${at} layer ${random.below(3)} ${random.pick(['eq', 'gt', 'lt'])} ${random.below(256)})`;
  }
}

function u32Words(random: Random): string {
  const key = random.pick([
    `mark ${random.pick([0, 1, 2])} 0xff`,
    `u32 0 ${1 << random.below(31)} at ${4 * random.below(14)}`,
    'ip protocol 6 0xff',
    'ip dport 53 0xffff',
    'u8 0 0 at 0',
  ]);
  return `u32 match ${key}${random.oneIn(4) ? ' match mark 1 0x1' : ''} flowid ${classid(random)}${random.oneIn(4) ? ' indev eth0' : ''}`;
}

function flowerWords(random: Random, protocol: string): string {
  const words = [random.oneIn(2) ? `indev ${random.pick(['eth0', 'eth1'])}` : ''];
  if (protocol === 'ip') words.push(random.pick(['ip_proto tcp', 'ip_proto udp dst_port 53', 'src_ip 0.0.0.0/1', '']));
  return `flower ${words.join(' ')}`;
}

const ACTIONS = [
  ...['', '', '', '', ' action drop', ' action continue', ' action connmark pipe action ok'],
  ...[
    ' action skbedit mark 1 continue',
    ' action skbedit priority 1:2 continue',
    ' action skbedit mark 1/0x1 continue',
  ],
  ...[
    ' action skbedit inheritdsfield continue',
    ' action skbedit queue_mapping 1 continue',
    ' action connmark continue',
  ],
  ...[
    ' action ctinfo cpmark continue',
    ' action skbedit ptype host continue',
    ' action pedit munge ip tos set 0x10 continue',
  ],
  ...[' action ok random netrand drop 2', ' action mirred egress mirror dev eth1', ' action reclassify'],
];

function action(random: Random): string {
  return random.pick(ACTIONS);
}
