import type { Tool } from '../tool.ts';
import { ethtool } from './ethtool.ts';
import { copy, ls, mkdir, mktemp, readlink, realpath, rm, rmdir, touch } from './file-programs.ts';
import {
  findsNoProcess,
  getconf,
  hostname,
  id,
  isSilent,
  kill,
  killall,
  nproc,
  prints,
  ps,
  service,
  stty,
  systemctl,
  tput,
  uname,
  whoami,
  wireguard,
} from './host.ts';
import { ip } from './ip.ts';
import { ipset } from './ipset.ts';
import { ebtables, iptables, iptablesRestore, iptablesSave } from './iptables.ts';
import { insmod, lsmod, modinfo, modprobe, rmmod } from './modules.ts';
import { conntrack, nft } from './nft.ts';
import { brctl, ifconfig, ifupdown, iw, iwconfig, route } from './old-links.ts';
import { nvram, sysctl, uci } from './settings.ts';
import { tc } from './tc.ts';

/** The same answer under several names. */
function under(tool: Tool, ...names: readonly string[]): readonly (readonly [string, Tool])[] {
  return names.map((name) => [name, tool] as const);
}

/** The programs that are stood in for, by name without folder. */
export const TOOLS: ReadonlyMap<string, Tool> = new Map<string, Tool>([
  ['tc', tc],
  ['ip', ip],
  ...under(iptables, 'iptables', 'iptables-nft', 'iptables-legacy', 'ip6tables', 'ip6tables-nft', 'ip6tables-legacy'),
  ...under(iptablesSave, 'iptables-save', 'ip6tables-save'),
  ...under(iptablesRestore, 'iptables-restore', 'ip6tables-restore'),
  ['ebtables', ebtables],
  ['ipset', ipset],
  ['nft', nft],
  ['conntrack', conntrack],
  ['ethtool', ethtool],
  ['modprobe', modprobe],
  ['insmod', insmod],
  ['rmmod', rmmod],
  ['lsmod', lsmod],
  ['modinfo', modinfo],
  ['sysctl', sysctl],
  ['uci', uci],
  ['nvram', nvram],
  ['brctl', brctl],
  ['ifconfig', ifconfig],
  ...under(ifupdown, 'ifup', 'ifdown'),
  ['route', route],
  ['iw', iw],
  ['iwconfig', iwconfig],
  ['uname', uname],
  ['id', id],
  ['whoami', whoami],
  ['hostname', hostname],
  ['nproc', nproc],
  ['getconf', getconf],
  ['ps', ps],
  ...under(findsNoProcess, 'pidof', 'pgrep', 'pkill'),
  ['killall', killall],
  ['kill', kill],
  ['systemctl', systemctl],
  ['service', service],
  ['tput', tput],
  ['stty', stty],
  ...under(wireguard, 'wg', 'wg-quick'),
  ...under(isSilent, 'logger', 'clear', 'sync', 'sleep', 'usleep', 'chmod', 'chown', 'chgrp'),
  ...under(prints, 'lspci', 'free', 'uptime', 'date', 'ping', 'ping6', 'curl', 'wget', 'dig', 'nslookup', 'host'),
  ...under(prints, 'openvpn', 'pppd', 'pon', 'poff', 'xl2tpd', 'pppoe-start', 'pppoe-stop'),
  ['mktemp', mktemp],
  ['readlink', readlink],
  ['realpath', realpath],
  ['mkdir', mkdir],
  ['rmdir', rmdir],
  ['touch', touch],
  ['rm', rm],
  ...under(copy, 'cp', 'mv', 'ln'),
  ['ls', ls],
]);
