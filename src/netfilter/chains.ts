import { iptablesSteps } from './iptables-rule.ts';
import { type Maps, nftSteps } from './nft-rule.ts';
import type { NftCommand } from './nft-words.ts';
import { type NetfilterCommand, nftOf, type Rule, type RulePlace, rulesLeft } from './rules.ts';
import { plainName, type Step } from './steps.ts';

/** The places on a packet's way where chains are asked: enum nf_inet_hooks; `other`: those of bridges and devices. */
export type Hook = 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting' | 'other';

/** A rule, read. */
export interface ReadRule {
  readonly steps: readonly Step[];
  readonly place: RulePlace;
  /** As it was written, without its table and its chain. */
  readonly text: string;
}

/** A chain that the kernel asks by itself; others are jumped to. */
export interface BaseChain {
  readonly hook: Hook;
  readonly priority: number;
  /** Of a nat table: asked about the first packet of each connection only. */
  readonly isNat: boolean;
  readonly family: Rule['family'];
  readonly table: string;
  readonly name: string;
}

/** What packets go through. */
export interface Chains {
  /** In the order in which packets come to them, hook by hook. */
  readonly bases: readonly BaseChain[];
  /** The rules of a table's chain; null: there is no such chain. */
  rules(table: string, chain: string): readonly ReadRule[] | null;
  /** The elements of a table's set; null: they are not known. */
  elements(table: string, set: string): readonly string[] | null;
}

/** include/uapi/linux/netfilter_ipv4.h: enum nf_ip_hook_priorities, by the tables of iptables. */
const PRIORITIES: Readonly<Record<string, number>> = { raw: -300, mangle: -150, nat: -100, filter: 0, security: 50 };
/** The same by the names of nft: nft(8). */
const NAMED: Readonly<Record<string, number>> = {
  raw: -300,
  mangle: -150,
  dstnat: -100,
  filter: 0,
  security: 50,
  srcnat: 100,
};
const HOOKS: readonly Hook[] = ['prerouting', 'input', 'forward', 'output', 'postrouting', 'other'];
const SRCNAT = 100;

/** The chains and rules that are there when the script is done, as packets meet them. */
export function chainsOf(commands: readonly NetfilterCommand[]): Chains {
  const own = commands.filter(({ netns }) => netns === '');
  const declared = declaredBy(own);
  const rules = new Map<string, ReadRule[]>();
  const bases = new Map<string, BaseChain>(declared.bases);
  for (const rule of rulesLeft(own)) {
    const key = keyOf(rule.table, rule.chain);
    const known = rules.get(key) ?? [];
    rules.set(key, known);
    known.push(readRule(rule, (name) => declared.sets.get(keyOf(rule.table, name)) ?? null));
    const base = rule.isNft ? null : builtIn(rule);
    if (base !== null) bases.set(key, base);
  }
  return {
    bases: [...bases.values()].sort(
      (one, other) => HOOKS.indexOf(one.hook) - HOOKS.indexOf(other.hook) || one.priority - other.priority,
    ),
    rules: (table, chain) => rules.get(keyOf(table, chain)) ?? (declared.chains.has(keyOf(table, chain)) ? [] : null),
    elements: (table, set) =>
      declared.dynamic.has(keyOf(table, set)) ? null : (declared.sets.get(keyOf(table, set)) ?? null),
  };
}

const keyOf = (table: string, chain: string): string => `${table} ${chain}`;

function readRule({ isNft, words, place }: Rule, maps: Maps): ReadRule {
  return { steps: isNft ? nftSteps(words, maps) : iptablesSteps(words), place, text: words.join(' ') };
}

/** A chain that iptables has from the start. */
function builtIn({ table, tableName, chain, family }: Rule): BaseChain | null {
  const hook = HOOKS.find((one) => one.toUpperCase() === chain);
  const priority = PRIORITIES[tableName];
  if (hook === undefined || hook === 'other' || priority === undefined) return null;
  const isNat = tableName === 'nat';
  const isSource = isNat && /^(?:input|postrouting)$/.test(hook);
  return { hook, priority: isSource ? SRCNAT : priority, isNat, family, table, name: chain };
}

