import type { Machine } from '../tool.ts';
import { findLink, linkFact, linkIndex, listLinks, macAddress } from './links.ts';
import { loadedModules } from './modules.ts';

/** A file of the system that the script reads without having written it. */
export interface SystemFile {
  readonly text: string;
  readonly assumed: string;
}

/** The kernel that the programs here belong to. */
export const KERNEL = '6.1.0';
export const PROCESSORS = 4;

/** ARPHRD_ numbers: include/uapi/linux/if_arp.h */
const TYPES: Readonly<Record<string, number>> = { loopback: 772, ppp: 512, none: 65534, tun: 65534, wireguard: 65534 };
const ETHERNET = 1;

/** Names in /sys/class/net/DEV. */
const LINK_FILES = [
  ...['address', 'addr_len', 'carrier', 'dormant', 'duplex', 'flags', 'ifindex', 'iflink', 'mtu', 'operstate'],
  ...['speed', 'tx_queue_len', 'type'],
];
const LINK_FOLDERS = ['queues', 'statistics'];
const QUEUES = ['rx-0', 'tx-0'];

function linkFile(machine: Machine, netns: string, device: string, file: string): string | undefined {
  const link = findLink(machine, netns, device)?.link;
  if (link === undefined) return undefined;
  const flags = (link.kind === 'loopback' ? 0x8 : link.kind === 'ifb' ? 0x82 : 0x1002) | (link.isUp ? 1 : 0);
  const isStateless = /^(?:loopback|ifb|dummy|none|tun|wireguard|ppp)$/.test(link.kind);
  const texts: Readonly<Record<string, string | number>> = {
    address: macAddress(machine, netns, device),
    addr_len: 6,
    carrier: link.isUp ? 1 : 0,
    dormant: 0,
    duplex: 'full',
    flags: `0x${flags.toString(16)}`,
    ifindex: linkIndex(machine, netns, device),
    iflink: linkIndex(machine, netns, device),
    mtu: link.mtu,
    operstate: !link.isUp ? 'down' : isStateless ? 'unknown' : 'up',
    speed: link.kind === 'ether' ? 1000 : -1,
    tx_queue_len: linkFact(machine, netns, device, 'qlen') ?? (link.kind === 'ifb' ? 32 : 1000),
    type: TYPES[link.kind] ?? ETHERNET,
  };
  if (file.startsWith('statistics/')) return '0\n';
  if (/^queues\/[rt]x-0\/[rx]ps_cpus$/.test(file)) return '0\n';
  const text = texts[file];
  return text === undefined ? undefined : `${text}\n`;
}

/** Keys of /proc/sys that scripts read, as a fresh kernel has them. `*` stands for a device. */
const SYSCTLS: Readonly<Record<string, string>> = {
  'net/ipv4/ip_forward': '0',
  'net/ipv4/conf/*/forwarding': '0',
  'net/ipv4/conf/*/rp_filter': '0',
  'net/ipv4/conf/*/accept_redirects': '1',
  'net/ipv4/tcp_congestion_control': 'cubic',
  'net/ipv4/tcp_available_congestion_control': 'reno cubic',
  'net/ipv4/tcp_ecn': '2',
  'net/ipv4/tcp_syncookies': '1',
  'net/ipv4/tcp_rmem': '4096\t131072\t6291456',
  'net/ipv4/tcp_wmem': '4096\t16384\t4194304',
  'net/ipv6/conf/*/disable_ipv6': '0',
  'net/ipv6/conf/*/forwarding': '0',
  'net/core/default_qdisc': 'pfifo_fast',
  'net/core/netdev_max_backlog': '1000',
  'net/core/rmem_max': '212992',
  'net/core/wmem_max': '212992',
  'net/core/somaxconn': '4096',
  'net/netfilter/nf_conntrack_max': '262144',
  'net/netfilter/nf_conntrack_count': '0',
  'net/bridge/bridge-nf-call-iptables': '1',
  'kernel/osrelease': KERNEL,
  'kernel/ostype': 'Linux',
  'kernel/hostname': 'host',
};

