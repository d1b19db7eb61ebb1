import { shellWords } from '../../lang/index.ts';
import { type IpsetLine, readIpset } from '../../netfilter/index.ts';
import type { Machine, ToolAnswer, ToolCall } from '../tool.ts';
import { DONE, printed, refused } from './answer.ts';
import { forget, keep, keepAlso, keptAs } from './state.ts';

/** The sets of a namespace, and the members of each. */
interface Sets {
  readonly machine: Machine;
  readonly key: string;
}

const names = ({ machine, key }: Sets): readonly string[] =>
  keptAs(machine, key).map((line) => line.split(' ')[0] ?? '');
const members = (set: string, { key }: Sets): string => `${key} ${set}`;

function fail(message: string): ToolAnswer {
  return refused(`ipset v7.17: ${message}`, 1);
}

const MISSING = 'The set with the given name does not exist';

function create(sets: Sets, { set, rest, isLenient }: IpsetLine): ToolAnswer {
  if (!names(sets).includes(set)) keepAlso(sets.machine, sets.key, [set, ...rest].join(' '));
  else if (!isLenient) return fail('Set cannot be created: set with the same name already exists');
  return DONE;
}

function destroy(sets: Sets, set: string): ToolAnswer {
  const left = keptAs(sets.machine, sets.key).filter((line) => set !== '' && line.split(' ')[0] !== set);
  keep(sets.machine, sets.key, left);
  flush(sets, set);
  return DONE;
}

function flush(sets: Sets, set: string): ToolAnswer {
  for (const one of set === '' ? names(sets) : [set]) keep(sets.machine, members(one, sets), []);
  return DONE;
}

function change(sets: Sets, { command, set, rest, isLenient }: IpsetLine): ToolAnswer {
  const entry = rest[0] ?? '';
  const key = members(set, sets);
  const isIn = keptAs(sets.machine, key).includes(entry);
  if (command === 'test') {
    return isIn
      ? { stderr: `${entry} is in set ${set}.\n` }
      : { stderr: `${entry} is NOT in set ${set}.\n`, exit: 1, assumed: 'not in the set' };
  }
  if (command === 'add' && !isIn) keepAlso(sets.machine, key, entry);
  if (command === 'del') forget(sets.machine, key, entry);
  if (isIn === (command === 'add') && !isLenient) {
    return fail(
      `Element cannot be ${isIn ? "added to the set: it's already added" : "deleted from the set: it's not added"}`,
    );
  }
  return DONE;
}

function list(sets: Sets, set: string, namesOnly: boolean): ToolAnswer {
  const shown = set === '' ? names(sets) : [set];
  if (namesOnly || shown.length === 0)
    return printed(shown.map((one) => `${one}\n`).join(''), 'the sets of the script');
  return { unknown: 'how ipset prints its sets' };
}

function save(sets: Sets, set: string): ToolAnswer {
  const lines = keptAs(sets.machine, sets.key).filter((line) => set === '' || line.split(' ')[0] === set);
  const texts = lines.map((line) => {
    const name = line.split(' ')[0] ?? '';
    const entries = keptAs(sets.machine, members(name, sets)).map((entry) => `add ${name} ${entry}\n`);
    return `create ${line}\n${entries.join('')}`;
  });
  return printed(texts.join(''), 'the sets of the script');
}

function swap(sets: Sets, one: string, other: string): ToolAnswer {
  const mine = keptAs(sets.machine, members(one, sets));
  keep(sets.machine, members(one, sets), keptAs(sets.machine, members(other, sets)));
  keep(sets.machine, members(other, sets), mine);
  return DONE;
}

function rename(sets: Sets, one: string, other: string): ToolAnswer {
  swap(sets, one, other);
  keep(
    sets.machine,
    sets.key,
    keptAs(sets.machine, sets.key).map((line) => (line.split(' ')[0] === one ? line.replace(one, other) : line)),
  );
  return DONE;
}

function obey(sets: Sets, line: IpsetLine): ToolAnswer {
  const { command, set } = line;
  if (command === 'version') return printed('ipset v7.17, protocol version: 7\n');
  if (command === '') return refused(`ipset v7.17: No command specified: unknown argument ${set}`, 2);
  if (command === 'create') return create(sets, line);
  if (set !== '' && !names(sets).includes(set)) return fail(MISSING);
  if (command === 'destroy') return destroy(sets, set);
  if (command === 'flush') return flush(sets, set);
  if (command === 'list') return list(sets, set, line.namesOnly);
  if (command === 'save') return save(sets, set);
  if (command === 'swap') return swap(sets, set, line.rest[0] ?? '');
  if (command === 'rename') return rename(sets, set, line.rest[0] ?? '');
  return change(sets, line);
}

/** ipset 7. */
export function ipset(call: ToolCall, machine: Machine): ToolAnswer {
  const sets = { machine, key: `ipset ${call.netns}` };
  const line = readIpset(call.args);
  if (line.command !== 'restore') return obey(sets, line);
  for (const text of call.stdin.split('\n').filter((one) => one.trim() !== '' && !one.startsWith('#'))) {
    const own = readIpset(shellWords(text));
    const answer = obey(sets, { ...own, isLenient: own.isLenient || line.isLenient });
    if (answer.exit !== undefined) return answer;
  }
  return DONE;
}
