import path from 'node:path';
import { Frame } from '../../src/capture/index.ts';
import { createEnv, createPacket } from '../../src/env.ts';
import type { Era } from '../../src/era.ts';
import type { Visit } from '../../src/kernel/chain/index.ts';
import { enter, type Packet } from '../../src/packet/index.ts';
import { classText } from '../../src/u32.ts';
import { verdictName } from '../../src/verdict.ts';
import { ALL_GIVEN, type Context } from './context.ts';
import { readEra, readFramesOf, readJson, readLines } from './records.ts';
import { emptyReport, type Report, record, skip } from './report.ts';
import { namespaceAfter, runBatch } from './setup.ts';

interface ChainCase {
  readonly id: string;
  readonly hook: 'ingress' | 'egress';
  readonly device: { readonly name: string; readonly ifindex: number };
  readonly commands: readonly string[];
  readonly hashrnd: Readonly<Record<string, number>>;
  readonly packets: readonly ChainPacket[];
}

interface ChainPacket {
  readonly packet: number;
  readonly seen: boolean;
  readonly context: {
    readonly mark: number;
    readonly priority: number;
    readonly protocol: string;
    readonly iif: number;
    readonly len: number;
    readonly vlanTag: number | null;
    readonly foldSk: number;
    readonly foldDst: number;
  };
  readonly verdict: string;
  readonly classid: string | null;
  readonly after: {
    readonly mark: number;
    readonly priority: number;
    readonly vlanTci: number;
    readonly len: number;
    readonly protocol: string;
  };
  readonly trace: readonly TraceStep[];
}

interface TraceStep {
  readonly chain: number;
  readonly prio: number;
  readonly protocol: string;
  readonly ret: number;
  readonly classid: string;
}

const ETHERNET = 1;
const FIRST_SECOND = 1700000000;

/**
 * Where skb_probe_transport_header() put the transport header of packets written by a packet socket, counted from the
 * frame's first byte: recorded in classify/, but for four packets that are held out there. null: nowhere.
 */
type Transports = ReadonlyMap<number, number | null>;
const HELD_OUT: readonly (readonly [packet: number, transport: number | null])[] = [
  [30, 34], // SCTP over IPv4
  [75, 54], // an unknown protocol over IPv6
  [362, 58], // UDP over IPv4 over GRE over IPv4
  [497, null], // ARP
];

function transportsOf(directory: string): Transports {
  const contexts = readLines<{ packet: number; hook: string; context: Context }>(directory, 'values.jsonl')
    .filter(({ hook }) => hook === 'egress')
    .map(({ packet, context }) => [packet, context.transportOffset] as const);
  return new Map([...HELD_OUT, ...contexts]);
}

/** chain/: each packet past all filters of a case; the trace of visits, the verdict, and what the packet became. */
export function checkChain(directory: string): Report {
  const report = emptyReport();
  const era = readEra(directory);
  const frames = readFramesOf(directory, 'packets.pcap');
  const position = new Map(
    readJson<{ packet: number; frame: number }[]>(directory, 'packets.json').map((p) => [p.packet, p.frame - 1]),
  );
  const transports = transportsOf(path.join(directory, '..', 'classify'));
  for (const recorded of readLines<ChainCase>(directory, 'cases.jsonl')) {
    checkCase(recorded, era, (packet) => frames[position.get(packet) ?? -1] ?? null, transports, report);
  }
  return report;
}

