import { ALL_KEYS, KEYS } from '../../../src/sched/flow/index.ts';
import type { Random } from '../diff/random.ts';

/** Commands that make a tree on a device, and what is then sent there: frames by their number. */
export interface Tree {
  readonly id: string;
  readonly device: 'd0' | 'lo';
  readonly commands: readonly string[];
  readonly packets: readonly { readonly frame: number; readonly mark: number; readonly priority: number }[];
}

const PACKETS = 16;

/** Five in six stand at the egress of d0, the others at the ingress of lo. */
export function randomTree(r: Random, number: number, frames: number): Tree {
  const device = r.once(6) ? 'lo' : 'd0';
  const commands = device === 'lo' ? ingress(r) : egressTree(r);
  const id = `tree-${String(number).padStart(3, '0')}`;
  const packets = Array.from({ length: PACKETS }, () => ({
    frame: r.below(frames),
    mark: r.below(40),
    priority: priority(r),
  }));
  return { id, device, commands, packets };
}

/** None, a small one, or a class: of the root, of what hangs on it, or of nothing at all. */
function priority(r: Random): number {
  switch (r.below(4)) {
    case 0:
      return r.below(16);
    case 1:
      return 0x10000 | r.pick([0x10, 0x20, 0x30, 1, 2, 0, 0x99]);
    case 2:
      return 0x100000 | (1 + r.below(8));
    default:
      return 0;
  }
}

/** A root qdisc: how it is added, its classes, and where its filters lead. */
interface Root {
  readonly commands: readonly string[];
  /** Classes that a qdisc can hang on. */
  readonly leaves: readonly string[];
}

const LEAVES = ['1:10', '1:20', '1:30'];
const classes = (device: string, parent: string, text: string): string[] =>
  LEAVES.map((leaf) => `class add dev ${device} parent ${parent} classid ${leaf} ${text}`);

/** Under a class 1:1 of their own, with a default that may be no class, or none. */
function withInner(r: Random, device: string, kind: string, inner: string, leaf: string): Root {
  const fallback = r.pick(['', ' default 10', ' default 20', ' default 99']);
  return {
    commands: [
      `qdisc add dev ${device} root handle 1: ${kind}${fallback}`,
      `class add dev ${device} parent 1: classid 1:1 ${kind} ${inner}`,
      ...classes(device, '1:1', `${kind} ${leaf}`),
    ],
    leaves: LEAVES,
  };
}

/** The classes X:1, X:2, … are there as long as the qdisc is. */
const banded = (device: string, text: string, leaves: readonly string[]): Root => ({
  commands: [`qdisc add dev ${device} root handle 1: ${text}`],
  leaves,
});

const flat = (device: string, kind: string): Root => ({
  commands: [`qdisc add dev ${device} root handle 1: ${kind}`, ...classes(device, '1:', kind)],
  leaves: LEAVES,
});

function root(r: Random, device: string): Root {
  switch (r.below(9)) {
    case 0:
    case 1:
      // Later kernels warn of the quantum that these rates come to.
      return withInner(r, device, 'htb', 'rate 1gbit quantum 3000', 'rate 100mbit ceil 1gbit quantum 1500');
    case 2:
      return withInner(r, device, 'hfsc', 'ls rate 1gbit', 'ls rate 100mbit');
    case 3:
      return flat(device, 'drr');
    case 4:
      return flat(device, 'qfq');
    case 5:
      return banded(device, 'prio bands 4', ['1:1', '1:2', '1:3']);
    case 6:
      return banded(device, 'ets bands 4 strict 2', ['1:1', '1:2', '1:3']);
    case 7:
      return banded(device, 'tbf rate 1gbit burst 100k latency 50ms', ['1:1']);
    default:
      return banded(device, r.pick(['sfq divisor 64', 'fq_codel flows 32']), []);
  }
}

/** On d0: a root qdisc with what hangs on it; sometimes clsact beside it. */
export function egressTree(r: Random): string[] {
  const commands = tree(r, 'd0');
  if (!r.once(4)) return commands;
  const hook = ['qdisc add dev d0 clsact', ...filters(r, 'd0', 'ffff:fff3', LEAVES, true)];
  return [...commands, ...hook];
}

function tree(r: Random, device: string): string[] {
  const { commands, leaves } = root(r, device);
  return [
    ...commands,
    ...filters(r, device, '1:', leaves.length > 0 ? leaves : ['1:1'], r.once(3)),
    ...leaves.flatMap((leaf, i) => (r.once(2) ? below(r, device, leaf, `${i + 1}0:`) : [])),
  ];
}

/** What hangs on a class, with filters of its own where they matter. */
function below(r: Random, device: string, parent: string, handle: string): string[] {
  const kind = r.pick(['sfq divisor 64', 'fq_codel flows 32', 'pfifo limit 50', 'bfifo limit 50000', 'prio', 'red']);
  const red = 'red limit 400000 min 30000 max 90000 avpkt 1000 burst 55 bandwidth 100mbit';
  const add = `qdisc add dev ${device} parent ${parent} handle ${handle} ${kind === 'red' ? red : kind}`;
  const asks = /^(sfq|fq_codel|prio)/.test(kind) && r.once(2);
  return asks ? [add, ...filters(r, device, handle, [`${handle}1`, `${handle}2`, `${handle}30`], false)] : [add];
}

