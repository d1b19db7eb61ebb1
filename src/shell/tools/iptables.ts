import { type IptablesLine, readIptables, restoredLines } from '../../netfilter/index.ts';
import type { Machine, ToolAnswer, ToolCall } from '../tool.ts';
import { DONE, printed, refused } from './answer.ts';
import { keep, keepAlso, keptAs } from './state.ts';

const CHAINS: Readonly<Record<string, readonly string[]>> = {
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  raw: ['PREROUTING', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
};

/** A table of one family in one namespace: the chains that were made, and the rules of each chain. */
interface Table {
  readonly machine: Machine;
  readonly key: string;
  readonly name: string;
  /** `iptables` or `ip6tables`: messages begin with it. */
  readonly program: string;
}

/** A chain's rules are kept one a line; words with spaces are put together again by the same joint. */
const JOINT = ' ';

function chainsOf(table: Table): readonly string[] {
  return [...(CHAINS[table.name] ?? []), ...keptAs(table.machine, `${table.key} chains`)];
}

function rulesOf(table: Table, chain: string): readonly string[] {
  return keptAs(table.machine, `${table.key} ${chain}`);
}

function setRules(table: Table, chain: string, rules: readonly string[]): void {
  keep(table.machine, `${table.key} ${chain}`, rules);
}

function noChain(table: Table): ToolAnswer {
  return refused(`${table.program}: No chain/target/match by that name.`, 1);
}

/** iptables 1.8: what each command does, and the words of its refusals. */
function obey(table: Table, line: IptablesLine): ToolAnswer {
  const { command, chain } = line;
  if (command === 'V') return printed(`${table.program} v1.8.9 (nf_tables)\n`);
  if (CHAINS[table.name] === undefined) {
    return refused(`${table.program} v1.8.9 (nf_tables): table '${table.name}' does not exist`, 3);
  }
  if (command === 'N') return newChain(table, chain);
  if (chain !== '' && !chainsOf(table).includes(chain)) return noChain(table);
  if (/^[AIRDC]$/.test(command)) return changeRule(table, line);
  if (command === 'F') for (const one of chain === '' ? chainsOf(table) : [chain]) setRules(table, one, []);
  if (command === 'X') return deleteChain(table, chain);
  if (command === 'E') return renameChain(table, chain, line.argument);
  if (command === 'S' || command === 'L') return list(table, line);
  return command === '' ? refused(`${table.program} v1.8.9 (nf_tables): no command specified`, 2) : DONE;
}

function newChain(table: Table, chain: string): ToolAnswer {
  if (chainsOf(table).includes(chain)) return refused(`${table.program}: Chain already exists.`, 1);
  keepAlso(table.machine, `${table.key} chains`, chain);
  return DONE;
}

function deleteChain(table: Table, chain: string): ToolAnswer {
  const made = keptAs(table.machine, `${table.key} chains`);
  const isUsed = rulesOf(table, chain).length > 0;
  if (chain !== '' && isUsed) {
    return refused(
      `${table.program} v1.8.9 (nf_tables):  CHAIN_DEL failed (Device or resource busy): chain ${chain}`,
      4,
    );
  }
  keep(table.machine, `${table.key} chains`, chain === '' ? [] : made.filter((one) => one !== chain));
  return DONE;
}

function renameChain(table: Table, chain: string, name: string): ToolAnswer {
  const rules = rulesOf(table, chain);
  setRules(table, chain, []);
  setRules(table, name, rules);
  const made = keptAs(table.machine, `${table.key} chains`);
  keep(
    table.machine,
    `${table.key} chains`,
    made.map((one) => (one === chain ? name : one)),
  );
  return DONE;
}

/** A script may delete in a loop until it fails: a rule that is not there must be refused. */
function changeRule(table: Table, { command, chain, argument, rule }: IptablesLine): ToolAnswer {
  const rules = rulesOf(table, chain);
  const text = rule.join(JOINT);
  const number = Number(argument || 1) - 1;
  if (command === 'A') keepAlso(table.machine, `${table.key} ${chain}`, text);
  else if (command === 'I' && number <= rules.length) setRules(table, chain, rules.toSpliced(number, 0, text));
  else if (command === 'R' && number < rules.length) setRules(table, chain, rules.with(number, text));
  else {
    const at = argument === '' ? rules.indexOf(text) : number;
    if (!/^[DC]$/.test(command) || at < 0 || at >= rules.length) return noRule(table, argument);
    if (command === 'D') setRules(table, chain, rules.toSpliced(at, 1));
  }
  return DONE;
}

function noRule(table: Table, number: string): ToolAnswer {
  return number === ''
    ? refused(`${table.program}: Bad rule (does a matching rule exist in that chain?).`, 1)
    : refused(`${table.program}: Index of ${/\d/.test(number) ? 'deletion' : 'insertion'} too big.`, 1);
}

/** The text of a rule is the script's own: iptables would write some words in another way. */
const AS_WRITTEN = 'rules as the script writes them';

function saved(table: Table, chains: readonly string[]): string {
  const made = keptAs(table.machine, `${table.key} chains`);
  const heads = chains.map((chain) => (made.includes(chain) ? `-N ${chain}\n` : `-P ${chain} ACCEPT\n`));
  const rules = chains.flatMap((chain) => rulesOf(table, chain).map((rule) => `-A ${chain} ${rule}\n`));
  return [...heads, ...rules].join('');
}

function list(table: Table, { command, chain, output }: IptablesLine): ToolAnswer {
  const chains = chain === '' ? chainsOf(table) : [chain];
  const rules = chains.flatMap((one) => rulesOf(table, one));
  if (command === 'S') return printed(saved(table, chains), rules.length === 0 ? 'no rules' : AS_WRITTEN);
  if (rules.length > 0) return { unknown: 'how iptables -L prints the rules' };
  const columns = output.includes('v')
    ? ' pkts bytes target     prot opt in     out     source               destination         '
    : 'target     prot opt source               destination         ';
  const numbers = output.includes('l') ? 'num  ' : '';
  const made = keptAs(table.machine, `${table.key} chains`);
  const counters = output.includes('v') ? ' 0 packets, 0 bytes' : '';
  const texts = chains.map((one) => {
    const kind = made.includes(one) ? '0 references' : `policy ACCEPT${counters}`;
    return `Chain ${one} (${kind})\n${numbers}${columns}\n`;
  });
  return printed(texts.join('\n'), 'no rules');
}

function tableOf(call: ToolCall, machine: Machine, program: string, name: string): Table {
  return { machine, key: `${program} ${name} ${call.netns}`, name, program };
}

/** iptables-nft, iptables-legacy and their like hold the same rules here. */
function programOf(name: string): string {
  return name.startsWith('ip6') ? 'ip6tables' : name.startsWith('eb') ? 'ebtables' : 'iptables';
}

export function iptables(call: ToolCall, machine: Machine): ToolAnswer {
  const line = readIptables(call.args);
  return obey(tableOf(call, machine, programOf(call.name), line.table), line);
}

/** Prints the tables in the form that -restore takes. */
export function iptablesSave(call: ToolCall, machine: Machine): ToolAnswer {
  const program = programOf(call.name);
  const at = call.args.findIndex((word) => /^(?:-t|--table)$/.test(word));
  const names = at < 0 ? Object.keys(CHAINS) : [call.args[at + 1] ?? ''];
  const texts = names.map((name) => saveTable(tableOf(call, machine, program, name)));
  return printed(texts.join(''), AS_WRITTEN);
}

function saveTable(table: Table): string {
  const made = keptAs(table.machine, `${table.key} chains`);
  const chains = chainsOf(table);
  const heads = chains.map((chain) => `:${chain} ${made.includes(chain) ? '-' : 'ACCEPT'} [0:0]\n`);
  const rules = chains.flatMap((chain) => rulesOf(table, chain).map((rule) => `-A ${chain} ${rule}\n`));
  if (made.length === 0 && rules.length === 0) return '';
  return `*${table.name}\n${heads.join('')}${rules.join('')}COMMIT\n`;
}

/** Without -n the tables that the text names are emptied first. */
export function iptablesRestore(call: ToolCall, machine: Machine): ToolAnswer {
  const program = programOf(call.name);
  const file = call.args.find((word) => !word.startsWith('-'));
  const text = file === undefined ? call.stdin : call.files.read(file);
  if (text === undefined) return refused(`Can't open ${file}: No such file or directory`, 1);
  const lines = restoredLines(text);
  const keepsRules = call.args.some((word) => /^(?:-n|--noflush)$/.test(word));
  if (!keepsRules) for (const { table } of lines) emptyTable(tableOf(call, machine, program, table));
  for (const line of lines) {
    const table = tableOf(call, machine, program, line.table);
    const isKnown = line.command === 'N' && chainsOf(table).includes(line.chain);
    const answer = isKnown ? DONE : obey(table, line);
    if (answer.exit !== undefined) return answer;
  }
  return DONE;
}

function emptyTable(table: Table): void {
  for (const chain of chainsOf(table)) setRules(table, chain, []);
  keep(table.machine, `${table.key} chains`, []);
}

/** What scripts do with ebtables is taken; its rules decide nothing here. */
export function ebtables(call: ToolCall): ToolAnswer {
  const { command, table, chain } = readIptables(call.args);
  if (command !== 'L') return DONE;
  const heads = (chain === '' ? ['INPUT', 'FORWARD', 'OUTPUT'] : [chain]).map(
    (one) => `\nBridge chain: ${one}, entries: 0, policy: ACCEPT\n`,
  );
  return printed(`Bridge table: ${table}\n${heads.join('')}`, 'no rules');
}
