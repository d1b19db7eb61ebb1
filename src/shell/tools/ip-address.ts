import { matches } from '../../lang/index.ts';
import type { ToolAnswer } from '../tool.ts';
import { addressesOf, type LinkAddress, setAddresses } from './addresses.ts';
import { DONE, printed, refused } from './answer.ts';
import type { IpCall } from './ip-call.ts';
import { askedLinks, badQuery, linkAssumption, readQuery } from './ip-link.ts';
import { briefHead, COUNTER_LINES, hardwareLines, joinLines, linkLine, linkRow } from './ip-show.ts';
import { type FoundLink, findLink } from './links.ts';

/** `valid_lft forever`: how JSON has it. */
const FOREVER = 0xffffffff;

/** The words of `ip addr add`: the address, its device, what is known of it. */
function readAddress(args: readonly string[]): {
  readonly address: LinkAddress | null;
  readonly device: string | null;
} {
  const after = (...words: string[]): string | null => {
    const at = args.findIndex((word) => words.includes(word));
    return at < 0 ? null : (args[at + 1] ?? null);
  };
  const text = after('local') ?? args.find((word) => /^[0-9a-f:.]+(?:\/\d+)?$/i.test(word)) ?? null;
  const device = after('dev');
  if (text === null) return { address: null, device };
  const [local = '', length] = text.split('/');
  const family = local.includes(':') ? 6 : 4;
  const prefix = Number(length ?? (family === 6 ? 128 : 32));
  const brd = after('brd', 'broadcast');
  const broadcast = brd === '+' ? lastOf(local, prefix) : brd;
  return { address: { family, local, prefix, broadcast, scope: after('scope') ?? 'global' }, device };
}

/** The broadcast address of a network: all bits of the host set. */
function lastOf(local: string, prefix: number): string {
  const number = local.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const last = Math.floor(number / 2 ** (32 - prefix)) * 2 ** (32 - prefix) + 2 ** (32 - prefix) - 1;
  return [24, 16, 8, 0].map((shift) => Math.floor(last / 2 ** shift) % 256).join('.');
}

const isSame = (one: LinkAddress, other: LinkAddress): boolean =>
  one.local === other.local && one.prefix === other.prefix;

/** Finds the device and its addresses for a command that changes them. */
function target(call: IpCall): ToolAnswer | { link: FoundLink; address: LinkAddress; all: readonly LinkAddress[] } {
  const { address, device } = readAddress(call.args);
  if (device === null) return refused('Not enough information: "dev" argument is required.', 255);
  const link = findLink(call.machine, call.netns, device);
  if (link === null) return refused(`Cannot find device "${device}"`, 1);
  if (address === null) return refused('Error: any valid prefix is expected.', 1);
  return { link, address, all: addressesOf(call.machine, call.netns, device, link.assumed) };
}

function addAddress(call: IpCall): ToolAnswer {
  const to = target(call);
  if (!('all' in to)) return to;
  if (to.all.some((one) => isSame(one, to.address))) return refused('RTNETLINK answers: File exists', 2);
  setAddresses(call.machine, call.netns, to.link.link.name, [...to.all, to.address]);
  return DONE;
}

function replaceAddress(call: IpCall): ToolAnswer {
  const to = target(call);
  if (!('all' in to)) return to;
  const others = to.all.filter((one) => !isSame(one, to.address));
  setAddresses(call.machine, call.netns, to.link.link.name, [...others, to.address]);
  return DONE;
}

function deleteAddress(call: IpCall): ToolAnswer {
  const to = target(call);
  if (!('all' in to)) return to;
  const others = to.all.filter((one) => one.local !== to.address.local);
  if (others.length === to.all.length) return refused('RTNETLINK answers: Cannot assign requested address', 2);
  setAddresses(call.machine, call.netns, to.link.link.name, others);
  return DONE;
}

function flushAddresses(call: IpCall): ToolAnswer {
  const query = readQuery(withoutFilters(call.args));
  if (typeof query === 'string') return badQuery(query);
  if (query.device === null) return DONE;
  const found = findLink(call.machine, call.netns, query.device);
  if (found === null) return refused(`Device "${query.device}" does not exist.`, 1);
  const { family } = call.options;
  const all = addressesOf(call.machine, call.netns, query.device, found.assumed);
  setAddresses(
    call.machine,
    call.netns,
    query.device,
    all.filter((one) => family !== null && one.family !== family),
  );
  return DONE;
}

