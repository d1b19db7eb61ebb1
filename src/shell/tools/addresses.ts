import type { Machine } from '../tool.ts';
import { hasMadeNamespace, linkKey } from './links.ts';
import { keep } from './state.ts';

/** An address of a link. */
export interface LinkAddress {
  readonly family: 4 | 6;
  readonly local: string;
  readonly prefix: number;
  readonly broadcast: string | null;
  readonly scope: string;
}

/** The documentation's networks (RFC 5737, RFC 3849): no address of a real host is made up. */
export const HOST = '192.0.2.10';
export const GATEWAY = '192.0.2.1';
export const NETWORK = '192.0.2.0/24';
export const HOST6 = '2001:db8::10';
export const GATEWAY6 = 'fe80::1';
export const NETWORK6 = '2001:db8::/64';

const LOOPBACK: readonly LinkAddress[] = [
  { family: 4, local: '127.0.0.1', prefix: 8, broadcast: null, scope: 'host' },
  { family: 6, local: '::1', prefix: 128, broadcast: null, scope: 'host' },
];
const LINK_LOCAL: LinkAddress = { family: 6, local: 'fe80::ff:fe00:202', prefix: 64, broadcast: null, scope: 'link' };
const ETHERNET: readonly LinkAddress[] = [
  { family: 4, local: HOST, prefix: 24, broadcast: '192.0.2.255', scope: 'global' },
  { family: 6, local: HOST6, prefix: 64, broadcast: null, scope: 'global' },
  LINK_LOCAL,
];
/** Any other device that is taken to be there. */
const OTHER: readonly LinkAddress[] = [
  { family: 4, local: '198.51.100.1', prefix: 24, broadcast: '198.51.100.255', scope: 'global' },
  { ...LINK_LOCAL, local: 'fe80::ff:fe00:203' },
];

const key = (netns: string, device: string): string => `addresses ${linkKey(netns, device)}`;

/** The addresses of a link: what the script left of them, else those of a usual host. */
export function addressesOf(
  machine: Machine,
  netns: string,
  device: string,
  isAssumed: boolean,
): readonly LinkAddress[] {
  const told = machine.kept.get(key(netns, device));
  if (told !== undefined) return told.map((line) => JSON.parse(line) as LinkAddress);
  if (device === 'lo') return hasMadeNamespace(machine, netns) ? [] : LOOPBACK;
  if (!isAssumed) return [];
  return device === machine.device ? ETHERNET : OTHER;
}

export function setAddresses(machine: Machine, netns: string, device: string, all: readonly LinkAddress[]): void {
  keep(
    machine,
    key(netns, device),
    all.map((address) => JSON.stringify(address)),
  );
}
