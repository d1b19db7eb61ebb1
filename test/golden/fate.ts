import { createEnv, createPacket } from '../../src/env.ts';
import type { Era } from '../../src/era.ts';
import { type Fate, type Journey, Netns } from '../../src/kernel/index.ts';
import { AddrType, FlowKeys, type Packet } from '../../src/packet/index.ts';
import { classText } from '../../src/u32.ts';
import { ALL_GIVEN } from './context.ts';
import { readEra, readFramesOf, readJson, readLines } from './records.ts';
import { emptyReport, note, type Report, record, skip } from './report.ts';
import { sipKey } from './secrets.ts';
import { refusedLines, runBatch } from './setup.ts';

interface Tree {
  readonly id: string;
  readonly device: { readonly name: string; readonly ifindex: number; readonly txQueues?: number };
  readonly commands: readonly string[];
  readonly setupErrors: string;
  readonly boot: string;
  readonly foldSk: number;
  readonly foldDst: number;
  readonly hashrnd: Readonly<Record<string, number>>;
  readonly packets: readonly TreePacket[];
}

interface TreePacket extends Journey {
  readonly packet: number;
  readonly mark: number;
  readonly priority: number;
}

/** How the kernel saw a frame at either end. */
interface Seen {
  readonly protocol: string;
  readonly len: number;
  readonly networkOffset: number;
}

interface Frame {
  readonly bytes: Uint8Array;
  readonly egress: Seen | null;
  readonly ingress: Seen | null;
}

/** A row of packets.jsonl: lists of all that was ever seen, one each; null: never there. */
interface FrameRow {
  readonly packet: number;
  readonly frame: number;
  readonly egress: readonly Seen[] | null;
  readonly ingress: readonly Seen[] | null;
}

type Secrets = Readonly<Record<string, { readonly rxhashKey: string[]; readonly foldKey: string[] }>>;

/** fate/: every packet through its tree, each list that was asked, each filter's answer, and the end. */
export function checkFate(directory: string): Report {
  const report = emptyReport();
  const bytes = readFramesOf(directory, 'packets.pcap');
  const frames = new Map<number, Frame>();
  for (const { packet, frame, egress, ingress } of readLines<FrameRow>(directory, 'packets.jsonl')) {
    const data = bytes[frame - 1];
    if (data === undefined) continue;
    frames.set(packet, { bytes: data, egress: egress?.[0] ?? null, ingress: ingress?.[0] ?? null });
  }
  const secrets = readJson<Secrets>(directory, 'secrets.json');
  const era = readEra(directory);
  for (const tree of readLines<Tree>(directory, 'trees.jsonl')) checkTree(tree, era, frames, secrets, report);
  return report;
}

function checkTree(tree: Tree, era: Era, frames: ReadonlyMap<number, Frame>, secrets: Secrets, report: Report): void {
  const { id, device, boot } = tree;
  const keys = secrets[boot] ?? { rxhashKey: [], foldKey: [] };
  const clock = { now: 0 };
  const env = createEnv({
    era,
    seed: 0,
    clock,
    rxhashKey: sipKey(keys.rxhashKey),
    foldKey: sipKey(keys.foldKey),
  });
  const netns = new Netns({
    env,
    devices: [{ name: 'lo', ifindex: 1 }, device, ...OTHERS.filter(({ name }) => name !== device.name)],
    hashrnd: ({ parent, chain, pref, handle }) =>
      tree.hashrnd[`at ${listText(parent)} chain ${chain} pref ${pref} handle 0x${handle.toString(16)}`],
  });
  setUp(netns, tree, report);
  const p = createPacket(env);
  for (const [at, theirs] of tree.packets.entries()) {
    const frame = frames.get(theirs.packet);
    const hook = theirs.path === undefined ? 'ingress' : 'egress';
    const seen = frame?.[hook] ?? null;
    if (frame === undefined || seen === null) {
      skip(report, 'how the kernel saw the frame is not recorded');
      continue;
    }
    clock.now = at * 1e9;
    fill(p, frame.bytes, seen, hook, tree, theirs);
    p.transport = transportOf(era, p, hook);
    netns.walk(p, { dev: device.name, hook });
    const journey = netns.journey();
    const differences = journey === null ? ['no journey'] : compare(journey, theirs);
    const setsOfEight = differences.length > 0 && journey !== null && sameSet(journey.fate, theirs.fate);
    if (setsOfEight) note(report, "cake: the bucket was another flow's, the next free one of its set was taken");
    record(report, `${id} packet ${theirs.packet}`, setsOfEight ? [] : differences);
  }
}

