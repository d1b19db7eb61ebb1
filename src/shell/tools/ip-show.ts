import type { Link } from '../tool.ts';
import type { IpCall } from './ip-call.ts';
import { findLink, linkFact, linkIndex, macAddress } from './links.ts';

/** A link as `ip -j link` has it: text is made of the same. */
export interface LinkRow {
  readonly ifindex: number;
  readonly link?: string;
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly qdisc: string;
  readonly master?: string;
  readonly operstate: string;
  readonly linkmode?: string;
  readonly group: string;
  readonly txqlen: number;
  readonly link_type: string;
  readonly address: string;
  readonly broadcast: string;
}

/** Flags of a kind of link, without those that say whether it is up. */
const FLAGS: Readonly<Record<string, readonly string[]>> = {
  loopback: ['LOOPBACK'],
  ifb: ['BROADCAST', 'NOARP'],
  dummy: ['BROADCAST', 'NOARP'],
  none: ['POINTOPOINT', 'MULTICAST', 'NOARP'],
  wireguard: ['POINTOPOINT', 'NOARP'],
  tun: ['POINTOPOINT', 'MULTICAST', 'NOARP'],
  ppp: ['POINTOPOINT', 'MULTICAST', 'NOARP'],
};
const ETHERNET = ['BROADCAST', 'MULTICAST'];

/** What link/… is printed, where it is not Ethernet. */
const TYPES: Readonly<Record<string, string>> = {
  loopback: 'loopback',
  none: 'none',
  wireguard: 'none',
  tun: 'none',
  ppp: 'ppp',
};

/** Kinds that say UNKNOWN while they are up. */
const IS_STATELESS = /^(?:loopback|ifb|dummy|none|wireguard|tun|ppp)$/;
/** Kinds that are up without a qdisc. */
const HAS_NO_QUEUE = /^(?:loopback|dummy|veth|bridge|vlan|macvlan|vxlan|none|wireguard)$/;
const IFB_QLEN = 32;
const QLEN = 1000;

/** The other end of a veth: undefined where it is not here. */
function peerOf(call: IpCall, link: Link): Link | undefined {
  const peer = linkFact(call.machine, call.netns, link.name, 'peer');
  return peer === undefined ? undefined : findLink(call.machine, call.netns, peer)?.link;
}

function flagsOf(call: IpCall, link: Link): readonly string[] {
  const own = FLAGS[link.kind] ?? ETHERNET;
  const peer = peerOf(call, link);
  const isCut = peer !== undefined && !peer.isUp;
  if (!link.isUp) return isCut ? [...own, 'M-DOWN'] : own;
  return isCut ? ['NO-CARRIER', ...own, 'UP', 'M-DOWN'] : [...own, 'UP', 'LOWER_UP'];
}

function operstateOf(link: Link, flags: readonly string[]): string {
  if (!link.isUp) return 'DOWN';
  if (flags.includes('NO-CARRIER')) return 'LOWERLAYERDOWN';
  return IS_STATELESS.test(link.kind) ? 'UNKNOWN' : 'UP';
}

/** The root qdisc as tc has it, else the one that the kernel gives by itself. */
function qdiscOf(call: IpCall, link: Link): string {
  const words = ['qdisc', 'show', 'dev', link.name];
  const { exit, stdout } = call.machine.answers.tc(words, call.netns);
  const root = exit === 0 ? /^qdisc (\S+) \S+ root/m.exec(stdout)?.[1] : undefined;
  if (root !== undefined) return root;
  if (!link.isUp) return 'noop';
  return HAS_NO_QUEUE.test(link.kind) ? 'noqueue' : 'pfifo_fast';
}

/** `linkmode` is printed by `ip link`, not by `ip addr`. */
export function linkRow(call: IpCall, link: Link, hasMode: boolean): LinkRow {
  const { machine, netns } = call;
  const flags = flagsOf(call, link);
  const upper = linkFact(machine, netns, link.name, 'peer') ?? linkFact(machine, netns, link.name, 'parent');
  const master = linkFact(machine, netns, link.name, 'master');
  const qlen = linkFact(machine, netns, link.name, 'qlen');
  const isLoopback = link.kind === 'loopback';
  return {
    ifindex: linkIndex(machine, netns, link.name),
    ...(upper === undefined ? {} : { link: upper }),
    ifname: link.name,
    flags,
    mtu: link.mtu,
    qdisc: qdiscOf(call, link),
    ...(master === undefined ? {} : { master }),
    operstate: operstateOf(link, flags),
    ...(hasMode ? { linkmode: 'DEFAULT' } : {}),
    group: 'default',
    txqlen: Number(qlen ?? (link.kind === 'ifb' ? IFB_QLEN : QLEN)),
    link_type: TYPES[link.kind] ?? 'ether',
    address: macAddress(machine, netns, link.name),
    broadcast: isLoopback ? '00:00:00:00:00:00' : 'ff:ff:ff:ff:ff:ff',
  };
}

/** The name as it is printed: with what the link stands on. */
function shownName(row: LinkRow): string {
  return row.link === undefined ? row.ifname : `${row.ifname}@${row.link}`;
}

/** The first line of a link; `ip -6 addr` leaves some words out. */
export function linkLine(row: LinkRow, family: 4 | 6 | null): string {
  const words = [
    `${row.ifindex}: ${shownName(row)}: <${row.flags.join(',')}> mtu ${row.mtu}`,
    family === 6 ? '' : ` qdisc ${row.qdisc}`,
    row.master === undefined ? '' : ` master ${row.master}`,
    ` state ${row.operstate}`,
    row.linkmode === undefined ? '' : ` mode ${row.linkmode}`,
    family === 6 ? '' : ' group default',
    ` qlen ${row.txqlen}`,
  ];
  return words.join('');
}

/** A real network card names no kind. */
export function isVirtual(kind: string): boolean {
  return !/^(?:ether|loopback|none|ppp)$/.test(kind);
}

/** `    link/ether …`, with -d what its driver says. */
export function hardwareLines(row: LinkRow, kind: string, details: boolean): readonly string[] {
  const hasAddress = row.link_type === 'ether' || row.link_type === 'loopback';
  const line = `    link/${row.link_type}${hasAddress ? ` ${row.address} brd ${row.broadcast}` : ' '}`;
  if (!details) return [line];
  const shown = isVirtual(kind) ? `${kind} ` : '';
  return [
    `${line} promiscuity 0  allmulti 0 minmtu 0 maxmtu 0 `,
    `    ${shown}addrgenmode eui64 numtxqueues 1 numrxqueues 1 gso_max_size 65536 gso_max_segs 65535 `,
  ];
}

/** Nothing has passed an idle host's link. */
export const COUNTER_LINES: readonly string[] = [
  '    RX:  bytes packets errors dropped  missed   mcast           ',
  '             0       0      0       0       0       0 ',
  '    TX:  bytes packets errors dropped carrier collsns           ',
  '             0       0      0       0       0       0 ',
];

/** -br: name and state in columns. */
export function briefHead(row: LinkRow): string {
  return `${shownName(row).padEnd(16)} ${row.operstate.padEnd(14)} `;
}

/** -o: what would be lines of their own is joined by a backslash. */
export function joinLines(lines: readonly string[], oneline: boolean): string {
  return `${lines.join(oneline ? '\\' : '\n')}\n`;
}
