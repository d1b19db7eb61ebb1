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
  readonly kind: 'masquerade' | 'snat';
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
interface Rule {
  readonly isNft: boolean;
  /** Program's family and namespace, then the table: rules of two tables never meet. */
  readonly table: string;
  readonly tableName: string;
  readonly chain: string;
  readonly words: readonly string[];
  readonly place: RulePlace;
}

const ALL_BITS = 0xffffffff;

/** The rules in the order in which they are asked; what is deleted, flushed or replaced is gone. */
function rulesLeft(commands: readonly NetfilterCommand[]): readonly Rule[] {
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

const textsOf = (command: NetfilterCommand): readonly string[] => command.words.map(({ text }) => text);

/** `iptables` and `ip6tables` have rules of their own. */
function tableKey({ tool, netns }: NetfilterCommand, table: string): string {
  return `${tool.startsWith('ip6') ? 'ip6' : 'ip'} ${table} ${netns}`;
}

/** Scripts add thousands of rules: a list that grows is not copied. */
function withRule(rules: Rule[], rule: Rule): Rule[] {
  rules.push(rule);
  return rules;
}

function afterIptables(rules: Rule[], from: NetfilterCommand, line: IptablesLine): Rule[] {
  const { command, chain, argument } = line;
  const table = tableKey(from, line.table);
  const rule = { isNft: false, table, tableName: line.table, chain, words: line.rule, place: from.place };
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
function nftOf(command: NetfilterCommand): Iterable<NftCommand> {
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
    return withRule(rules, { isNft: true, table, tableName, chain, words: rest, place: from.place });
  }
  if (!/^(?:flush|delete|destroy)$/.test(verb)) return rules;
  if (object === 'ruleset') return rules.filter(({ isNft }) => !isNft);
  if (object === 'table') return rules.filter((one) => one.table !== table);
  return object === 'chain' ? rules.filter((one) => one.table !== table || one.chain !== chain) : rules;
}

/** The devices that the rule itself names: `-o DEV`, `oifname DEV`, `oifname { DEV, DEV }`. */
function ownDevices({ words }: Rule): readonly string[] {
  const at = words.findIndex((word) => /^(?:-o|--out-interface|oif|oifname)$/.test(word));
  if (at < 0 || words[at - 1] === '!' || words[at + 1] === '!' || words[at + 1] === '!=') return [];
  const value = words[at + 1] ?? '';
  if (value !== '{') return [plainName(value)];
  const set = words.slice(at + 2, words.indexOf('}', at));
  return set
    .flatMap((word) => word.split(','))
    .filter((word) => word !== '')
    .map(plainName);
}

const plainName = (word: string): string => word.replaceAll('"', '').replace(/,$/, '');

/** Where packets jump to from a rule; undefined: nowhere. */
function jumpOf({ words }: Rule): string | undefined {
  return ruleValue(words, '-j', '--jump', '-g', '--goto', 'jump', 'goto');
}

/** A chain of the script's own has what is asked where packets jump to it. `above`: chains that were gone through. */
function devicesOf(rule: Rule, rules: readonly Rule[], above: readonly string[] = []): readonly (string | null)[] {
  const own = ownDevices(rule);
  if (own.length > 0) return own;
  const jumps = rules.filter(
    (one) => one.table === rule.table && jumpOf(one) === rule.chain && !above.includes(one.chain),
  );
  if (jumps.length === 0) return [null];
  return jumps.flatMap((jump) => devicesOf(jump, rules, [...above, rule.chain]));
}

/** nft: `masquerade` and `snat` are statements; iptables: targets. */
function natKind(rule: Rule): Nat['kind'] | null {
  if (rule.isNft) {
    if (rule.words.includes('masquerade')) return 'masquerade';
    return rule.words.includes('snat') ? 'snat' : null;
  }
  const target = jumpOf(rule);
  if (target === 'SNAT' || target === 'NETMAP') return 'snat';
  return target === 'MASQUERADE' ? 'masquerade' : null;
}

/** The rules that give packets another source address, with the devices that the packets leave by. */
export function natOf(commands: readonly NetfilterCommand[]): readonly Nat[] {
  const rules = rulesLeft(commands);
  return rules.flatMap((rule) => {
    const kind = natKind(rule);
    if (kind === null) return [];
    return [...new Set(devicesOf(rule, rules))].map((device) => ({ device, kind, place: rule.place }));
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

/** A match or a target of iptables that makes connection tracking run. */
function isTracking({ isNft, tableName, words }: Rule): boolean {
  if (isNft) return words.some((word) => /^(?:ct|masquerade|snat|dnat|redirect)$/.test(word));
  if (tableName === 'nat') return true;
  const after = (word: string, index: number): string | undefined =>
    words[index - 1] === word ? words[index] : undefined;
  return words.some((_, index) => {
    const match = after('-m', index) ?? after('--match', index) ?? '';
    const target = after('-j', index) ?? after('--jump', index) ?? '';
    return (
      /^(?:state|conntrack|connmark|connbytes|connlimit|connlabel|helper|cluster)$/.test(match) || /^CONN/.test(target)
    );
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

/** The lines of one call of ipset. */
function ipsetLines(command: NetfilterCommand): readonly IpsetLine[] {
  const line = readIpset(textsOf(command));
  if (line.command !== 'restore') return [line];
  return (command.input ?? '').split('\n').map((text) => readIpset(shellWords(text)));
}

/** The sets of ipset that are there when the script is done. */
export function setsOf(commands: readonly NetfilterCommand[]): readonly string[] {
  let sets: readonly string[] = [];
  for (const command of commands) {
    if (command.tool !== 'ipset' || (command.exit ?? 0) !== 0) continue;
    for (const line of ipsetLines(command)) sets = afterIpset(sets, line);
  }
  return sets;
}

function afterIpset(sets: readonly string[], { command, set, rest }: IpsetLine): readonly string[] {
  if (command === 'create') return sets.includes(set) ? sets : [...sets, set];
  if (command === 'destroy') return set === '' ? [] : sets.filter((one) => one !== set);
  return command === 'rename' ? sets.map((one) => (one === set ? (rest[0] ?? one) : one)) : sets;
}
