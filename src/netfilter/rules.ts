import { shellWords } from '../lang/index.ts';
import { type IpsetLine, readIpset } from './ipset-words.ts';
import { type IptablesLine, readIptables, restoredLines, ruleValue } from './iptables-words.ts';
import { type NftCommand, nftCommands, nftInput } from './nft-words.ts';

/** Where a command is written: a place of a simulated script, or of a checked one. */
export interface RulePlace {
  /** null: the script itself. */
  readonly file: string | null;
  readonly line: number;
}

/** A command as the script ran it: a SimulatedCommand is one. */
export interface NetfilterCommand {
  readonly tool: string;
  readonly netns: string;
  readonly words: readonly { readonly text: string }[];
  readonly place: RulePlace;
  /** A command that failed changed nothing. Default: 0. */
  readonly exit?: number;
  /** What it read: rules for `iptables-restore`, `nft -f` and `ipset restore`. */
  readonly input?: string;
}

/** A rule that gives packets another source address. */
export interface Nat {
  /** The device that they leave by; null: any. A `+` or `*` at its end stands for any rest. */
  readonly device: string | null;
  /** Devices that the rule leaves out: `! -o lan0`. */
  readonly except: readonly string[];
  /** `netmap`: each address gets one of its own. */
  readonly kind: 'masquerade' | 'snat' | 'netmap';
  readonly family: 'ip' | 'ip6' | 'both';
  /** `one`: a single host's packets; `some`: those of a protocol, a port or a destination. */
  readonly packets: 'all' | 'some' | 'one';
  readonly place: RulePlace;
}

/** A rule that writes a mark, or the class that tc reads from the packet's priority. */
export interface Mark {
  /** `mark`: the packet's; `connmark`: the connection's; `restore`: the packet's from the connection's; `class`: its class. */
  readonly kind: 'mark' | 'connmark' | 'restore' | 'class';
  /** null: no fixed number. A class is its major number times 65536, plus its minor number. */
  readonly mark: number | null;
  /** The bits that are written. */
  readonly mask: number;
  readonly chain: string;
  readonly place: RulePlace;
}

/** A rule that is there when the script is done. */
export interface Rule {
  readonly isNft: boolean;
  readonly family: Nat['family'];
  /** Program's family and namespace, then the table: rules of two tables never meet. */
  readonly table: string;
  readonly tableName: string;
  readonly chain: string;
  readonly words: readonly string[];
  readonly place: RulePlace;
}

const ALL_BITS = 0xffffffff;

/** The rules in the order in which they are asked; what is deleted, flushed or replaced is gone. */
export function rulesLeft(commands: readonly NetfilterCommand[]): readonly Rule[] {
  let rules: Rule[] = [];
  for (const command of commands) {
    if ((command.exit ?? 0) !== 0) continue;
    if (/^ip6?tables(?:-nft|-legacy)?$/.test(command.tool)) {
      rules = afterIptables(rules, command, readIptables(textsOf(command)));
    } else if (/^ip6?tables-restore$/.test(command.tool)) rules = afterRestore(rules, command);
    else if (command.tool === 'nft') rules = afterNft(rules, command);
  }
  return rules;
}

export const textsOf = (command: NetfilterCommand): readonly string[] => command.words.map(({ text }) => text);

/** `iptables` and `ip6tables` have rules of their own. */
const programFamily = ({ tool }: NetfilterCommand): 'ip' | 'ip6' => (tool.startsWith('ip6') ? 'ip6' : 'ip');

function tableKey(command: NetfilterCommand, table: string): string {
  return `${programFamily(command)} ${table} ${command.netns}`;
}

/** Scripts add thousands of rules: a list that grows is not copied. */
function withRule(rules: Rule[], rule: Rule): Rule[] {
  rules.push(rule);
  return rules;
}

