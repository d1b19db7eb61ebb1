import { matches } from '../../lang/index.ts';
import type { Link, ToolAnswer } from '../tool.ts';
import { DONE, printed, refused } from './answer.ts';
import type { IpCall } from './ip-call.ts';
import { briefHead, COUNTER_LINES, hardwareLines, isVirtual, joinLines, linkLine, linkRow } from './ip-show.ts';
import {
  dropLink,
  type FoundLink,
  findLink,
  freeName,
  linkFact,
  linkKey,
  listLinks,
  putLink,
  setLinkFact,
} from './links.ts';

/** What the words of `ip link add` and `ip link set` say. */
interface Wish {
  device: string | null;
  name: string | null;
  link: string | null;
  kind: string | null;
  isUp: boolean | null;
  /** Words that have a value and that change what is printed, or where the link is. */
  values: Map<string, string>;
  /** What follows `type KIND`. */
  rest: readonly string[];
  /** Words that are none of ip's. */
  garbage: string | null;
  /** A word is missing at the end. */
  isCut: boolean;
}

/** ip/iplink.c: iplink_parse() — words that take another, the usual ones. */
const VALUED = [
  ...['name', 'index', 'link', 'mtu', 'qlen', 'txqueuelen', 'txqlen', 'netns', 'master', 'vrf', 'address', 'broadcast'],
  ...['brd', 'arp', 'multicast', 'allmulticast', 'promisc', 'trailers', 'carrier', 'dynamic', 'alias', 'group'],
  ...['mode', 'state', 'numtxqueues', 'numrxqueues', 'addrgenmode', 'link-netns', 'link-netnsid', 'protodown'],
  ...['gso_max_size', 'gso_max_segs', 'gro_max_size', 'gso_ipv4_max_size', 'xdp', 'xdpgeneric', 'xdpdrv', 'altname'],
];

function takeWord(wish: Wish, word: string, rest: string[]): void {
  if (word === 'up' || word === 'down') wish.isUp = word === 'up';
  else if (word === 'nomaster') wish.values.set('master', '');
  else if (word === 'type') {
    wish.isCut ||= rest.length === 0;
    wish.kind = rest.shift() ?? null;
    wish.rest = rest.splice(0);
  } else if (word === 'dev' || !VALUED.includes(word)) takeDevice(wish, word === 'dev' ? rest.shift() : word);
  else if (rest.length === 0) wish.isCut = true;
  else wish.values.set(word, rest.shift() ?? '');
}

function takeDevice(wish: Wish, word: string | undefined): void {
  if (word === undefined) wish.isCut = true;
  else if (wish.device !== null) wish.garbage ??= word;
  else wish.device = word;
}

function readWish(args: readonly string[]): Wish {
  const none = { device: null, name: null, link: null, kind: null, isUp: null, rest: [], garbage: null, isCut: false };
  const wish: Wish = { ...none, values: new Map() };
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) takeWord(wish, word, rest);
  wish.name = wish.values.get('name') ?? null;
  wish.link = wish.values.get('link') ?? null;
  return wish;
}

/** Why the words are refused before the kernel is asked; null: they are not. */
function objection(wish: Wish): ToolAnswer | null {
  if (wish.isCut) return refused('Command line is not complete. Try option "help"', 255);
  if (wish.garbage === null) return null;
  return refused(`Error: either "dev" is duplicate, or "${wish.garbage}" is a garbage.`, 255);
}

function cannotFind(device: string): ToolAnswer {
  return refused(`Cannot find device "${device}"`, 1);
}

/** The values that a link keeps, written into it. */
function changed(call: IpCall, link: Link, wish: Wish): Link {
  const { machine, netns } = call;
  const { values } = wish;
  const qlen = values.get('qlen') ?? values.get('txqueuelen') ?? values.get('txqlen');
  if (qlen !== undefined) setLinkFact(machine, netns, link.name, 'qlen', qlen);
  for (const fact of ['master', 'address'] as const) {
    const value = values.get(fact);
    if (value !== undefined) setLinkFact(machine, netns, link.name, fact, value);
  }
  const mtu = Number(values.get('mtu') ?? link.mtu);
  return { ...link, isUp: wish.isUp ?? link.isUp, mtu: Number.isInteger(mtu) ? mtu : link.mtu };
}

/** The name of the other end of a veth, and the namespace that it is put into. */
function peerWish(call: IpCall, rest: readonly string[]): { readonly name: string; readonly netns: string } {
  const after = (word: string): string | undefined => (rest.includes(word) ? rest[rest.indexOf(word) + 1] : undefined);
  const name = after('name') ?? freeName(call.machine, call.netns, 'veth%d');
  return { name, netns: after('netns') ?? call.netns };
}

