import { matches } from '../../lang/index.ts';
import type { ToolAnswer } from '../tool.ts';
import { GATEWAY, GATEWAY6, HOST, HOST6, NETWORK, NETWORK6 } from './addresses.ts';
import { DONE, printed, refused } from './answer.ts';
import type { IpCall } from './ip-call.ts';
import { findLink, hasMadeNamespace } from './links.ts';
import { keep, keptAs } from './state.ts';

/** A route, with the names that JSON has. */
interface Route {
  readonly type?: string;
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly protocol?: string;
  readonly scope?: string;
  readonly prefsrc?: string;
  readonly metric?: number;
}

/** Words of a route that are kept; what else is said of it does not choose a device. */
const NAMES: Readonly<Record<string, keyof Route>> = {
  ...{ via: 'gateway', dev: 'dev', oif: 'dev', proto: 'protocol', protocol: 'protocol', scope: 'scope' },
  ...{ src: 'prefsrc', metric: 'metric', preference: 'metric', priority: 'metric' },
};
const TYPES = ['unicast', 'local', 'broadcast', 'multicast', 'throw', 'unreachable', 'prohibit', 'blackhole', 'nat'];
/** /etc/iproute2/rt_tables */
const TABLES: Readonly<Record<string, string>> = { '253': 'default', '254': 'main', '255': 'local' };
/** Words without a value. */
const FLAGS = ['onlink', 'pervasive', 'cache', 'cloned', 'cached', 'exact', 'match', 'to', 'connected'];

/** The words of a route or a query: the destination, the table, and the rest. */
function readRoute(args: readonly string[]): { readonly route: Partial<Route>; readonly table: string | null } {
  const route: { -readonly [K in keyof Route]?: string | number } = {};
  let table: string | null = null;
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? '';
    if (FLAGS.includes(word)) continue;
    if (word === 'root') at++;
    else if (TYPES.includes(word) && route.dst === undefined) route.type = word;
    else if (/^(?:-?inet6?|[-\w]+)$/.test(word) && !/^(?:default|all|any|\d+|[\da-f]*:.*)$/.test(word)) {
      const value = args[++at] ?? '';
      if (word === 'table') table = TABLES[value] ?? value;
      else if (word === 'via' && /^inet6?$/.test(value)) route.gateway = args[++at] ?? '';
      else if (NAMES[word] !== undefined) route[NAMES[word]] = NAMES[word] === 'metric' ? Number(value) : value;
    } else route.dst ??= destination(word);
  }
  return { route: route as Partial<Route>, table };
}

/** A destination as it is printed: a host has no /32. */
function destination(word: string): string {
  if (/^(?:default|all|any|0\/0|0\.0\.0\.0\/0|::\/0)$/.test(word)) return 'default';
  return word.replace(word.includes(':') ? /\/128$/ : /\/32$/, '');
}

function isIpv6(call: IpCall, args: readonly string[]): boolean {
  if (call.options.family !== null) return call.options.family === 6;
  return args.some((word) => /^[\da-f]*:[\da-f:.]*(?:\/\d+)?$/i.test(word));
}

function usualRoutes(call: IpCall, v6: boolean): readonly Route[] {
  const dev = call.machine.device;
  if (v6) {
    return [
      { dst: NETWORK6, dev, protocol: 'kernel', metric: 256 },
      { dst: 'fe80::/64', dev, protocol: 'kernel', metric: 256 },
      { dst: 'default', gateway: GATEWAY6, dev, metric: 1024 },
    ];
  }
  return [
    { dst: 'default', gateway: GATEWAY, dev },
    { dst: NETWORK, dev, protocol: 'kernel', scope: 'link', prefsrc: HOST },
  ];
}

const key = (call: IpCall, v6: boolean, table: string): string => `routes ${v6 ? 6 : 4} ${table} ${call.netns}`;

function routesOf(call: IpCall, v6: boolean, table: string): readonly Route[] {
  const name = key(call, v6, table);
  if (call.machine.kept.has(name)) return keptAs(call.machine, name).map((line) => JSON.parse(line) as Route);
  return table === 'main' && !hasMadeNamespace(call.machine, call.netns) ? usualRoutes(call, v6) : [];
}

function setRoutes(call: IpCall, v6: boolean, table: string, routes: readonly Route[]): void {
  keep(
    call.machine,
    key(call, v6, table),
    routes.map((route) => JSON.stringify(route)),
  );
}

/** The device of a gateway that is given without one. */
function withDevice(call: IpCall, route: Partial<Route>, dst: string): Route {
  const dev = route.dev ?? (route.gateway === undefined ? undefined : call.machine.device);
  const scope = route.gateway === undefined && route.type === undefined && !dst.includes(':') ? 'link' : undefined;
  return { dst, ...(scope === undefined ? {} : { scope }), ...route, ...(dev === undefined ? {} : { dev }) };
}