function afterIptables(rules: Rule[], from: NetfilterCommand, line: IptablesLine): Rule[] {
  const { command, chain, argument } = line;
  const table = tableKey(from, line.table);
  const told = { isNft: false, family: programFamily(from), table, tableName: line.table };
  const rule: Rule = { ...told, chain, words: line.rule, place: from.place };
  const isIn = (one: Rule): boolean => one.table === table && (chain === '' || one.chain === chain);
  if (command === 'A') return withRule(rules, rule);
  if (command === 'F') return rules.filter((one) => !isIn(one));
  if (command === 'E') return rules.map((one) => (isIn(one) ? { ...one, chain: argument } : one));
  return /^[IRD]$/.test(command) ? afterNumbered(rules, line, rule, rules.filter(isIn)) : rules;
}

/** Commands that mean a rule by its number in the chain (`mine`), or by its words. */
function afterNumbered(rules: Rule[], line: IptablesLine, rule: Rule, mine: readonly Rule[]): Rule[] {
  const { command, argument } = line;
  const numbered = mine[Number(argument || 1) - 1];
  const at = numbered === undefined ? rules.length : rules.indexOf(numbered);
  if (command === 'I') return rules.toSpliced(at, 0, rule);
  if (command === 'R') return rules.toSpliced(at, 1, rule);
  const gone = argument === '' ? mine.find((one) => one.words.join(' ') === line.rule.join(' ')) : numbered;
  return rules.filter((one) => one !== gone);
}

/** Without -n the tables that the text names are emptied first. */
function afterRestore(rules: Rule[], from: NetfilterCommand): Rule[] {
  const lines = restoredLines(from.input ?? '');
  const keeps = textsOf(from).some((word) => /^(?:-n|--noflush)$/.test(word));
  const emptied = new Set(keeps ? [] : lines.map(({ table }) => tableKey(from, table)));
  let left = rules.filter(({ table }) => !emptied.has(table));
  for (const line of lines) left = afterIptables(left, from, line);
  return left;
}

/** The commands of one call of nft. */
export function nftOf(command: NetfilterCommand): Iterable<NftCommand> {
  const { file, words } = nftInput(textsOf(command));
  return nftCommands(file === null ? words.join(' ') : (command.input ?? ''));
}

function afterNft(rules: Rule[], from: NetfilterCommand): Rule[] {
  let left = rules;
  for (const command of nftOf(from)) left = afterNftCommand(left, from, command);
  return left;
}

/** A rule that is deleted by its handle cannot be found: nobody knows its number here. */
function afterNftCommand(rules: Rule[], from: NetfilterCommand, command: NftCommand): Rule[] {
  const { verb, object, family, table: tableName, chain, rest } = command;
  const table = `nft ${family} ${tableName} ${from.netns}`;
  if (object === 'rule' && /^(?:add|insert)$/.test(verb)) {
    const told = { isNft: true, family: family === 'ip' || family === 'ip6' ? family : 'both' } as const;
    const rule: Rule = { ...told, table, tableName, chain, words: rest, place: from.place };
    const first = verb === 'insert' ? rules.findIndex((one) => one.table === table && one.chain === chain) : -1;
    return first < 0 ? withRule(rules, rule) : rules.toSpliced(first, 0, rule);
  }
  if (!/^(?:flush|delete|destroy)$/.test(verb)) return rules;
  if (object === 'ruleset') return rules.filter(({ isNft }) => !isNft);
  if (object === 'table') return rules.filter((one) => one.table !== table);
  return object === 'chain' ? rules.filter((one) => one.table !== table || one.chain !== chain) : rules;
}

/** The devices that packets leave by: those that are named, and those that are left out. */
interface Leaving {
  readonly device: string | null;
  readonly except: readonly string[];
}