/** What nft's commands declare besides rules. */
interface Declared {
  readonly bases: Map<string, BaseChain>;
  /** All chains, of iptables too, with or without rules. */
  readonly chains: Set<string>;
  readonly sets: Map<string, readonly string[]>;
  /** Sets whose elements come and go. */
  readonly dynamic: Set<string>;
}

function declaredBy(commands: readonly NetfilterCommand[]): Declared {
  const declared: Declared = { bases: new Map(), chains: new Set(), sets: new Map(), dynamic: new Set() };
  for (const command of commands) {
    if (command.tool !== 'nft' || (command.exit ?? 0) !== 0) continue;
    for (const one of nftOf(command)) declare(declared, one, `nft ${one.family} ${one.table} ${command.netns}`);
  }
  return declared;
}

function declare(declared: Declared, command: NftCommand, table: string): void {
  const { verb, object, family, chain, rest } = command;
  const { bases, chains, sets, dynamic } = declared;
  if (/^(?:flush|delete|destroy)$/.test(verb)) forget(declared, command, table);
  else if (object === 'chain') {
    const base = baseOf(rest, family);
    chains.add(keyOf(table, chain));
    if (base !== null) bases.set(keyOf(table, chain), { ...base, table, name: chain });
  } else if (/^(?:set|map|element)$/.test(object)) {
    const [name = ''] = rest;
    const key = keyOf(table, name);
    // Rules put elements into it while packets go by.
    if (rest.includes('dynamic')) dynamic.add(key);
    sets.set(key, [...(sets.get(key) ?? []), ...elementsOf(rest, object)]);
  }
}

function forget({ bases, chains, sets }: Declared, { verb, object, chain, rest }: NftCommand, table: string): void {
  const isGone = (key: string): boolean => object === 'ruleset' || (object === 'table' && key.startsWith(`${table} `));
  // `flush table` takes rules only.
  if (verb !== 'flush' || object === 'ruleset') {
    for (const kept of [bases, sets, chains]) for (const key of [...kept.keys()]) if (isGone(key)) kept.delete(key);
  }
  if (object === 'chain' && verb !== 'flush') bases.delete(keyOf(table, chain));
  const key = keyOf(table, rest[0] ?? '');
  if (/^(?:set|map)$/.test(object)) sets.delete(key);
  if (object !== 'element') return;
  const gone = elementsOf(rest, object);
  sets.set(
    key,
    (sets.get(key) ?? []).filter((element) => !gone.includes(element)),
  );
}

/** `type filter hook forward priority mangle + 10`; null: a chain that is jumped to. */
function baseOf(words: readonly string[], family: string): Omit<BaseChain, 'table' | 'name'> | null {
  const after = (word: string): string => plainName(words[words.indexOf(word) + 1] ?? '');
  if (!words.includes('hook')) return null;
  const isInet = /^(?:ip|ip6|inet)$/.test(family);
  const hook = isInet ? (HOOKS.find((one) => one === after('hook')) ?? 'other') : 'other';
  const text = words.slice(words.indexOf('priority') + 1).join(' ');
  const [, name = '', sign, more = '0'] = /^([a-z]+|-?\d+)\s*(?:([+-])\s*(\d+))?/.exec(text) ?? [];
  const priority = (NAMED[name] ?? Number(name)) + (sign === '-' ? -1 : 1) * Number(more);
  return {
    hook,
    priority,
    isNat: after('type') === 'nat',
    family: family === 'ip' || family === 'ip6' ? family : 'both',
  };
}

/** `NAME { type …; elements = { A, B } }`, or `NAME { A, B }` of `add element`. */
function elementsOf(words: readonly string[], object: string): readonly string[] {
  const equals = object === 'element' ? 0 : words.indexOf('elements');
  if (equals < 0) return [];
  const from = words.indexOf('{', equals);
  const inside = words.slice(from + 1, words.indexOf('}', from));
  return inside
    .map(plainName)
    .join(' ')
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '');
}