function makePeer(call: IpCall, name: string, rest: readonly string[]): ToolAnswer | null {
  const peer = peerWish(call, rest);
  if (isTaken(call, peer.netns, peer.name)) return refused('RTNETLINK answers: File exists', 2);
  putLink(call.machine, peer.netns, { name: peer.name, kind: 'veth', isUp: false, mtu: 1500 });
  setLinkFact(call.machine, peer.netns, peer.name, 'peer', name);
  setLinkFact(call.machine, call.netns, name, 'peer', peer.name);
  return null;
}

/** The name that the new link gets: the kernel counts where only a kind is given. */
function newName(call: IpCall, wish: Wish): string {
  const name = wish.name ?? wish.device ?? `${wish.kind}%d`;
  return freeName(call.machine, wish.values.get('netns') ?? call.netns, name);
}

function addLink(call: IpCall): ToolAnswer {
  const wish = readWish(call.args);
  const { machine } = call;
  const netns = wish.values.get('netns') ?? call.netns;
  const bad = objection(wish);
  if (bad !== null) return bad;
  if (wish.kind === null) return refused('Not enough information: "type" argument is required', 1);
  if (wish.link !== null && findLink(machine, call.netns, wish.link) === null) return cannotFind(wish.link);
  const name = newName(call, wish);
  if (isTaken(call, netns, name)) return refused('RTNETLINK answers: File exists', 2);
  putLink(machine, netns, { name, kind: wish.kind, isUp: false, mtu: 1500 });
  if (wish.kind === 'veth') {
    const answer = makePeer(call, name, wish.rest);
    if (answer !== null) {
      dropLink(machine, netns, name);
      return answer;
    }
  }
  putLink(machine, netns, changed({ ...call, netns }, { name, kind: wish.kind, isUp: false, mtu: 1500 }, wish));
  if (wish.link !== null) setLinkFact(machine, netns, name, 'parent', wish.link);
  return DONE;
}

/** A name that is only assumed to be there may be made: `ip link add wg0 type wireguard`. */
function isTaken({ machine }: IpCall, netns: string, name: string): boolean {
  if (machine.links.has(linkKey(netns, name))) return true;
  return (name === 'lo' || name === machine.device) && findLink(machine, netns, name) !== null;
}

function setLink(call: IpCall): ToolAnswer {
  const wish = readWish(call.args);
  const { machine, netns } = call;
  const bad = objection(wish);
  if (bad !== null) return bad;
  if (wish.device === null) {
    return wish.values.has('group') ? DONE : refused('Not enough information: "dev" argument is required.', 255);
  }
  const found = findLink(machine, netns, wish.device);
  if (found === null) return cannotFind(wish.device);
  const master = wish.values.get('master');
  if (master !== undefined && master !== '' && findLink(machine, netns, master) === null) return cannotFind(master);
  const link = changed(call, found.link, wish);
  putLink(machine, netns, link);
  moveLink(call, link, wish);
  return DONE;
}

/** Another name, or another namespace: there the link is down again. */
function moveLink(call: IpCall, link: Link, wish: Wish): void {
  const target = wish.values.get('netns');
  if (wish.name === null && target === undefined) return;
  const { machine, netns } = call;
  const to = { ...call, netns: target === undefined ? netns : target === '1' ? '' : target };
  const name = wish.name ?? link.name;
  const facts = (['parent', 'peer', 'qlen', 'address'] as const).map(
    (fact) => [fact, linkFact(machine, netns, link.name, fact)] as const,
  );
  dropLink(machine, netns, link.name);
  putLink(machine, to.netns, { ...link, name, isUp: target === undefined && link.isUp });
  for (const [fact, value] of facts) {
    if (value !== undefined) setLinkFact(machine, to.netns, name, fact, value);
  }
}

function deleteLink(call: IpCall): ToolAnswer {
  const wish = readWish(call.args);
  const bad = objection(wish);
  if (bad !== null) return bad;
  if (wish.device === null) return refused('Not enough information: "dev" argument is required.', 255);
  if (findLink(call.machine, call.netns, wish.device) === null) return cannotFind(wish.device);
  const peer = linkFact(call.machine, call.netns, wish.device, 'peer');
  dropLink(call.machine, call.netns, wish.device);
  if (peer !== undefined) dropLink(call.machine, call.netns, peer);
  return DONE;
}

/** What `ip link show` and `ip addr show` are asked for. */
export interface LinkQuery {
  readonly device: string | null;
  readonly isUpOnly: boolean;
  readonly kind: string | null;
  readonly master: string | null;
}