/** What the rule itself says: `-o DEV`, `! -o DEV`, `oifname DEV`, `oifname != DEV`, `oifname { DEV, DEV }`. */
function ownDevices({ words }: Rule): readonly Leaving[] {
  const at = words.findIndex((word) => /^(?:-o|--out-interface|oif|oifname)$/.test(word));
  if (at < 0) return [];
  const isAfter = /^!=?$/.test(words[at + 1] ?? '');
  const from = at + (isAfter ? 2 : 1);
  const names = devicesAt(words, from);
  if (isAfter || words[at - 1] === '!') return [{ device: null, except: names }];
  return names.map((device) => ({ device, except: [] }));
}

/** One name, or those of a set. */
function devicesAt(words: readonly string[], at: number): readonly string[] {
  const isSet = words[at] === '{';
  const set = isSet ? words.slice(at + 1, words.indexOf('}', at)) : words.slice(at, at + 1);
  return set
    .flatMap((word) => word.split(','))
    .filter((word) => word !== '')
    .map(plainName);
}

const plainName = (word: string): string => word.replaceAll('"', '');

/** Where packets jump to from a rule; undefined: nowhere. */
function jumpOf({ words }: Rule): string | undefined {
  return ruleValue(words, '-j', '--jump', '-g', '--goto', 'jump', 'goto');
}

/** The rules that jump to each chain, by table and chain. */
function jumpsIn(rules: readonly Rule[]): ReadonlyMap<string, readonly Rule[]> {
  const found = new Map<string, Rule[]>();
  for (const rule of rules) {
    const chain = jumpOf(rule);
    if (chain === undefined) continue;
    const key = `${rule.table} ${chain}`;
    found.set(key, withRule(found.get(key) ?? [], rule));
  }
  return found;
}

const ANY: Leaving = { device: null, except: [] };

