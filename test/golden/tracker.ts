import { type NatRule, parseAddress, parsePrefix, Tracker } from '../../src/conntrack/index.ts';
import { Ct, Direction, IPPROTO, Packet } from '../../src/packet/index.ts';
import { addressWords, applyContext, type Conntrack, type Context } from './context.ts';
import { readFramesOf, readLines } from './records.ts';
import { emptyReport, type Report, record, skip } from './report.ts';

interface HopRecord {
  readonly step: string;
  readonly device: string;
  readonly hook: 'ingress' | 'egress';
  readonly context: Context;
  readonly pcapFrame?: number;
  readonly network?: string;
}

/** checkTracker's report, with how many of the checked records had an entry whose tuple was compared. */
export type TrackerReport = Report & { tuples: number };

/**
 * Feeds our own tracker the recorded frames in order, one tracker for each host, the router's with the rules that
 * golden/README.md tells, and compares what it says of every packet with what the kernel had attached.
 * At ingress the kernel has nothing attached yet: those records are fed, and only checked for that.
 */
export function checkTracker(directory: string): TrackerReport {
  const report = { ...emptyReport(), tuples: 0 };
  const frames = readFramesOf(directory, 'packets.pcap');
  const hosts: Readonly<Record<string, Tracker | null>> = {
    cl: new Tracker({ rules: NOT_TRACKED }),
    rt: new Tracker({ rules: [...NOT_TRACKED, ...ROUTER] }),
    sv: null, // the server has no rules and so no connection tracking
  };
  for (const [i, hop] of readLines<HopRecord>(directory, 'values.jsonl').entries()) {
    const host = hop.device.slice(0, 2);
    if (!(host in hosts)) throw new Error(`${hop.device}: a device of no known host`);
    const tracker = hosts[host] ?? null;
    const p = packetOf(hop, frames);
    const ct = new Ct();
    const found = tracker?.track(p, ct, i * MILLISECOND) ?? false;
    const id = `${i + 1} ${hop.step} ${hop.device} ${hop.hook}`;
    if (tracker !== null && !enoughBytes(hop, p)) {
      skip(report, 'the record ends before the bytes that the tracker needs');
    } else if (hop.hook === 'ingress') {
      record(report, id, hop.context.nfct ? ['kernel: an entry at ingress'] : []);
    } else {
      const expected = hop.context.nfct ? (hop.context.conntrack ?? null) : null;
      if (expected !== null) report.tuples++;
      record(report, id, differences(found ? ct : null, expected));
    }
  }
  return report;
}

const MILLISECOND = 1e6;

function packetOf(hop: HopRecord, frames: readonly Uint8Array[]): Packet {
  const p = new Packet();
  const frame = hop.pcapFrame === undefined ? undefined : frames[hop.pcapFrame - 1];
  if (frame !== undefined) {
    applyContext(p, hop.context, frame, hop.hook === 'ingress' ? 14 : 0);
    return p;
  }
  const front = Math.max(hop.context.networkOffset, 0);
  const bytes = Buffer.concat([Buffer.alloc(front), Buffer.from(hop.network ?? '', 'hex')]);
  applyContext(p, hop.context, bytes, 0);
  p.end = Math.min(bytes.length, hop.context.len); // what lies behind the packet's end is not the packet
  return p;
}

/** 40 bytes of an IPv6 packet end before its transport header. */
function enoughBytes(hop: HopRecord, p: Packet): boolean {
  if (hop.pcapFrame !== undefined || p.protocol !== 0x86dd) return true;
  return !NEED_MORE.includes(p.data[p.network + 6] ?? 0);
}

const NEED_MORE: readonly number[] = [
  IPPROTO.HOPOPTS,
  IPPROTO.ROUTING,
  IPPROTO.FRAGMENT,
  IPPROTO.AH,
  IPPROTO.DSTOPTS,
  IPPROTO.TCP,
  IPPROTO.UDP,
  IPPROTO.ICMPV6,
  IPPROTO.SCTP,
];

function differences(ct: Ct | null, expected: Conntrack | null): string[] {
  if (ct === null || expected === null)
    return ct === expected ? [] : [`${ct ? 'an entry' : 'no entry'}, kernel otherwise`];
  const direction = expected.direction === 'reply' ? Direction.REPLY : Direction.ORIGINAL;
  const tuple = expected[expected.direction];
  const rows: [string, string | number, string | number][] = [
    ['direction', ct.direction, direction],
    ['src', [...ct.src].join(), words(tuple.src)],
    ['dst', [...ct.dst].join(), words(tuple.dst)],
    ['srcAll', ct.srcAll, tuple.srcAll],
    ['dstAll', ct.dstAll, tuple.dstAll],
  ];
  return rows
    .filter(([, ours, theirs]) => ours !== theirs)
    .map(([what, ours, theirs]) => `${what} ${ours}, kernel ${theirs}`);
}

function words(address: string): string {
  const all = addressWords(address);
  return [0, 1, 2, 3].map((i) => all[i] ?? 0).join();
}

function prefix(text: string): NonNullable<ReturnType<typeof parsePrefix>> {
  const known = parsePrefix(text);
  if (known === null) throw new Error(`${text} is not a prefix`);
  return known;
}

function address(text: string): NonNullable<ReturnType<typeof parseAddress>> {
  const known = parseAddress(text);
  if (known === null) throw new Error(`${text} is not an address`);
  return known;
}

/** Port 9999, either way. */
const NOT_TRACKED: readonly NatRule[] = [
  { kind: 'notrack', protocol: IPPROTO.UDP, destinationPort: 9999 },
  { kind: 'notrack', protocol: IPPROTO.UDP, sourcePort: 9999 },
];

const inside = ['10.1.0.0/24', '10.5.0.0/24', 'fd01::/64'].map(prefix);

function dnat(family: 4 | 6, protocol: number, port: number, to: string, toPort: number): NatRule {
  return { kind: 'dnat', family, protocol, destinationPort: port, to: address(to), toPorts: [toPort, toPort] };
}

/** golden/README.md: "The router's rules" */
const ROUTER: readonly NatRule[] = [
  dnat(4, IPPROTO.TCP, 8080, '10.2.0.2', 80),
  dnat(4, IPPROTO.UDP, 5353, '10.2.0.3', 53),
  { ...dnat(4, IPPROTO.TCP, 2222, '10.2.0.3', 80), destination: prefix('10.1.0.1') },
  dnat(4, IPPROTO.UDP, 6060, '10.1.0.1', 6061),
  dnat(6, IPPROTO.TCP, 8080, 'fd02::2', 80),
  dnat(6, IPPROTO.UDP, 5353, 'fd02::2', 53),
  { kind: 'snat', source: prefix('10.1.0.70'), inside, to: address('10.2.0.100') },
  {
    kind: 'snat',
    family: 4,
    protocol: IPPROTO.UDP,
    sourcePort: 7000,
    inside,
    to: address('10.2.0.101'),
    toPorts: [17000, 17000],
  },
  { kind: 'snat', source: prefix('10.1.0.200'), inside, to: address('10.2.0.1'), random: true },
  { kind: 'snat', source: prefix('10.5.0.0/24'), inside, to: address('10.2.0.1') },
  { kind: 'snat', source: prefix('fd01::70'), inside, to: address('fd02::100') },
];
