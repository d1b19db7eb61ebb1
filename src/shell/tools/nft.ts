import { type NftCommand, nftCommands, nftInput } from '../../netfilter/index.ts';
import type { Machine, ToolAnswer, ToolCall } from '../tool.ts';
import { DONE, printed, refused } from './answer.ts';
import { forget, keep, keepAlso, keptAs } from './state.ts';

/** What a script may ask for later: its tables, and its chains. */
const keyOf = (netns: string): string => `nft ${netns}`;

function nameOf({ object, family, table, chain }: NftCommand): string {
  return object.startsWith('table') ? `table ${family} ${table}` : `chain ${family} ${table} ${chain}`;
}

/** nft points at what is missing; only its first line is made here. */
function missing(): ToolAnswer {
  return refused('Error: No such file or directory', 1);
}

function obey(command: NftCommand, machine: Machine, key: string): ToolAnswer {
  const { verb, object, family, table } = command;
  if (object === 'ruleset') return verb === 'list' ? list(machine, key, '') : empty(machine, key);
  const isTable = /^tables?$/.test(object);
  if (verb === 'list' && /s$/.test(object)) return list(machine, key, isTable ? 'table ' : 'chain ');
  const name = nameOf(command);
  const isThere = keptAs(machine, key).includes(name);
  if (isTable && verb === 'add') return add(machine, key, name);
  if (!keptAs(machine, key).includes(`table ${family} ${table}`)) return verb === 'destroy' ? DONE : missing();
  if (verb === 'delete' || verb === 'destroy') return remove(command, machine, key, isThere);
  if (object === 'chain' && /^(?:add|create)$/.test(verb)) return add(machine, key, name);
  if (object === 'rule' && !keptAs(machine, key).includes(`chain ${family} ${table} ${command.chain}`))
    return missing();
  if (verb !== 'list') return DONE;
  return isThere || !/^(?:table|chain)$/.test(object) ? { unknown: 'how nft prints its rules' } : missing();
}

function add(machine: Machine, key: string, name: string): ToolAnswer {
  if (!keptAs(machine, key).includes(name)) keepAlso(machine, key, name);
  return DONE;
}

function empty(machine: Machine, key: string): ToolAnswer {
  keep(machine, key, []);
  return DONE;
}

/** A table takes its chains along. */
function remove(command: NftCommand, machine: Machine, key: string, isThere: boolean): ToolAnswer {
  if (command.object !== 'table' && command.object !== 'chain') return DONE;
  if (!isThere) return command.verb === 'destroy' ? DONE : missing();
  forget(machine, key, nameOf(command));
  const chains = `chain ${command.family} ${command.table} `;
  if (command.object === 'table')
    keep(
      machine,
      key,
      keptAs(machine, key).filter((line) => !line.startsWith(chains)),
    );
  return DONE;
}

function list(machine: Machine, key: string, what: string): ToolAnswer {
  const lines = keptAs(machine, key).filter((line) => line.startsWith(what));
  if (lines.length === 0) return printed('', 'no tables of nft');
  if (what !== 'table ') return { unknown: 'how nft prints its rules' };
  return printed(lines.map((line) => `${line}\n`).join(''), 'the tables of the script');
}

/** nft 1.0. */
export function nft(call: ToolCall, machine: Machine): ToolAnswer {
  if (/^(?:-v|--version)$/.test(call.args[0] ?? '')) return printed('nftables v1.0.6 (Lester Gooch #5)\n');
  const { file, words } = nftInput(call.args);
  const text = file === null ? words.join(' ') : file === '-' ? call.stdin : call.files.read(file);
  if (text === undefined) {
    return refused(`Error: Could not open file "${file}": No such file or directory`, 1);
  }
  let answer: ToolAnswer = DONE;
  for (const command of nftCommands(text)) {
    answer = obey(command, machine, keyOf(call.netns));
    if (answer.exit !== undefined) return answer;
  }
  return answer;
}

/** conntrack 1.4 on a host without connections. */
export function conntrack(call: ToolCall): ToolAnswer {
  const command = call.args.find((word) => /^(?:-[LGDIUEFCSh]|--\w+)$/.test(word)) ?? '-L';
  const none = (what: string): string => `conntrack v1.4.7 (conntrack-tools): 0 flow entries have been ${what}.\n`;
  if (/^(?:-L|--dump)$/.test(command)) return { stderr: none('shown'), assumed: 'no connections' };
  if (/^(?:-D|--delete)$/.test(command)) return { stderr: none('deleted'), exit: 1, assumed: 'no connections' };
  if (/^(?:-C|--count)$/.test(command)) return printed('0\n', 'no connections');
  return /^(?:-F|--flush)$/.test(command)
    ? { stderr: 'conntrack v1.4.7 (conntrack-tools): connection tracking table has been emptied.\n' }
    : DONE;
}
