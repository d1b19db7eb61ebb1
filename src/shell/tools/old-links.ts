import type { Link, Machine, ToolAnswer, ToolCall } from '../tool.ts';
import { addressesOf, GATEWAY, type LinkAddress } from './addresses.ts';
import { DONE, printed, refused, unknown } from './answer.ts';
import {
  dropLink,
  type FoundLink,
  findLink,
  linkFact,
  linkKey,
  listLinks,
  macAddress,
  putLink,
  setLinkFact,
} from './links.ts';

/** net-tools 2: the flags' number and names. */
function flagsText(link: Link): string {
  const up = link.isUp ? ['UP'] : [];
  const running = link.isUp ? ['RUNNING'] : [];
  if (link.kind === 'loopback') return link.isUp ? '73<UP,LOOPBACK,RUNNING>' : '8<LOOPBACK>';
  if (link.kind === 'ifb') return link.isUp ? '195<UP,BROADCAST,RUNNING,NOARP>' : '130<BROADCAST,NOARP>';
  const names = [...up, 'BROADCAST', ...running, 'MULTICAST'];
  return `${link.isUp ? 4163 : 4098}<${names.join(',')}>`;
}

/** 24 → 255.255.255.0 */
function maskText(prefix: number): string {
  const mask = 2 ** 32 - 2 ** (32 - prefix);
  return [24, 16, 8, 0].map((shift) => Math.floor(mask / 2 ** shift) % 256).join('.');
}

function addressText({ family, local, prefix, broadcast, scope }: LinkAddress): string {
  if (family === 4) {
    const brd = broadcast === null ? '' : `  broadcast ${broadcast}`;
    return `        inet ${local}  netmask ${maskText(prefix)}${brd}\n`;
  }
  const scopes: Readonly<Record<string, string>> = { link: '0x20<link>', host: '0x10<host>', global: '0x0<global>' };
  return `        inet6 ${local}  prefixlen ${prefix}  scopeid ${scopes[scope] ?? scopes.global}\n`;
}

/** net-tools 2: lib/interface.c, ife_print_long() */
function linkText(machine: Machine, netns: string, { link, assumed }: FoundLink): string {
  const qlen = linkFact(machine, netns, link.name, 'qlen') ?? (link.kind === 'ifb' ? '32' : '1000');
  const mac = link.kind === 'loopback' ? 'loop' : `ether ${macAddress(machine, netns, link.name)}`;
  const kind = link.kind === 'loopback' ? 'Local Loopback' : 'Ethernet';
  return [
    `${link.name}: flags=${flagsText(link)}  mtu ${link.mtu}\n`,
    ...addressesOf(machine, netns, link.name, assumed).map(addressText),
    `        ${mac}  txqueuelen ${qlen}  (${kind})\n`,
    '        RX packets 0  bytes 0 (0.0 B)\n        RX errors 0  dropped 0  overruns 0  frame 0\n',
    '        TX packets 0  bytes 0 (0.0 B)\n        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n\n',
  ].join('');
}

/** net-tools 2: ifconfig. */
export function ifconfig(call: ToolCall, machine: Machine): ToolAnswer {
  const words = call.args.filter((word) => !/^-[asv]$/.test(word));
  const name = words[0]?.replace(/:.*$/, '');
  if (name === undefined) return showAll(call, machine);
  const found = findLink(machine, call.netns, name);
  if (words.length === 1) {
    if (found === null) return refused(`${name}: error fetching interface information: Device not found`, 1);
    return printed(linkText(machine, call.netns, found), found.assumed ? `dev ${name}` : undefined);
  }
  if (found === null) return refused(`${name}: ERROR while getting interface flags: No such device`, 255);
  change(call, machine, found.link, words);
  return DONE;
}

function showAll(call: ToolCall, machine: Machine): ToolAnswer {
  const isAll = call.args.includes('-a');
  const links = listLinks(machine, call.netns).filter(({ link }) => isAll || link.isUp);
  return printed(links.map((found) => linkText(machine, call.netns, found)).join(''), `dev ${machine.device}`);
}

