import { matches } from '../../lang/index.ts';
import type { ToolAnswer } from '../tool.ts';
import { DONE, printed, refused } from './answer.ts';
import type { IpCall } from './ip-call.ts';
import { keep, keptAs } from './state.ts';

/** A rule that chooses a routing table. */
interface Rule {
  readonly priority: number;
  readonly src: string;
  /** What else it asks for, in ip's order, each with a value: to, fwmark, iif, oif, … */
  readonly asks: readonly (readonly [word: string, value: string])[];
  readonly table: string;
}

const LAST = 32766;
const USUAL: readonly Rule[] = [
  { priority: 0, src: 'all', asks: [], table: 'local' },
  { priority: LAST, src: 'all', asks: [], table: 'main' },
  { priority: LAST + 1, src: 'all', asks: [], table: 'default' },
];

/** ip/iprule.c: print_rule() — the order in which it prints. */
const ASKED = ['to', 'tos', 'fwmark', 'iif', 'oif', 'uidrange', 'ipproto', 'sport', 'dport'];
const ALIASES: Readonly<Record<string, string>> = {
  ...{ dev: 'iif', table: 'lookup', prio: 'priority', pref: 'priority', preference: 'priority', order: 'priority' },
  ...{ dsfield: 'tos', goto: 'lookup', type: 'skip', realms: 'skip', suppress_prefixlength: 'skip', protocol: 'skip' },
};
/** /etc/iproute2/rt_tables */
const TABLES: Readonly<Record<string, string>> = { '253': 'default', '254': 'main', '255': 'local' };

const key = (call: IpCall): string => `rules ${call.options.family === 6 ? 6 : 4} ${call.netns}`;

function rulesOf(call: IpCall): readonly Rule[] {
  const told = call.machine.kept.get(key(call));
  if (told !== undefined) return keptAs(call.machine, key(call)).map((line) => JSON.parse(line) as Rule);
  return call.options.family === 6 ? USUAL.slice(0, 2) : USUAL;
}

function setRules(call: IpCall, rules: readonly Rule[]): void {
  const sorted = rules.toSorted((one, other) => one.priority - other.priority);
  keep(
    call.machine,
    key(call),
    sorted.map((rule) => JSON.stringify(rule)),
  );
}

/** A mark as it is printed: 0x1, 0x2/0xff. */
function markText(text: string): string {
  const [mark = '', mask] = text.split('/').map((one) => `0x${Number(one).toString(16)}`);
  return mask === undefined || mask === '0xffffffff' ? mark : `${mark}/${mask}`;
}

/** The words of a rule by their usual names. */
function readRule(args: readonly string[]): ReadonlyMap<string, string> {
  const words = new Map<string, string>();
  const rest = args.filter((word) => word !== 'not');
  for (let at = 0; at + 1 < rest.length; at += 2) {
    const word = rest[at] ?? '';
    const name = ALIASES[word] ?? (matches(word, 'priority') ? 'priority' : word);
    const value = rest[at + 1] ?? '';
    words.set(name, name === 'fwmark' ? markText(value) : name === 'lookup' ? (TABLES[value] ?? value) : value);
  }
  return words;
}

/** One before the first that was put in, as the kernel counts. */
function freePriority(rules: readonly Rule[]): number {
  return Math.max(0, (rules.find(({ priority }) => priority > 0)?.priority ?? LAST + 1) - 1);
}

function addRule(call: IpCall): ToolAnswer {
  if (call.args.length === 0) return refused('"ip rule add" requires arguments.', 1);
  const words = readRule(call.args);
  const rules = rulesOf(call);
  const given = words.get('priority');
  const rule: Rule = {
    priority: given === undefined ? freePriority(rules) : Number(given),
    src: words.get('from') ?? 'all',
    asks: ASKED.flatMap((word) => (words.has(word) ? [[word, words.get(word) ?? ''] as const] : [])),
    table: words.get('lookup') ?? 'main',
  };
  const isThere = rules.some((one) => JSON.stringify(one) === JSON.stringify(rule));
  if (isThere) return refused('RTNETLINK answers: File exists', 2);
  setRules(call, [...rules, rule]);
  return DONE;
}

/** The kernel takes the first rule that has everything that is asked for. */
function deleteRule(call: IpCall): ToolAnswer {
  const words = readRule(call.args);
  const rules = rulesOf(call);
  const at = rules.findIndex((rule) => hasAll(rule, words));
  if (at < 0) return refused('RTNETLINK answers: No such file or directory', 2);
  setRules(call, rules.toSpliced(at, 1));
  return DONE;
}

function hasAll(rule: Rule, words: ReadonlyMap<string, string>): boolean {
  const has = new Map([['priority', String(rule.priority)], ['lookup', rule.table], ['from', rule.src], ...rule.asks]);
  return [...words].every(([word, value]) => word === 'skip' || has.get(word) === value);
}

function showRules(call: IpCall): ToolAnswer {
  const words = readRule(call.args);
  const rules = rulesOf(call).filter((rule) => hasAll(rule, words));
  const assumed = call.machine.kept.has(key(call)) ? 'no rules before' : 'no rules';
  if (!call.options.json) return printed(rules.map(ruleText).join(''), assumed);
  const rows = rules.map(({ priority, src, asks, table }) => ({ priority, src, ...Object.fromEntries(asks), table }));
  return printed(`${JSON.stringify(rows)}\n`, assumed);
}

function ruleText({ priority, src, asks, table }: Rule): string {
  return `${priority}:\tfrom ${src}${asks.map(([word, value]) => ` ${word} ${value}`).join('')} lookup ${table}\n`;
}

/** ip/iprule.c: do_iprule() */
export function doRule(call: IpCall): ToolAnswer {
  const [word = 'list', ...args] = call.args;
  const own = { ...call, args };
  if (matches(word, 'list') || matches(word, 'lst') || matches(word, 'show')) return showRules(own);
  if (matches(word, 'add') || matches(word, 'replace')) return addRule(own);
  if (matches(word, 'delete')) return deleteRule(own);
  if (!matches(word, 'flush')) return DONE;
  setRules(
    own,
    rulesOf(own).filter(({ priority }) => priority === 0),
  );
  return DONE;
}