const OTHERS = [
  { name: 'd0', ifindex: 7 },
  { name: 'd1', ifindex: 8 },
  { name: 'ifb0', ifindex: 9 },
];

/** `ffff:fff2` is written so; a qdisc without the minor. */
function listText(parent: number): string {
  const text = classText(parent);
  return text.endsWith(':0') ? text.slice(0, -1) : text;
}

/** As `tc -force -batch`: a refused line is skipped; the same lines must be refused as were. */
function setUp(netns: Netns, { id, commands, setupErrors }: Tree, report: Report): void {
  const refused = refusedLines(runBatch(netns, commands).stderr);
  const theirs = refusedLines(setupErrors);
  if (refused.join() !== theirs.join()) note(report, `${id}: lines ${refused} refused, by tc ${theirs}`);
}

/** The packet as the kernel had it where it was sent, or where it came in on lo. */
function fill(
  p: Packet,
  bytes: Uint8Array,
  { protocol, len, networkOffset }: Seen,
  hook: 'egress' | 'ingress',
  tree: Tree,
  theirs: TreePacket,
): void {
  p.reset();
  p.data = bytes;
  p.end = bytes.length;
  p.len = len;
  p.at = hook === 'egress' ? 0 : bytes.length - len;
  p.network = p.at + networkOffset;
  p.protocol = Number(protocol);
  const tagged = hook === 'ingress' && p.at > ETH_HLEN;
  p.mac = p.at - (hook === 'egress' ? 0 : ETH_HLEN);
  p.addresses = 0;
  if (hook === 'ingress') p.macLen = ETH_HLEN;
  if (tagged) {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    p.vlanProto = view.getUint16(12);
    p.vlanTci = view.getUint16(14);
  }
  p.vlanOffload = false;
  p.mark = theirs.mark;
  p.priority = theirs.priority | 0;
  p.iif = hook === 'ingress' ? tree.device.ifindex : 0;
  p.sk = tree.foldSk;
  p.dst = tree.foldDst;
  p.queue = queueOf(theirs.path, tree);
  p.given = ALL_GIVEN;
}

const ETH_HLEN = 14;

/**
 * net/packet/af_packet.c: skb_probe_transport_header() of whoever wrote the frame: where dissection ended, if it found
 * addresses. What it left unset is set to the network header on the way in.
 */
function transportOf(era: Era, p: Packet, hook: 'egress' | 'ingress'): number {
  const flow = new FlowKeys();
  era.dissect(p, flow);
  if (flow.addrType !== AddrType.NONE) return flow.at;
  return hook === 'ingress' ? p.network - (p.vlanTci >= 0 ? 4 : 0) : -1;
}

/**
 * Which transmit queue was drawn shows in the path only: the class of multiq, or the parent of mq's child. Without a
 * path it was one whose qdisc may be bypassed; of those there are, the last is one.
 */
function queueOf(path: Journey['path'], { device }: Tree): number {
  const [first] = path ?? [];
  if (first === undefined) return (device.txQueues ?? 1) - 1;
  const classid = first.by === 'queue' ? first.class : first.parent;
  return classid === undefined || classid === 'root' ? 0 : Number.parseInt(classid.split(':')[1] ?? '1', 16) - 1;
}

const PARTS = ['egressHook', 'ingressHook', 'path', 'fate', 'sentElsewhere'] as const;

function compare(ours: Journey, theirs: TreePacket): string[] {
  return PARTS.map((part) => [part, text(ours[part]), text(part === 'fate' ? theirs.fate : theirs[part])] as const)
    .filter(([, a, b]) => a !== b)
    .map(([part, a, b]) => `${part} ${a}, kernel ${b}`);
}

/** In the order of their names, without the recorder's remarks. */
function text(value: unknown): string {
  return JSON.stringify(value, (key, part) => {
    if (key === 'note') return undefined;
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** cake moves a flow on within its set of 8 if another has its bucket: the other's hash was not recorded. */
function sameSet(ours: Fate, theirs: Fate): boolean {
  const [a, b] = [ours.bucket ?? -8, theirs.bucket ?? -16];
  return ours.kind === 'cake' && a >> 3 === b >> 3 && a !== b;
}