const isSame = (one: Partial<Route>, other: Route): boolean => one.dst === other.dst && one.metric === other.metric;

/** A route is put in. `old`: what is done about one to the same destination. */
function addRoute(call: IpCall, old: 'refuse' | 'replace' | 'keep'): ToolAnswer {
  const { route, table: named } = readRoute(call.args);
  const v6 = isIpv6(call, call.args);
  const table = named ?? 'main';
  if (route.dev !== undefined && findLink(call.machine, call.netns, route.dev) === null) {
    return refused(`Cannot find device "${route.dev}"`, 1);
  }
  const fresh = withDevice(call, route, route.dst ?? 'default');
  const routes = routesOf(call, v6, table);
  if (old === 'refuse' && routes.some((one) => isSame(one, fresh))) return refused('RTNETLINK answers: File exists', 2);
  const others = old === 'replace' ? routes.filter((one) => !isSame(one, fresh)) : routes;
  setRoutes(call, v6, table, fresh.dst === 'default' ? [fresh, ...others] : [...others, fresh]);
  return DONE;
}

function hasAll(one: Route, query: Partial<Route>): boolean {
  return Object.entries(query).every(([name, value]) => one[name as keyof Route] === value);
}

function deleteRoute(call: IpCall): ToolAnswer {
  const { route, table } = readRoute(call.args);
  const v6 = isIpv6(call, call.args);
  const routes = routesOf(call, v6, table ?? 'main');
  const at = routes.findIndex((one) => hasAll(one, route));
  if (at < 0) return refused('RTNETLINK answers: No such process', 2);
  setRoutes(call, v6, table ?? 'main', routes.toSpliced(at, 1));
  return DONE;
}

function flushRoutes(call: IpCall): ToolAnswer {
  const { route, table } = readRoute(call.args);
  if (call.args.includes('cache') || table === 'cache') return DONE;
  const v6 = isIpv6(call, call.args);
  const routes = routesOf(call, v6, table ?? 'main');
  setRoutes(
    call,
    v6,
    table ?? 'main',
    routes.filter((one) => !hasAll(one, route)),
  );
  return DONE;
}

function showRoutes(call: IpCall): ToolAnswer {
  const { route, table } = readRoute(call.args);
  const v6 = isIpv6(call, call.args);
  const isMade = call.machine.kept.has(key(call, v6, table ?? 'main'));
  if (!isMade && table !== null && !/^(?:main|local|default|all)$/.test(table)) {
    return refused(`Error: ipv${v6 ? 6 : 4}: FIB table does not exist.\nDump terminated`, 2);
  }
  const routes = routesOf(call, v6, table === 'all' ? 'main' : (table ?? 'main'));
  const shown = call.args.includes('match')
    ? routes.filter(({ dst }) => dst === 'default' || isWithin(route.dst ?? '', dst))
    : routes.filter((one) => hasAll(one, route));
  const rows = shown.map((one) => (route.dev === undefined ? one : { ...one, dev: undefined }));
  const assumed = isMade && table !== null ? undefined : `dev ${call.machine.device}`;
  if (!call.options.json) return printed(rows.map((one) => `${routeText(one, v6)}\n`).join(''), assumed);
  return printed(`${JSON.stringify(rows.map((one) => ({ ...one, flags: [] })))}\n`, assumed);
}

/** ip/iproute.c: print_route() — each word has a space behind it, but `pref medium` of IPv6. */
function routeText(route: { readonly [K in keyof Route]: Route[K] | undefined }, v6: boolean): string {
  const words = [
    [route.type, route.dst],
    ['via', route.gateway],
    ['dev', route.dev],
    ['proto', route.protocol],
    ['scope', route.scope === 'global' ? undefined : route.scope],
    ['src', route.prefsrc],
    ['metric', route.metric ?? (v6 ? 1024 : undefined)],
    ['pref', v6 ? 'medium' : undefined],
  ] as const;
  const text = words
    .map(([word, value]) => (value === undefined ? '' : `${word ?? ''} ${value} `.trimStart()))
    .join('');
  return v6 ? text.trimEnd() : text;
}

/** The host itself, the network that the host is in, or the gateway. */
function wayTo(call: IpCall, target: string, v6: boolean): Route | null {
  if (/^127\./.test(target) || target === '::1' || target === HOST)
    return { type: 'local', dst: target, dev: 'lo', prefsrc: target };
  const routes = routesOf(call, v6, 'main');
  const near = routes.find(({ dst }) => dst !== 'default' && isWithin(target, dst));
  const route = near ?? routes.find(({ dst }) => dst === 'default');
  if (route === undefined) return null;
  const { gateway, dev, metric } = route;
  const prefsrc = route.prefsrc ?? (v6 ? HOST6 : HOST);
  const where = { ...(gateway === undefined ? {} : { gateway }), ...(dev === undefined ? {} : { dev }) };
  return { dst: target, ...where, prefsrc, ...(v6 ? { metric: metric ?? 1024 } : {}) };
}