/** The links that are asked for, or why there are none. */
export function askedLinks(call: IpCall, query: LinkQuery): readonly FoundLink[] | ToolAnswer {
  const { machine, netns } = call;
  const all = query.device === null ? listLinks(machine, netns) : [findLink(machine, netns, query.device)];
  const found = all.filter((one) => one !== null);
  if (query.device !== null && found.length === 0) return refused(`Device "${query.device}" does not exist.`, 1);
  return found.filter(({ link }) => {
    if (query.isUpOnly && !link.isUp) return false;
    if (query.kind !== null && query.kind !== link.kind) return false;
    return query.master === null || linkFact(machine, netns, link.name, 'master') === query.master;
  });
}

/** What an answer about links rests on; undefined: the script made all of them. */
export function linkAssumption(call: IpCall, found: readonly FoundLink[], query: LinkQuery): string | undefined {
  if (query.device === null) return `dev ${call.machine.device}`;
  return found.some(({ assumed }) => assumed) ? `dev ${query.device}` : undefined;
}

/** The words behind `show`; a string: the word that is too much. */
export function readQuery(args: readonly string[]): LinkQuery | string {
  const wish = readWish(args.filter((word) => word !== 'up'));
  if (wish.isCut) return '';
  if (wish.garbage !== null) return wish.garbage;
  const master = wish.values.get('master') ?? wish.values.get('vrf') ?? null;
  return { device: wish.device, isUpOnly: args.includes('up'), kind: wish.kind, master };
}

/** The answer to a query that cannot be read. */
export function badQuery(word: string): ToolAnswer {
  return refused(
    word === ''
      ? 'Command line is not complete. Try option "help"'
      : `Error: either "dev" is duplicate, or "${word}" is a garbage.`,
    255,
  );
}

function showLinks(call: IpCall): ToolAnswer {
  const query = readQuery(call.args);
  if (typeof query === 'string') return badQuery(query);
  const found = askedLinks(call, query);
  if (!Array.isArray(found)) return found as ToolAnswer;
  const links = found as readonly FoundLink[];
  const text = call.options.json ? linksAsJson(call, links) : links.map(({ link }) => linkText(call, link)).join('');
  return printed(text, linkAssumption(call, links, query));
}

function linksAsJson(call: IpCall, links: readonly FoundLink[]): string {
  const rows = links.map(({ link }) => ({
    ...linkRow(call, link, true),
    ...(call.options.details && isVirtual(link.kind) ? { linkinfo: { info_kind: link.kind } } : {}),
  }));
  return `${JSON.stringify(rows)}\n`;
}

function linkText(call: IpCall, link: Link): string {
  const { options } = call;
  const row = linkRow(call, link, true);
  if (options.brief) return `${briefHead(row)}${row.address} <${row.flags.join(',')}> \n`;
  const counters = options.stats > 0 ? COUNTER_LINES : [];
  return joinLines(
    [linkLine(row, null), ...hardwareLines(row, link.kind, options.details), ...counters],
    options.oneline,
  );
}

const COMMANDS: readonly (readonly [name: string, obey: (call: IpCall) => ToolAnswer])[] = [
  ['add', addLink],
  ['replace', addLink],
  ['set', setLink],
  ['change', setLink],
  ['show', showLinks],
  ['lst', showLinks],
  ['list', showLinks],
  ['delete', deleteLink],
  ['property', () => DONE],
];

/** ip/iplink.c: do_iplink() */
export function doLink(call: IpCall): ToolAnswer {
  const [word, ...args] = call.args;
  if (word === undefined) return showLinks(call);
  const obey = COMMANDS.find(([name]) => matches(word, name))?.[1];
  if (obey === undefined) return refused(`Command "${word}" is unknown, try "ip link help".`, 255);
  return obey({ ...call, args });
}

/** `ip tunnel add NAME mode …` and `ip tuntap add dev NAME mode tun` make links as well. */
export function doTunnel(call: IpCall): ToolAnswer {
  const [word = 'show', ...args] = call.args;
  const named = /^(?:dev|name)$/.test(args[0] ?? '') ? args[1] : args[0];
  const mode = args.includes('mode') ? args[args.indexOf('mode') + 1] : undefined;
  if (named === undefined || matches(word, 'show') || matches(word, 'list')) return printed('', 'no tunnels');
  if (matches(word, 'add')) return addLink({ ...call, args: [named, 'type', mode ?? 'tun'] });
  return matches(word, 'delete') ? deleteLink({ ...call, args: [named] }) : DONE;
}