/** Words that choose among addresses and stand before others in a query. */
const FILTERS = ['scope', 'label', 'to'];
const FLAGS = ['primary', 'secondary', 'permanent', 'dynamic', 'temporary', '-dynamic', '-temporary', '-deprecated'];

function withoutFilters(args: readonly string[]): readonly string[] {
  return args.filter((word, at) => {
    const isFilter = FILTERS.includes(word) || FILTERS.includes(args[at - 1] ?? '');
    return !isFilter && !FLAGS.includes(word);
  });
}

function showAddresses(call: IpCall): ToolAnswer {
  const query = readQuery(withoutFilters(call.args));
  if (typeof query === 'string') return badQuery(query);
  const found = askedLinks(call, query);
  if (!Array.isArray(found)) return found as ToolAnswer;
  const links = (found as readonly FoundLink[])
    .map((one) => ({ one, addresses: shownAddresses(call, one) }))
    .filter(({ addresses }) => call.options.family === null || addresses.length > 0);
  const text = call.options.json
    ? addressesAsJson(call, links)
    : links.map(({ one, addresses }) => linkText(call, one, addresses)).join('');
  const all = links.map(({ one }) => one);
  return printed(text, linkAssumption(call, all, query));
}

/** The addresses that family and scope choose. */
function shownAddresses(call: IpCall, found: FoundLink): readonly LinkAddress[] {
  const { family } = call.options;
  const scope = call.args.includes('scope') ? call.args[call.args.indexOf('scope') + 1] : undefined;
  return addressesOf(call.machine, call.netns, found.link.name, found.assumed).filter(
    (one) => (family === null || one.family === family) && (scope === undefined || one.scope === scope),
  );
}

type Shown = readonly { readonly one: FoundLink; readonly addresses: readonly LinkAddress[] }[];

function addressesAsJson(call: IpCall, links: Shown): string {
  const rows = links.map(({ one, addresses }) => ({
    ...linkRow(call, one.link, false),
    addr_info: addresses.map((address) => ({
      family: address.family === 4 ? 'inet' : 'inet6',
      local: address.local,
      prefixlen: address.prefix,
      ...(address.broadcast === null ? {} : { broadcast: address.broadcast }),
      scope: address.scope,
      ...(address.family === 4 ? { label: one.link.name } : {}),
      valid_life_time: FOREVER,
      preferred_life_time: FOREVER,
    })),
  }));
  return `${JSON.stringify(rows)}\n`;
}

/** ip/ipaddress.c: print_addrinfo() — an IPv6 address has no label, and the space before it stays. */
function addressLine(address: LinkAddress, device: string): string {
  const { family, local, prefix, broadcast, scope } = address;
  const name = family === 4 ? 'inet' : 'inet6';
  const brd = broadcast === null ? '' : ` brd ${broadcast}`;
  return `    ${name} ${local}/${prefix}${brd} scope ${scope} ${family === 4 ? device : ''}`;
}

const LIFETIME = '       valid_lft forever preferred_lft forever';

function linkText(call: IpCall, { link }: FoundLink, addresses: readonly LinkAddress[]): string {
  const { options } = call;
  const row = linkRow(call, link, false);
  if (options.brief)
    return `${briefHead(row)}${addresses.map(({ local, prefix }) => `${local}/${prefix} `).join('')}\n`;
  const lines = addresses.map((address) => [addressLine(address, link.name), LIFETIME]);
  if (options.oneline) {
    return lines.map((two) => `${row.ifindex}: ${link.name}${joinLines(two, true)}`).join('');
  }
  const hardware = options.family === null ? hardwareLines(row, link.kind, options.details) : [];
  const counters = options.stats > 0 ? COUNTER_LINES : [];
  return joinLines([linkLine(row, options.family), ...hardware, ...lines.flat(), ...counters], false);
}

const COMMANDS: readonly (readonly [name: string, obey: (call: IpCall) => ToolAnswer])[] = [
  ['add', addAddress],
  ['change', replaceAddress],
  ['replace', replaceAddress],
  ['delete', deleteAddress],
  ['show', showAddresses],
  ['lst', showAddresses],
  ['list', showAddresses],
  ['flush', flushAddresses],
];

/** ip/ipaddress.c: do_ipaddr() */
export function doAddress(call: IpCall): ToolAnswer {
  const [word, ...args] = call.args;
  if (word === undefined) return showAddresses(call);
  const obey = COMMANDS.find(([name]) => matches(word, name))?.[1];
  if (obey === undefined) return refused(`Command "${word}" is unknown, try "ip address help".`, 255);
  return obey({ ...call, args });
}
