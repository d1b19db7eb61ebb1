/** Commands by each of their names: lib/args.c of ipset 7. */
const COMMANDS: Readonly<Record<string, string>> = {
  ...{ create: 'create', '-N': 'create', n: 'create', '--create': 'create', add: 'add', '-A': 'add', '--add': 'add' },
  ...{ del: 'del', '-D': 'del', '--del': 'del', test: 'test', '-T': 'test', '--test': 'test' },
  ...{ destroy: 'destroy', '-X': 'destroy', x: 'destroy', '--destroy': 'destroy', list: 'list', '-L': 'list' },
  ...{ '--list': 'list', save: 'save', '-S': 'save', '--save': 'save', flush: 'flush', '-F': 'flush' },
  ...{ '--flush': 'flush', restore: 'restore', '-R': 'restore', '--restore': 'restore', swap: 'swap', '-W': 'swap' },
  ...{ rename: 'rename', '-E': 'rename', version: 'version', '-v': 'version', '--version': 'version' },
};

/** One command of ipset; `command` is empty for words that are none. */
export interface IpsetLine {
  readonly command: string;
  readonly set: string;
  readonly rest: readonly string[];
  /** `-exist`: what is there already is no failure. */
  readonly isLenient: boolean;
  /** `-n`: only names are listed. */
  readonly namesOnly: boolean;
}

export function readIpset(args: readonly string[]): IpsetLine {
  const plain = args.filter(
    (word) => !/^(?:-!|--?exist|-q|--?quiet|-n|--?name|-t|--?terse|-o|-s|--?sorted)$/.test(word),
  );
  const [command = '', set = '', ...rest] = plain;
  const isLenient = args.some((word) => /^(?:-!|--?exist)$/.test(word));
  const namesOnly = args.some((word) => /^(?:-n|--?name)$/.test(word));
  return { command: COMMANDS[command] ?? '', set, rest, isLenient, namesOnly };
}