/** What is asked where packets jump to the chain of a rule, on all ways; each chain is gone through once. */
function chainDevices(rule: Rule, jumps: ReadonlyMap<string, readonly Rule[]>): readonly Leaving[] {
  const found = new Map<string, Leaving>();
  const seen = new Set<string>();
  const open = [rule];
  for (const { table, chain } of open) {
    const key = `${table} ${chain}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const from = jumps.get(key);
    if (from === undefined) found.set('', ANY);
    for (const jump of from ?? []) {
      const own = ownDevices(jump);
      for (const one of own) found.set(`${one.device} ${one.except.join(' ')}`, one);
      if (own.length === 0) open.push(jump);
    }
  }
  return found.size === 0 ? [ANY] : [...found.values()];
}

/** nft: `masquerade` and `snat` are statements; iptables: targets. */
function natKind(rule: Rule): Nat['kind'] | null {
  if (rule.isNft) {
    if (rule.words.includes('masquerade')) return 'masquerade';
    if (!rule.words.includes('snat')) return null;
    return rule.words.some((word) => /^(?:prefix|map)$/.test(word)) ? 'netmap' : 'snat';
  }
  const target = jumpOf(rule);
  if (target === 'NETMAP') return 'netmap';
  if (target === 'SNAT') return 'snat';
  return target === 'MASQUERADE' ? 'masquerade' : null;
}

const SOURCE = /^(?:-s|--source|--src|saddr)$/;
const NARROWS = /^(?:-d|--destination|--dst|-p|--protocol|--dports?|--destination-ports?|--sports?|--source-ports?)$/;
const NARROWS_NFT = /^(?:daddr|dport|sport|l4proto|protocol)$/;

/** Which packets a rule takes, devices aside; what is behind a `!` leaves all but some. */
function packetsOf({ words, isNft }: Rule): Nat['packets'] {
  const isNegated = (at: number): boolean => words[at - 1] === '!' || /^!=?$/.test(words[at + 1] ?? '');
  const source = words.findIndex((word) => SOURCE.test(word));
  const address = source < 0 || isNegated(source) ? '' : (words[source + 1] ?? '');
  if (/^[\d.]+(?:\/32)?$|^[\da-f:]*:[\da-f:]*(?:\/128)?$/i.test(address)) return 'one';
  const narrows = isNft ? NARROWS_NFT : NARROWS;
  return words.some((word, at) => narrows.test(word) && !isNegated(at)) ? 'some' : 'all';
}

/** The rules that give packets another source address, with the devices that the packets leave by. */
export function natOf(commands: readonly NetfilterCommand[]): readonly Nat[] {
  const rules = rulesLeft(commands);
  const jumps = jumpsIn(rules);
  const chains = new Map<string, readonly Leaving[]>();
  return rules.flatMap((rule) => {
    const kind = natKind(rule);
    if (kind === null) return [];
    const { table, chain, family, place } = rule;
    const key = `${table} ${chain}`;
    const own = ownDevices(rule);
    const leaving = own.length > 0 ? own : (chains.get(key) ?? chainDevices(rule, jumps));
    if (own.length === 0) chains.set(key, leaving);
    return leaving.map((one) => ({ ...one, kind, family, packets: packetsOf(rule), place }));
  });
}

/** A number as these tools read it; null: it is none. */
function numberOf(text: string): number | null {
  const number = /^(?:0x[\da-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
  return Number.isNaN(number) ? null : number;
}

/** `MAJOR:MINOR`, both hexadecimal. */
function classOf(text: string): number | null {
  const [, major, minor] = /^([\da-f]*):([\da-f]*)$/i.exec(text) ?? [];
  if (major === undefined || minor === undefined) return null;
  return Number.parseInt(major || '0', 16) * 65536 + Number.parseInt(minor || '0', 16);
}

type Written = Pick<Mark, 'kind' | 'mark' | 'mask'>;

/** VALUE or VALUE/MASK. */
function withMask(kind: Mark['kind'], text: string): Written {
  const [value = '', mask] = text.split('/');
  return { kind, mark: numberOf(value), mask: mask === undefined ? ALL_BITS : (numberOf(mask) ?? ALL_BITS) };
}

/** iptables-extensions(8): MARK, CONNMARK, CLASSIFY. */
function iptablesMark(rule: Rule): Written | null {
  const target = jumpOf(rule);
  const value = (...names: readonly string[]): string | undefined => ruleValue(rule.words, ...names);
  if (target === 'CLASSIFY') return { kind: 'class', mark: classOf(value('--set-class') ?? ''), mask: ALL_BITS };
  if (target !== 'MARK' && target !== 'CONNMARK') return null;
  const kind = target === 'MARK' ? 'mark' : 'connmark';
  const set = value('--set-mark', '--set-xmark');
  if (set !== undefined) return withMask(kind, set);
  const or = numberOf(value('--or-mark') ?? '');
  if (or !== null) return { kind, mark: or, mask: or };
  const and = numberOf(value('--and-mark') ?? '');
  if (and !== null) return { kind, mark: 0, mask: ~and >>> 0 };
  if (target === 'CONNMARK' && rule.words.includes('--restore-mark')) return fromOther('restore', rule);
  return fromOther(kind, rule);
}

/** The value comes from elsewhere: `--restore-mark --mask 0xff`. */
function fromOther(kind: Mark['kind'], { words }: Rule): Written {
  const mask = ruleValue(words, '--mask', '--nfmask') ?? '';
  return { kind, mark: null, mask: numberOf(mask) ?? ALL_BITS };
}

/** nft(8): `meta mark set VALUE`, `ct mark set VALUE`, `meta priority set CLASS`. */
function nftMark({ words }: Rule): Written | null {
  const at = words.findIndex((word, index) => word === 'set' && /^(?:mark|priority)$/.test(words[index - 1] ?? ''));
  if (at < 0) return null;
  const value = (words[at + 1] ?? '').replaceAll('"', '');
  if (words[at - 1] === 'priority') return { kind: 'class', mark: classOf(value), mask: ALL_BITS };
  const isCt = words[at - 2] === 'ct';
  const isExpression = /^(?:and|or|xor|&|\||\^|<<|>>)$/.test(words[at + 2] ?? '');
  const mark = isExpression ? null : numberOf(value);
  if (!isCt && value === 'ct') return { kind: 'restore', mark: null, mask: ALL_BITS };
  return { kind: isCt ? 'connmark' : 'mark', mark, mask: ALL_BITS };
}

/** The rules that write marks or classes. */
export function marksOf(commands: readonly NetfilterCommand[]): readonly Mark[] {
  return rulesLeft(commands).flatMap((rule) => {
    const written = rule.isNft ? nftMark(rule) : iptablesMark(rule);
    return written === null ? [] : [{ ...written, chain: rule.chain, place: rule.place }];
  });
}

const TRACKING_MATCH = /^(?:state|conntrack|connmark|connbytes|connlimit|connlabel|helper|cluster)$/;

/** A match or a target that makes connection tracking run. */
function isTracking({ isNft, tableName, words }: Rule): boolean {
  if (isNft) return words.some((word) => /^(?:ct|flow|masquerade|snat|dnat|redirect|synproxy)$/.test(word));
  if (tableName === 'nat') return true;
  return words.some((word, at) => {
    const before = words[at - 1] ?? '';
    if (/^(?:-m|--match)$/.test(before)) return TRACKING_MATCH.test(word);
    if (!/^(?:-j|--jump)$/.test(before)) return false;
    return /^(?:CONN|SYNPROXY)/.test(word) || (word === 'CT' && !words.includes('--notrack'));
  });
}

/** `action ct` of tc. */
function tracksInTc(command: NetfilterCommand): boolean {
  return command.tool === 'tc' && /\baction (?:pass )?ct(?: |$)/.test(textsOf(command).join(' '));
}

/** Whether anything in the script makes connection tracking run. */
export function tracks(commands: readonly NetfilterCommand[]): boolean {
  return rulesLeft(commands).some(isTracking) || commands.some(tracksInTc);
}

/** A rule that keeps every packet that comes in from being tracked. */
export interface Untracked {
  readonly family: Nat['family'];
  readonly place: RulePlace;
}

/** Rules of that kind: without a match, and the first of their chain, so that no packet goes past them. */
export function untracked(commands: readonly NetfilterCommand[]): readonly Untracked[] {
  const firsts = new Map<string, Rule>();
  for (const rule of rulesLeft(commands)) {
    const key = `${rule.table} ${rule.chain}`;
    if (!firsts.has(key)) firsts.set(key, rule);
  }
  const chains = incomingChains(commands);
  return Array.from(firsts).flatMap(([key, rule]) => {
    const isIncoming = rule.isNft ? chains.has(key) : rule.tableName === 'raw' && rule.chain === 'PREROUTING';
    return isIncoming && isNotrack(rule) ? [{ family: rule.family, place: rule.place }] : [];
  });
}

function isNotrack({ isNft, words }: Rule): boolean {
  const text = words.join(' ');
  return isNft ? /^(?:counter )?notrack$/.test(text) : /^(?:-j|--jump) (?:NOTRACK|CT --notrack)$/.test(text);
}

/** The chains of nft that see packets before they are tracked. */
function incomingChains(commands: readonly NetfilterCommand[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const command of commands) {
    if (command.tool !== 'nft' || (command.exit ?? 0) !== 0) continue;
    for (const { object, family, table, chain, rest } of nftOf(command)) {
      const isEarly = /\bhook prerouting priority (?:raw|-[3-9]\d\d)(?: |$)/.test(rest.join(' '));
      if (object === 'chain' && isEarly) found.add(`nft ${family} ${table} ${command.netns} ${chain}`);
    }
  }
  return found;
}

/** The tables of iptables in which rules make tracking run. */
const TABLES = ['filter', 'nat', 'mangle'];

/**
 * Whether the commands throw away all rules that somebody else has made: then theirs are all that there are. A file that
 * was not read may bring any.
 */
export function emptiesAll(commands: readonly NetfilterCommand[]): boolean {
  return empties(commands, TABLES);
}

/** The same of some of iptables' tables. */
export function empties(commands: readonly NetfilterCommand[], tables: readonly string[]): boolean {
  const emptied = new Set<string>();
  for (const command of commands) {
    if (isUnread(command)) return false;
    if ((command.exit ?? 0) !== 0) continue;
    for (const table of emptiedBy(command)) emptied.add(table);
  }
  return emptied.has('ruleset') || tables.every((table) => emptied.has(table));
}

/** It takes rules from a text that is not here. */
function isUnread(command: NetfilterCommand): boolean {
  return (command.input ?? '') === '' && rulesFile(command.tool, textsOf(command)) !== null;
}

/** The file with rules that a command is given; `-`: standard input. null: it takes them from its words. */
export function rulesFile(tool: string, args: readonly string[]): string | null {
  if (tool === 'nft') return nftInput(args).file;
  return /^ip6?tables-restore$/.test(tool) ? (args.find((word) => !word.startsWith('-')) ?? '-') : null;
}

/** IPv4's tables that a command empties; `ruleset`: all of nft. */
function emptiedBy(command: NetfilterCommand): readonly string[] {
  const { tool, input = '' } = command;
  const words = textsOf(command);
  if (tool === 'nft') {
    const isFlush = [...nftOf(command)].some(({ verb, object }) => verb === 'flush' && object === 'ruleset');
    return isFlush ? ['ruleset'] : [];
  }
  if (tool === 'iptables-restore') {
    const keeps = words.some((word) => /^(?:-n|--noflush)$/.test(word));
    return keeps ? [] : restoredLines(input).map(({ table }) => table);
  }
  if (!/^iptables(?:-nft|-legacy)?$/.test(tool)) return [];
  const line = readIptables(words);
  return line.command === 'F' && line.chain === '' ? [line.table] : [];
}

/** The lines of one call of ipset. */
export function ipsetLines(command: NetfilterCommand): readonly IpsetLine[] {
  const line = readIpset(textsOf(command));
  if (line.command !== 'restore') return [line];
  return (command.input ?? '').split('\n').map((text) => readIpset(shellWords(text)));
}

/** The names of the sets of ipset that are there when the script is done. */
export function setsOf(commands: readonly NetfilterCommand[]): readonly string[] {
  return [...setLinesOf(commands).keys()];
}

/** The same with their lines, as `ipset save` prints them. */
export function setLinesOf(commands: readonly NetfilterCommand[]): ReadonlyMap<string, readonly string[]> {
  const sets = new Map<string, string[]>();
  for (const command of commands) {
    if (command.tool !== 'ipset' || (command.exit ?? 0) !== 0) continue;
    for (const line of ipsetLines(command)) changeSets(sets, line);
  }
  return sets;
}

function changeSets(sets: Map<string, string[]>, { command, set, rest }: IpsetLine): void {
  const lines = sets.get(set);
  const [other = ''] = rest;
  if (command === 'create' && lines === undefined) sets.set(set, [`create ${set} ${rest.join(' ')}`]);
  else if (command === 'destroy' && set === '') sets.clear();
  else if (lines === undefined) return;
  else if (command === 'add') lines.push(`add ${set} ${rest.join(' ')}`);
  else if (command === 'del')
    sets.set(
      set,
      lines.filter((line) => !`${line} `.startsWith(`add ${set} ${other} `)),
    );
  else if (command === 'flush') sets.set(set, lines.slice(0, 1));
  else if (command === 'destroy') sets.delete(set);
  else if (command === 'rename' || command === 'swap') exchange(sets, set, other);
}

/** Each has the other's name from here on. */
function exchange(sets: Map<string, string[]>, one: string, other: string): void {
  const named = (lines: readonly string[], name: string): string[] =>
    lines.map((line) => line.replace(/^(\S+) \S+/, `$1 ${name}`));
  const [first = [], second] = [sets.get(one), sets.get(other)];
  sets.set(other, named(first, other));
  if (second === undefined) sets.delete(one);
  else sets.set(one, named(second, one));
}