/** An alias (`eth0:1`) that goes down leaves its device up. */
function change(call: ToolCall, machine: Machine, link: Link, words: readonly string[]): void {
  const after = (word: string): string | undefined =>
    words.includes(word) ? words[words.indexOf(word) + 1] : undefined;
  const isDown = words.includes('down') && !words[0]?.includes(':');
  const isUp = words.includes('up') || words.some((word) => /^\d+(?:\.\d+){3}/.test(word));
  const mtu = Number(after('mtu') ?? link.mtu);
  putLink(machine, call.netns, { ...link, isUp: isDown ? false : isUp || link.isUp, mtu });
  const qlen = after('txqueuelen');
  if (qlen !== undefined) setLinkFact(machine, call.netns, link.name, 'qlen', qlen);
}

/** Debian's ifup and ifdown, by the name of the call. */
export function ifupdown(call: ToolCall, machine: Machine): ToolAnswer {
  for (const name of call.args.filter((word) => !word.startsWith('-'))) {
    const found = findLink(machine, call.netns, name);
    if (found !== null) putLink(machine, call.netns, { ...found.link, isUp: call.name === 'ifup' });
  }
  return DONE;
}

/** net-tools 2: lib/inet_gr.c, rprint_fib() */
export function route(call: ToolCall, machine: Machine): ToolAnswer {
  if (call.args.some((word) => /^(?:add|del|flush)$/.test(word))) return DONE;
  const isNumeric = call.args.some((word) => /^-[a-z]*n/.test(word));
  const row = (to: string, via: string, mask: string, flags: string): string =>
    `${to.padEnd(15)} ${via.padEnd(15)} ${mask.padEnd(15)} ${flags.padEnd(5)} 0      0        0 ${machine.device}\n`;
  const text = [
    'Kernel IP routing table\n',
    'Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n',
    row(isNumeric ? '0.0.0.0' : 'default', GATEWAY, '0.0.0.0', 'UG'),
    row('192.0.2.0', '0.0.0.0', '255.255.255.0', 'U'),
  ];
  return printed(text.join(''), `dev ${machine.device}`);
}

/** bridge-utils 1.7. */
export function brctl(call: ToolCall, machine: Machine): ToolAnswer {
  const [command = '', bridge = '', port = ''] = call.args;
  if (command === 'show') return showBridges(call, machine);
  const isThere = findLink(machine, call.netns, bridge) !== null;
  if (command === 'addbr') {
    if (machine.links.has(linkKey(call.netns, bridge))) {
      return refused(`device ${bridge} already exists; can't create bridge with the same name`, 1);
    }
    putLink(machine, call.netns, { name: bridge, kind: 'bridge', isUp: false, mtu: 1500 });
    return DONE;
  }
  if (!isThere && command === 'delbr') return refused(`bridge ${bridge} doesn't exist; can't delete it`, 1);
  if (!isThere) return refused(`bridge ${bridge} does not exist!`, 1);
  if (command === 'delbr') dropLink(machine, call.netns, bridge);
  if (!/^(?:addif|delif)$/.test(command)) return DONE;
  if (findLink(machine, call.netns, port) === null) return refused(`interface ${port} does not exist!`, 1);
  setLinkFact(machine, call.netns, port, 'master', command === 'addif' ? bridge : '');
  return DONE;
}

function showBridges(call: ToolCall, machine: Machine): ToolAnswer {
  const links = listLinks(machine, call.netns).map(({ link }) => link);
  const rows = links
    .filter(({ kind }) => kind === 'bridge')
    .map(({ name }) => {
      const ports = links.filter((link) => linkFact(machine, call.netns, link.name, 'master') === name);
      const mac = macAddress(machine, call.netns, name).replaceAll(':', '');
      return `${name}\t\t8000.${mac}\tno\t\t${ports.map((port) => port.name).join('\n\t\t\t\t\t\t\t')}\n`;
    });
  return printed(`bridge name\tbridge id\t\tSTP enabled\tinterfaces\n${rows.join('')}`, 'bridges of the script only');
}

export function iwconfig(call: ToolCall): ToolAnswer {
  if (call.args.length > 1) return DONE;
  return {
    stderr: `${(call.args[0] ?? 'eth0').padEnd(8)}  no wireless extensions.\n\n`,
    assumed: 'no wireless device',
  };
}

export function iw(call: ToolCall): ToolAnswer {
  return call.args.includes('set') ? DONE : unknown('what iw prints');
}