/** On lo; what is sent on to ifb0 may find a tree there. */
function ingress(r: Random): string[] {
  const [kind, parent] = r.pick([
    ['ingress', 'ffff:'],
    ['clsact', 'ffff:fff2'],
  ] as const);
  const there = r.once(2) ? tree(r, 'ifb0') : [];
  return [...there, `qdisc add dev lo ${kind}`, ...filters(r, 'lo', parent, LEAVES, true)];
}

/** One to four filters that lead to classes (or a little past them), each at a preference of its own. */
function filters(r: Random, device: string, parent: string, to: readonly string[], acting: boolean): string[] {
  const found: string[] = [];
  for (let pref = 1 + r.below(4); pref > 0; pref--) {
    const add = `filter add dev ${device} parent ${parent} pref ${pref}`;
    const action = acting && r.once(2) ? ` action ${act(r, device)}` : '';
    found.push(filter(r, add, r.pick(to), action));
    if (!action.includes('goto')) continue;
    found.push(filter(r, `${add} chain ${CHAIN}`, r.pick(to), ''));
  }
  return found;
}

const CHAIN = 7;

function act(r: Random, device: string): string {
  const elsewhere = device === 'lo' ? r.pick(['d1', 'ifb0']) : 'd1';
  return r.pick([
    'drop',
    'ok',
    'continue',
    'trap',
    `goto chain ${CHAIN}`,
    'skbedit mark 9 continue',
    'skbedit priority 1:20 pipe',
    `mirred egress mirror dev ${elsewhere}`,
    `mirred egress redirect dev ${elsewhere}`,
  ]);
}

function filter(r: Random, add: string, to: string, action: string): string {
  const flow = (words: string): string => `${add} protocol ${r.pick(['all', 'ip', 'ipv6'])} handle 1 flow ${words}`;
  switch (r.below(8)) {
    case 0:
      return `${add} protocol ip u32 match ip ${r.pick(U32_MATCHES)} flowid ${to}${action}`;
    case 1:
      return `${add} protocol all handle ${1 + r.below(20)} fw classid ${to}${action}`;
    case 2:
      return `${add} protocol ${r.pick(['all', 'ip'])} matchall classid ${to}${action}`;
    case 3:
      return `${add} protocol all basic match 'meta(priority gt 3)' classid ${to}${action}`;
    case 4:
    case 5:
      return flow(`hash keys ${key(r)},${key(r)} divisor ${r.pick([4, 16, 200])} baseclass ${to}${action}`);
    default:
      return flow(`map key ${key(r)} and 0x1f divisor ${r.pick([2, 8, 200])} baseclass ${to}${action}`);
  }
}

const U32_MATCHES = ['dport 80 0xffff', 'protocol 17 0xff', 'dst 10.0.0.0/30'];
const key = (r: Random): string => KEYS[r.pick(ALL_KEYS)].name;

/** Frames as hosts send them: IPv4 and IPv6 with UDP, TCP or ICMP, some behind a tag, and ARP. */
export function plainFrame(r: Random): Buffer {
  const addresses = Buffer.from('020000000001020000000002', 'hex');
  const tag = r.once(6) ? Buffer.from([0x81, 0, r.below(256), r.below(256)]) : Buffer.alloc(0);
  return Buffer.concat([addresses, tag, r.pick([ipv4, ipv4, ipv6, arp])(r)]);
}

function ipv4(r: Random): Buffer {
  const protocol = r.pick([17, 6, 1]);
  const rest = transport(r);
  const header = Buffer.from('45000000000000004000000000000000000000000000', 'hex').subarray(0, 20);
  header.writeUInt16BE(20 + rest.length, 2);
  header[9] = protocol;
  Buffer.from([10, 0, 0, 1 + r.below(8)]).copy(header, 12);
  Buffer.from([10, 0, r.below(2), 1 + r.below(8)]).copy(header, 16);
  return Buffer.concat([Buffer.from([0x08, 0]), header, rest]);
}

function ipv6(r: Random): Buffer {
  const rest = transport(r);
  const header = Buffer.alloc(40);
  header.writeUInt32BE(0x60000000 | r.below(0x100000), 0);
  header.writeUInt16BE(rest.length, 4);
  header[6] = r.pick([17, 6, 58]);
  header[7] = 64;
  Buffer.from([0xfd, 1]).copy(header, 8);
  Buffer.from([0xfd, 2]).copy(header, 24);
  header[23] = 1 + r.below(8);
  header[39] = 1 + r.below(8);
  return Buffer.concat([Buffer.from([0x86, 0xdd]), header, rest]);
}

function arp(r: Random): Buffer {
  return Buffer.concat([Buffer.from('08060001080006040001', 'hex'), r.bytes(20)]);
}

/** Ports, and as many bytes as the shortest TCP header has. */
function transport(r: Random): Buffer {
  const bytes = Buffer.alloc(20 + r.below(60));
  bytes.writeUInt16BE(1024 + r.below(100), 0);
  bytes.writeUInt16BE(r.pick([53, 80, 443]), 2);
  bytes[12] = 0x50;
  return bytes;
}