function sysctlFile(key: string): string | undefined {
  const text = SYSCTLS[key] ?? SYSCTLS[key.replace(/\/conf\/[^/]+\//, '/conf/*/')];
  return text === undefined ? undefined : `${text}\n`;
}

/** net/core/net-procfs.c: dev_seq_printf_stats() */
function netDev(machine: Machine, netns: string): string {
  const head = [
    'Inter-|   Receive                                                |  Transmit',
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
  ];
  const zeros =
    '       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0';
  const rows = listLinks(machine, netns).map(({ link }) => `${link.name.padStart(6)}: ${zeros.slice(1)}`);
  return `${[...head, ...rows].join('\n')}\n`;
}

/** net/ipv4/fib_trie.c: fib_route_seq_show() — addresses are written with the last byte first. */
function netRoute(machine: Machine): string {
  const row = (words: string): string => words.padEnd(127);
  const lines = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    `${machine.device}\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0`,
    `${machine.device}\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0`,
  ];
  return `${lines.map(row).join('\n')}\n`;
}

function cpuInfo(): string {
  const one = (number: number): string =>
    [
      `processor\t: ${number}`,
      'vendor_id\t: GenuineIntel',
      'model name\t: Intel(R) CPU',
      'cpu MHz\t\t: 2000.000',
      `siblings\t: ${PROCESSORS}`,
      `cpu cores\t: ${PROCESSORS}`,
      'bogomips\t: 4000.00\n',
    ].join('\n');
  return Array.from({ length: PROCESSORS }, (_, number) => `${one(number)}\n`).join('');
}

const MEMORY = 'MemTotal:        2014520 kB\nMemFree:         1500000 kB\nMemAvailable:    1700000 kB\n';
const OS_RELEASE = [
  'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"',
  'NAME="Debian GNU/Linux"',
  'VERSION_ID="12"',
  'VERSION="12 (bookworm)"',
  'VERSION_CODENAME=bookworm',
  'ID=debian\n',
].join('\n');

const FILES: Readonly<Record<string, (machine: Machine, netns: string) => string>> = {
  '/proc/net/dev': netDev,
  '/proc/net/route': netRoute,
  '/proc/cpuinfo': cpuInfo,
  '/proc/meminfo': () => MEMORY,
  '/proc/version': () => `Linux version ${KERNEL} (gcc 12.2.0) #1 SMP PREEMPT_DYNAMIC\n`,
  '/proc/modules': (machine) =>
    loadedModules(machine)
      .map((name) => `${name} 16384 0 - Live 0x0000000000000000\n`)
      .join(''),
  '/proc/net/psched': () => '000003e8 00000040 000f4240 3b9aca00\n',
  '/proc/net/ip_tables_names': () => 'mangle\nnat\nfilter\n',
  '/proc/mounts': () => 'proc /proc proc rw 0 0\nsysfs /sys sysfs rw 0 0\n',
  '/etc/os-release': () => OS_RELEASE,
  '/etc/debian_version': () => '12.5\n',
  '/etc/hostname': () => 'host\n',
  '/sys/devices/system/cpu/online': () => `0-${PROCESSORS - 1}\n`,
};

/** A path's device and the file below it; null: it is none of /sys/class/net. */
function linkPath(path: string): { readonly device: string; readonly file: string } | null {
  const [, device, file = ''] = /^\/sys\/class\/net\/([^/]+)(?:\/(.*))?$/.exec(path) ?? [];
  return device === undefined ? null : { device, file: file.replace(/\/$/, '') };
}

/** The text of a file that a usual host has; undefined: it is not known here. `path` is absolute. */
export function systemFile(path: string, machine: Machine, netns = ''): SystemFile | undefined {
  const at = linkPath(path);
  if (at !== null) {
    const text = linkFile(machine, netns, at.device, at.file);
    return text === undefined ? undefined : { text, assumed: `dev ${at.device}` };
  }
  const text = path.startsWith('/proc/sys/')
    ? sysctlFile(path.slice('/proc/sys/'.length))
    : FILES[path]?.(machine, netns);
  return text === undefined ? undefined : { text, assumed: text.length <= 33 ? text.trim() : `a usual ${path}` };
}

/** The names in a folder that a usual host has; undefined: it is not known here. */
export function systemFolder(path: string, machine: Machine, netns = ''): readonly string[] | undefined {
  const plain = path.replace(/\/$/, '');
  if (plain === '/sys/class/net') return listLinks(machine, netns).map(({ link }) => link.name);
  if (/^\/sys\/module\/[^/]+$/.test(plain)) return loadedModules(machine).includes(plain.slice(12)) ? [] : undefined;
  const at = linkPath(plain);
  if (at === null || findLink(machine, netns, at.device) === null) return undefined;
  if (at.file === '') return [...LINK_FILES, ...LINK_FOLDERS].toSorted();
  if (at.file === 'queues') return QUEUES;
  if (/^queues\/rx-0$/.test(at.file)) return ['rps_cpus'];
  if (/^queues\/tx-0$/.test(at.file)) return ['xps_cpus'];
  return at.file === 'statistics' ? ['rx_bytes', 'rx_packets', 'tx_bytes', 'tx_packets'] : undefined;
}
