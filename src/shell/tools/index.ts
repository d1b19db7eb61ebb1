import type { Tool } from '../tool.ts';
import { ip } from './ip.ts';
import { ebtables, iptables, iptablesRestore, iptablesSave } from './iptables.ts';
import { tc } from './tc.ts';

/** The programs that are stood in for, by name without folder. */
export const TOOLS: ReadonlyMap<string, Tool> = new Map<string, Tool>([
  ['tc', tc],
  ['ip', ip],
  ['iptables', iptables],
  ['iptables-nft', iptables],
  ['iptables-legacy', iptables],
  ['ip6tables', iptables],
  ['ip6tables-nft', iptables],
  ['ip6tables-legacy', iptables],
  ['iptables-save', iptablesSave],
  ['ip6tables-save', iptablesSave],
  ['iptables-restore', iptablesRestore],
  ['ip6tables-restore', iptablesRestore],
  ['ebtables', ebtables],
]);