/** Of IPv6 only the documentation's network is looked at. */
function isWithin(target: string, network: string): boolean {
  const [base = '', length] = network.split('/');
  if (base.includes(':')) return network === NETWORK6 && target.startsWith('2001:db8::');
  const number = (text: string): number => text.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const size = 2 ** (32 - Number(length ?? 32));
  return Math.floor(number(target) / size) === Math.floor(number(base) / size);
}

/** iproute2 lib/utils.c: get_addr_ipv4() — bytes that are left out are zero: `1.1` is 1.1.0.0. */
function wholeAddress(text: string): string {
  return /^\d+(?:\.\d+){0,2}$/.test(text) ? [...text.split('.'), '0', '0', '0'].slice(0, 4).join('.') : text;
}

function getRoute(call: IpCall): ToolAnswer {
  const value = (word: string): string | undefined =>
    call.args.includes(word) ? call.args[call.args.indexOf(word) + 1] : undefined;
  const target =
    value('to') ??
    call.args.find(
      (word, at) => !/^(?:from|iif|oif|mark|tos|vrf)$/.test(call.args[at - 1] ?? '') && /[.:]/.test(word),
    ) ??
    call.args[0];
  if (target === undefined) return refused('need at least a destination address', 1);
  const address = wholeAddress(target.replace(/\/\d+$/, ''));
  if (!/^(?:\d+(?:\.\d+){0,3}|[\da-f]*:[\da-f:.]*)$/i.test(address)) {
    return refused(`Error: any valid prefix is expected rather than "${target}".`, 1);
  }
  const v6 = address.includes(':');
  const way = wayTo(call, address, v6);
  if (way === null) return refused('RTNETLINK answers: Network is unreachable', 2);
  return printed(wayText(call, way, v6, value('from'), value('mark')), `dev ${way.dev ?? call.machine.device}`);
}

/** ip/iproute.c: print_route() of an answer to `get`. */
function wayText(call: IpCall, way: Route, v6: boolean, from: string | undefined, mark: string | undefined): string {
  if (call.options.json) {
    return `${JSON.stringify([{ ...way, flags: [], uid: 0, cache: [] }])}\n`;
  }
  const type = way.type === undefined ? '' : `${way.type} `;
  const source = v6 ? ` from ${from ?? '::'}` : from === undefined ? '' : ` from ${from}`;
  const via = way.gateway === undefined ? '' : ` via ${way.gateway}`;
  const src = from === undefined || v6 ? ` src ${way.prefsrc}` : '';
  const head = `${type}${way.dst}${source}${via} dev ${way.dev}${src}`;
  if (v6) return `${head} metric ${way.metric ?? 0} pref medium\n`;
  const cache = way.type === 'local' ? '    cache <local> ' : '    cache ';
  const marked = mark === undefined ? '' : ` mark ${Number(mark)}`;
  return `${head}${marked} uid 0 ${call.options.oneline ? '\\' : '\n'}${cache}\n`;
}

const COMMANDS: readonly (readonly [name: string, obey: (call: IpCall) => ToolAnswer])[] = [
  ['list', showRoutes],
  ['show', showRoutes],
  ['lst', showRoutes],
  ['get', getRoute],
  ['add', (call) => addRoute(call, 'refuse')],
  ['append', (call) => addRoute(call, 'keep')],
  ['prepend', (call) => addRoute(call, 'keep')],
  ['change', (call) => addRoute(call, 'replace')],
  ['chg', (call) => addRoute(call, 'replace')],
  ['replace', (call) => addRoute(call, 'replace')],
  ['delete', deleteRoute],
  ['flush', flushRoutes],
];

/** ip/iproute.c: do_iproute() */
export function doRoute(call: IpCall): ToolAnswer {
  const [word, ...args] = call.args;
  if (word === undefined) return showRoutes(call);
  const obey = COMMANDS.find(([name]) => matches(word, name))?.[1];
  if (obey === undefined) return refused(`Command "${word}" is unknown, try "ip route help".`, 255);
  return obey({ ...call, args });
}

/** Only the gateway has been heard of. */
export function doNeighbour(call: IpCall): ToolAnswer {
  const [word = 'show'] = call.args;
  if (!['show', 'list', 'lst'].some((name) => matches(word, name))) return DONE;
  const line = `${GATEWAY} dev ${call.machine.device} lladdr 02:00:00:00:02:fe REACHABLE \n`;
  return printed(line, `neighbour ${GATEWAY}`);
}
