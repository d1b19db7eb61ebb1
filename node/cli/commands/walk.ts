import { type Command, Option } from 'commander';
import { ERA_NAMES } from '../choices.ts';
import type { ShellFlags } from '../script-files.ts';
import { list } from './command.ts';
import { type LimitFlags, maxEntriesOption, maxTextOption } from './limits.ts';

/** The options of all commands that classify, as typed; read by ../options.ts. */
export interface WalkFlags extends LimitFlags, ShellFlags {
  readonly filter?: readonly string[];
  readonly script?: string;
  readonly state?: string;
  readonly live?: string;
  readonly ipset?: readonly string[];
  readonly dev?: string;
  readonly parent?: string;
  readonly txQueues?: string;
  readonly at: 'egress' | 'ingress' | 'clsact-egress';
  readonly vlan: 'offload' | 'inband';
  readonly era?: string;
  readonly seed?: string;
  readonly hashrnd?: readonly string[];
  readonly rxhashKey?: string;
  readonly foldKey?: string;
  readonly nat?: readonly string[];
  readonly conntrack?: string;
  readonly conntrackMax?: string;
  readonly captured?: string;
  readonly interface?: string;
  readonly direction?: 'in' | 'out' | 'both';
  readonly hosts?: readonly string[];
  readonly set?: readonly string[];
  readonly meta?: string;
}

/** What 2 means where filters are given. */
export const WRONG_FILTER = 'the command line is wrong, or the kernel would refuse a filter';
/** What 1 means where captures are read. */
export const UNREADABLE = 'a file could not be read (what could be read is in the result)';

/** `tc` keeps the sets in its state file; the other commands need it whenever they run. */
export const ipsetOption = (): Option =>
  new Option(
    '--ipset <file|name=file>',
    'sets for ipset(NAME src): what ipset save or list prints, or the entries of one set called NAME',
  ).argParser(list);

/** What a shell script is given besides its arguments. */
export const shellOptions = (): readonly Option[] => [
  new Option('--env <name=value>', 'an environment variable of a shell script; it has no others').argParser(list),
  new Option('--file <path=file>', 'what a shell script finds at PATH; else it may read its own folder').argParser(
    list,
  ),
];

/** Of the commands that run tc commands in the emulated kernel. */
export const txQueuesOption = (): Option =>
  new Option(
    '--tx-queues <n>',
    'transmit queues of every device (default: as many as are named, and 2 where a qdisc needs several)',
  );

/** In the place of a script: a kernel that was kept, and the one that runs. */
export const setUpOptions = (): readonly Option[] => [
  new Option('--state <file>', 'instead: the emulated kernel that cls-flow tc keeps in a file'),
  new Option('--live <dev>', 'instead: what the running Linux kernel has on this device; nothing is changed'),
];

/** Of the commands that name hosts. */
export const namesOption = (): Option =>
  new Option('--names <file>', 'names of hosts: lines ADDRESS NAME or PREFIX NAME, the longest prefix wins');

/** The options that say what is classified and with what, in the order of the help. */
const WALK: readonly { readonly group: string; readonly options: () => readonly Option[] }[] = [
  {
    group: 'Filters:',
    options: () => [
      new Option('--filter <spec>', 'what follows "flow" in tc; again for preference 2, 3, …').argParser(list),
      new Option(
        '--script <file>',
        'instead: a tc batch file, a shell script (what follows -- are its arguments), or what tc -j … show or tc … show printed',
      ),
      ...shellOptions(),
      ...setUpOptions(),
      new Option('--dev <name>', 'with these: the device whose filters are asked (default: the only one it names)'),
      new Option('--parent <id>', 'with these: the filters of this parent, not of the root qdisc'),
      txQueuesOption(),
      ipsetOption(),
      new Option('--at <hook>', 'where the packets meet the filters; clsact-egress with --script')
        .choices(['egress', 'ingress', 'clsact-egress'])
        .default('egress'),
      new Option('--vlan <device>', 'what the device does with VLAN tags')
        .choices(['offload', 'inband'])
        .default('offload'),
      new Option('--era <kernel>', "whose rules (default: 6.1, or the state's)").choices(ERA_NAMES),
    ],
  },
  {
    group: 'What the kernel draws at random:',
    options: () => [
      new Option('--seed <n>', 'draws everything of these that is not given (0 if none is)'),
      new Option('--hashrnd <u32>', "a filter's hashrnd, in filter order").argParser(list),
      new Option('--rxhash-key <hex64,hex64>', 'key of the flow hash (rxhash)'),
      new Option('--fold-key <hex64,hex64>', 'key under which pointers are folded'),
    ],
  },
  {
    group: 'From the capture to the filters:',
    options: () => [
      new Option(
        '--captured <side>',
        "where packets were captured: lan, before this router's NAT; wan, behind it; here, at these filters; or of each interface, lan0=lan,wan0=wan (default: guessed, and printed)",
      ),
      new Option('--interface <name>', 'packets of this interface of the capture alone'),
      new Option(
        '--direction <way>',
        'whether packets came in where they were captured, or went out; both: as each packet tells',
      ).choices(['in', 'out', 'both']),
      new Option(
        '--hosts <prefix,…>',
        "where the hosts are: of a packet's two addresses the one that lies there is its host's",
      ).argParser(list),
    ],
  },
  {
    group: 'What a capture does not hold:',
    options: () => [
      new Option(
        '--nat <rule>',
        'masquerade PREFIX to ADDR | snat PREFIX to ADDR[:PORT-PORT] | dnat ADDR[:PORT] to ADDR[:PORT]; first match wins',
      ).argParser(list),
      new Option('--conntrack <file>', 'table written by conntrack -L, or /proc/net/nf_conntrack'),
      new Option(
        '--conntrack-max <n>',
        'connections that are followed at once, as net.netfilter.nf_conntrack_max; 0: all (default: 262144)',
      ),
      new Option(
        '--set <name=value,…>',
        'for all packets: mark, priority, iif, sk-uid, linear, transport, …',
      ).argParser(list),
      new Option('--meta <file>', 'the same for single packets or prefixes, one JSON object a line'),
    ],
  },
  { group: 'What is read at most, besides captures:', options: () => [maxTextOption(), maxEntriesOption()] },
];

/** Adds the options above, or those of them that are wanted. */
export function addWalkOptions(command: Command, wanted: (option: string) => boolean = () => true): Command {
  for (const { group, options } of WALK) {
    command.optionsGroup(group);
    for (const option of options()) if (wanted(option.name())) command.addOption(option);
  }
  return command;
}
