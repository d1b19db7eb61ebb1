import { shellWords } from '../lang/index.ts';

/** One command of iptables: what it does to which rule. */
export interface IptablesLine {
  readonly table: string;
  /** Short name of the command, as `A` or `L`; empty: none was given. */
  readonly command: string;
  readonly chain: string;
  /** Number of a rule, new name of a chain, or policy. */
  readonly argument: string;
  /** Matches and target, as they were written. */
  readonly rule: readonly string[];
  /** Options that change what is printed, by their short names. */
  readonly output: readonly string[];
}

/** Commands by their long names: iptables/xshared.c. */
const COMMANDS: Readonly<Record<string, string>> = {
  ...{ '--append': 'A', '--delete': 'D', '--insert': 'I', '--replace': 'R', '--check': 'C', '--list': 'L' },
  ...{ '--list-rules': 'S', '--flush': 'F', '--zero': 'Z', '--new-chain': 'N', '--new': 'N' },
  ...{ '--delete-chain': 'X', '--policy': 'P', '--rename-chain': 'E', '--version': 'V' },
};
const SHORT = /^-([ADIRCLSFZNXPEV])$/;
/** Commands that name a number, a name or a policy behind the chain; `I` and `D` only if a number stands there. */
const TAKES_ARGUMENT = /^[PER]$/;
const MAY_TAKE_NUMBER = /^[IDLSZ]$/;

const OUTPUT: Readonly<Record<string, string>> = {
  ...{ '-n': 'n', '--numeric': 'n', '-v': 'v', '--verbose': 'v', '-vv': 'v', '-x': 'x', '--exact': 'x' },
  ...{ '--line-numbers': 'l', '--line-number': 'l', '-4': '4', '-6': '6', '--ipv4': '4', '--ipv6': '6' },
};

/** `-nvL` is `-n -v -L`: letters that take no word may be put together; the last may. */
function taken(word: string): readonly string[] {
  if (!/^-[nvx]+[ADIRCLSFZNXPEVnvx]$|^-[LS][nvx]+$/.test(word)) return [word];
  const letters = [...word.slice(1)];
  // The command goes last: its chain follows.
  return letters.sort((one, other) => Number(/[A-Z]/.test(one)) - Number(/[A-Z]/.test(other))).map((one) => `-${one}`);
}

/** Words by one name each: `--table=mangle` is two, a long command is a short one. */
function plainWords(args: readonly string[]): string[] {
  return args.flatMap((word) => {
    const [, name, value] = /^(--[a-z-]+)=(.*)$/s.exec(word) ?? [];
    if (name !== undefined && value !== undefined) return [name, value];
    return taken(word);
  });
}

/** ip(6)tables-restore and iptables take the same words. `table`: the one that a restored text is in. */
export function readIptables(args: readonly string[], table = 'filter'): IptablesLine {
  const line = { table, command: '', chain: '', argument: '', rule: [] as string[], output: [] as string[] };
  const rest = plainWords(args);
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const command = COMMANDS[word] ?? SHORT.exec(word)?.[1];
    if (command !== undefined && line.command === '') takeCommand(line, command, rest);
    else if (word === '-t' || word === '--table') line.table = rest.shift() ?? '';
    else if (/^(?:-w|--wait|-W|--wait-interval)$/.test(word)) {
      if (/^\d+$/.test(rest[0] ?? '')) rest.shift();
    } else if (OUTPUT[word] !== undefined) line.output.push(OUTPUT[word] ?? '');
    else line.rule.push(word);
  }
  return line;
}

function takeCommand(
  line: { command: string; chain: string; argument: string },
  command: string,
  rest: string[],
): void {
  line.command = command;
  if (command === 'V' || rest[0]?.startsWith('-')) return;
  line.chain = rest.shift() ?? '';
  if (TAKES_ARGUMENT.test(command) || (MAY_TAKE_NUMBER.test(command) && /^\d+$/.test(rest[0] ?? ''))) {
    line.argument = rest.shift() ?? '';
  }
}

/** The lines of a text for -restore: each with its table. */
export function restoredLines(text: string): readonly IptablesLine[] {
  const lines: IptablesLine[] = [];
  let table = 'filter';
  for (const written of text.split('\n')) {
    const line = written.trim().replace(/^\[\d+:\d+\] /, '');
    if (line.startsWith('*')) table = line.slice(1).trim();
    else if (line.startsWith(':')) lines.push(chainLine(table, line));
    else if (line.startsWith('-')) lines.push(readIptables(shellWords(line), table));
  }
  return lines;
}

/** `:CHAIN POLICY [0:0]`: a dash stands for a chain that is made. */
function chainLine(table: string, line: string): IptablesLine {
  const [chain = '', policy = '-'] = line.slice(1).split(/\s+/);
  const command = policy === '-' ? 'N' : 'P';
  return { table, command, chain, argument: policy === '-' ? '' : policy, rule: [], output: [] };
}

/** The value of a word of a rule, whichever of its names is used; undefined: it is not there. */
export function ruleValue(rule: readonly string[], ...names: readonly string[]): string | undefined {
  const at = rule.findIndex((word) => names.includes(word));
  return at < 0 ? undefined : rule[at + 1];
}