function checkCase(
  recorded: ChainCase,
  era: Era,
  frameOf: (packet: number) => Uint8Array | null,
  transports: Transports,
  report: Report,
): void {
  const { id, hook, device } = recorded;
  const clock = { now: 0 };
  const env = createEnv({ era, seed: 0, clock });
  const [qdisc, parent] = hook === 'egress' ? ['root handle 1: drr', '1:'] : ['ingress', 'ffff:'];
  const netns = namespaceAfter([`qdisc add dev ${device.name} ${qdisc}`], {
    env,
    hashrnd: ({ chain, pref, handle }) =>
      recorded.hashrnd[`chain ${chain} prio ${pref} handle 0x${handle.toString(16)}`],
  });
  const commands = recorded.commands.map((line) => line.replaceAll('DEV', device.name).replaceAll('PAR', parent));
  runBatch(netns, commands);
  const p = createPacket(env);
  for (const [at, packet] of recorded.packets.entries()) {
    const frame = frameOf(packet.packet);
    if (!packet.seen || frame === null) {
      skip(report, 'the packet never reached the classifier');
      continue;
    }
    clock.now = at * 1e9;
    fill(p, frame, packet.context, hook);
    p.dev = device.ifindex;
    setTransport(p, frame, transports.get(packet.packet) ?? null, hook);
    const trace: TraceStep[] = [];
    const visit: Visit = (chain, proto, ret, { classid }) =>
      trace.push({
        chain: chain.index,
        prio: proto.pref,
        protocol: hex4(proto.protocol),
        ret,
        classid: classText(classid),
      });
    const { verdict, result } = netns.classify(p, { dev: device.name, hook }, visit);
    const classid = verdict < 0 ? null : classText(result.classid);
    record(report, `${id} packet ${packet.packet}`, differences(packet, trace, verdictOf(verdict), classid, p));
  }
}

/** Verdicts beyond the names are written as numbers in the records. */
function verdictOf(verdict: number): string {
  return verdict >= 0x10000000 ? `0x${verdict.toString(16)}` : verdictName(verdict);
}

function hex4(protocol: number): string {
  return `0x${protocol.toString(16).padStart(4, '0')}`;
}

function differences(
  theirs: ChainPacket,
  trace: TraceStep[],
  verdict: string,
  classid: string | null,
  p: Packet,
): string[] {
  const after = {
    mark: p.mark >>> 0,
    priority: p.priority >>> 0,
    vlanTci: Math.max(p.vlanTci, 0),
    len: p.len,
    protocol: hex4(p.protocol),
  };
  const rows: [string, unknown, unknown][] = [
    ['trace', trace, theirs.trace],
    ['verdict', verdict, theirs.verdict],
    ['classid', classid, theirs.classid],
    ['after', after, theirs.after],
  ];
  return rows
    .map(([what, a, b]) => [what, JSON.stringify(a), JSON.stringify(b)])
    .filter(([, a, b]) => a !== b)
    .map(([what, a, b]) => `${what} ${a}, kernel ${b}`);
}

/** The packet as the hook had it; a route is attached nowhere here, so foldDst is the fold of a null pointer. */
function fill(p: Packet, data: Uint8Array, context: ChainPacket['context'], hook: 'ingress' | 'egress'): void {
  const frame = new Frame();
  Object.assign(frame, {
    data,
    at: 0,
    end: data.length,
    length: data.length,
    linkType: ETHERNET,
    seconds: FIRST_SECOND,
  });
  const reason = enter(frame, p, { hook, vlan: 'inband' });
  if (reason !== null) throw new Error(reason);
  p.mark = context.mark;
  p.priority = context.priority;
  p.iif = context.iif;
  p.sk = context.foldSk;
  p.dst = context.foldDst;
  p.nfct = context.foldDst;
  p.given = ALL_GIVEN;
  if (hook === 'egress') p.socket = PACKET_SOCKET;
  else p.pktType = packetType(data);
}

/** What arrives on lo was written by a packet socket; what that left unset is set to the network header. */
function setTransport(p: Packet, frame: Uint8Array, transport: number | null, hook: 'ingress' | 'egress'): void {
  const tag = hook === 'ingress' && p.vlanTci >= 0 ? VLAN_HLEN : 0;
  if (transport !== null) p.transport = p.end - frame.length + transport;
  else p.transport = hook === 'ingress' ? p.network - tag : -1;
}

const VLAN_HLEN = 4;

/** TCF_META_ID_SK_FAMILY of the sender: AF_PACKET. */
const PACKET_SOCKET = Object.assign([], { 16: 17 });

/** eth_type_trans() on lo, whose own address is all zero. */
function packetType(frame: Uint8Array): number {
  const address = frame.subarray(0, 6);
  if (((address[0] ?? 0) & 1) !== 0) return address.every((byte) => byte === 0xff) ? 1 : 2;
  return address.every((byte) => byte === 0) ? 0 : 3;
}
