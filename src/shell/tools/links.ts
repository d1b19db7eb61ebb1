import type { Link, Machine } from '../tool.ts';
import { forget, keep, keepAlso, keptAs } from './state.ts';

/** A link, and whether it is only assumed to be there. */
export interface FoundLink {
  readonly link: Link;
  readonly assumed: boolean;
}

/** What `ip link set` changes besides: only for what is printed. */
export type LinkFact = 'parent' | 'peer' | 'master' | 'qlen' | 'address';

const NAMESPACES = 'namespaces';
const REMOVED = 'removed links';

/** Names of devices that are made by scripts: a usual host has none of them before. */
const IS_MADE = /^(?:(?:ifb|imq|dummy|veth|br|bridge|vlan|macvlan|ipvlan|vxlan)\d.*|ifb-?\w*|veth\w*|.+\.\d+)$/;

/** Kinds of what may be there, by name. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^lo$/, 'loopback'],
  [/^ppp|^pppoe/, 'ppp'],
  [/^(?:tun|wg|tailscale|nordlynx)/, 'none'],
  [/^br-/, 'bridge'],
];

/** `machine.links` holds a link under this. */
export function linkKey(netns: string, name: string): string {
  return `${netns}/${name}`;
}

function usualLink(name: string): Link {
  const kind = KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? 'ether';
  return { name, kind, isUp: true, mtu: name === 'lo' ? 65536 : kind === 'ppp' ? 1492 : 1500 };
}

/** The script made this namespace: only what it put there is in it. */
export function hasMadeNamespace(machine: Machine, netns: string): boolean {
  return keptAs(machine, NAMESPACES).includes(netns);
}

export function namespaces(machine: Machine): readonly string[] {
  return keptAs(machine, NAMESPACES);
}

export function addNamespace(machine: Machine, netns: string): void {
  keepAlso(machine, NAMESPACES, netns);
  machine.links.set(linkKey(netns, 'lo'), { name: 'lo', kind: 'loopback', isUp: false, mtu: 65536 });
}

/** A namespace takes its links along; false: the script made none of this name. */
export function dropNamespace(machine: Machine, netns: string): boolean {
  for (const key of [...machine.links.keys()]) {
    if (key.startsWith(`${netns}/`)) machine.links.delete(key);
  }
  return forget(machine, NAMESPACES, netns);
}

function isUsual(machine: Machine, netns: string, name: string): boolean {
  if (hasMadeNamespace(machine, netns)) return false;
  if (keptAs(machine, REMOVED).includes(linkKey(netns, name))) return false;
  return name === machine.device || (name !== '' && name.length <= 15 && !IS_MADE.test(name));
}

/** null: there is no such link. A name that scripts do not make themselves is assumed to be there. */
export function findLink(machine: Machine, netns: string, name: string): FoundLink | null {
  const link = machine.links.get(linkKey(netns, name));
  if (link !== undefined) return { link, assumed: link.kind === usualLink(name).kind && !IS_MADE.test(name) };
  return isUsual(machine, netns, name) ? { link: usualLink(name), assumed: true } : null;
}

export function putLink(machine: Machine, netns: string, link: Link): void {
  machine.links.set(linkKey(netns, link.name), link);
}

/** The link goes, and what is known of it. */
export function dropLink(machine: Machine, netns: string, name: string): void {
  const key = linkKey(netns, name);
  machine.links.delete(key);
  for (const fact of [...machine.kept.keys()]) {
    if (fact.startsWith('link ') && fact.endsWith(` ${key}`)) machine.kept.delete(fact);
  }
  keepAlso(machine, REMOVED, key);
}

/** The links of a namespace in the order of their numbers: loopback, the Ethernet device, and what the script named. */
export function listLinks(machine: Machine, netns: string): readonly FoundLink[] {
  const named = [...machine.links].filter(([key]) => key.startsWith(`${netns}/`)).map(([, link]) => link.name);
  const usual = hasMadeNamespace(machine, netns) ? [] : ['lo', machine.device];
  return [...new Set([...usual, ...named])].flatMap((name) => findLink(machine, netns, name) ?? []);
}

/** Number of a link, from 1. One that is only assumed to be there comes last. */
export function linkIndex(machine: Machine, netns: string, name: string): number {
  const links = listLinks(machine, netns);
  const at = links.findIndex(({ link }) => link.name === name);
  return at < 0 ? links.length + 1 : at + 1;
}

export function linkFact(machine: Machine, netns: string, name: string, fact: LinkFact): string | undefined {
  return keptAs(machine, `link ${fact} ${linkKey(netns, name)}`)[0];
}

export function setLinkFact(machine: Machine, netns: string, name: string, fact: LinkFact, value: string): void {
  keep(machine, `link ${fact} ${linkKey(netns, name)}`, value === '' ? [] : [value]);
}

/** The smallest number that makes a name of a pattern with %d free; a name without it stays as it is. */
export function freeName(machine: Machine, netns: string, pattern: string): string {
  if (!pattern.includes('%d')) return pattern;
  const name = (number: number): string => pattern.replace('%d', String(number));
  if (!pattern.includes('%d')) return pattern;
  let number = 0;
  while (machine.links.has(linkKey(netns, name(number)))) number++;
  return name(number);
}

/** A MAC address of the range that is locally administered, made of the link's number. */
export function macAddress(machine: Machine, netns: string, name: string): string {
  const set = linkFact(machine, netns, name, 'address');
  if (set !== undefined) return set;
  if (name === 'lo') return '00:00:00:00:00:00';
  return `02:00:00:00:02:${linkIndex(machine, netns, name).toString(16).padStart(2, '0')}`;
}
