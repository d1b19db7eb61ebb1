import { Argument, Command, Option } from 'commander';
import type { EngineName } from '../../src/replay.ts';
import type { BucketKind, By } from '../../src/study/index.ts';

/** What the options of both commands say, as typed; read by options.ts. */
export interface WalkFlags {
  readonly filter?: readonly string[];
  readonly script?: string;
  readonly ipset?: readonly string[];
  readonly dev?: string;
  readonly parent?: string;
  readonly at: 'egress' | 'ingress' | 'clsact-egress';
  readonly vlan: 'offload' | 'inband';
  readonly era: string;
  readonly seed?: string;
  readonly hashrnd?: readonly string[];
  readonly rxhashKey?: string;
  readonly foldKey?: string;
  readonly nat?: readonly string[];
  readonly conntrack?: string;
  readonly set?: readonly string[];
  readonly meta?: string;
}

export interface ClassifyFlags extends WalkFlags {
  readonly format?: 'table' | 'json' | 'ndjson' | 'csv';
  readonly packets?: true;
  readonly all?: true;
  readonly flows: boolean;
  readonly strict?: true;
  readonly engine: EngineName;
  readonly threads?: string;
  readonly seeds?: string;
  readonly perturb?: true;
  readonly copies?: string;
  readonly export?: string;
  readonly exportClass?: readonly string[];
  readonly expect?: string;
}

/** Captures are looked at as a filter would see them, before there is one. */
export interface AdviseFlags extends Pick<WalkFlags, 'at' | 'vlan' | 'era' | 'seed' | 'nat' | 'conntrack' | 'meta'> {
  readonly by: By;
  readonly qdisc: BucketKind;
  readonly rate: string;
  readonly dev: string;
  readonly seeds: string;
  readonly output?: string;
  readonly format: 'text' | 'json';
}

export interface ClassesFlags extends Pick<WalkFlags, 'filter' | 'script' | 'ipset' | 'dev' | 'parent' | 'era'> {
  readonly kind: 'htb' | 'hfsc' | 'drr' | 'qfq';
  readonly rate: string;
  readonly max: string;
}

export interface CompareFlags extends Omit<WalkFlags, 'script'> {
  readonly script?: readonly string[];
  readonly all?: true;
  readonly format: 'text' | 'json';
}

export interface RecoverFlags {
  readonly filter?: string;
  readonly pair?: readonly string[];
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  readonly probe?: readonly string[];
  readonly range?: string;
  readonly format: 'text' | 'json';
}

export interface ExplainFlags extends WalkFlags {
  readonly packet?: string;
  readonly hex?: string;
  readonly format: 'text' | 'json';
}

export interface TcFlags {
  readonly live?: true;
  readonly state?: string;
  readonly dev?: readonly string[];
  readonly ipset?: readonly string[];
  readonly era?: string;
  readonly strictDev?: true;
}

export interface RecordFlags {
  readonly output?: string;
  readonly yes?: true;
}

export interface DiffFlags {
  readonly live: string;
  readonly apply?: true;
  readonly format: 'text' | 'json';
}

export interface CheckFlags {
  readonly format: 'text' | 'json' | 'sarif';
  readonly fix?: true;
  readonly failOn: 'error' | 'warning' | 'advice';
  readonly hosts?: string;
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** What each command does, loaded only when it is asked for. */
export interface Handlers {
  classify(captures: readonly string[], flags: ClassifyFlags): Promise<void>;
  explain(what: readonly string[], flags: ExplainFlags): Promise<void>;
  tc(args: readonly string[], flags: TcFlags): Promise<void>;
  diff(script: string, flags: DiffFlags): Promise<void>;
  netlink(action: 'decode' | 'encode', args: readonly string[]): Promise<void>;
  compare(captures: readonly string[], flags: CompareFlags): Promise<void>;
  advise(captures: readonly string[], flags: AdviseFlags): Promise<void>;
  classes(flags: ClassesFlags): Promise<void>;
  recoverSeed(files: readonly string[], flags: RecoverFlags): Promise<void>;
  check(script: string, flags: CheckFlags): Promise<void>;
  record(command: readonly string[], flags: RecordFlags): Promise<void>;
  completion(shell: Shell): Promise<void>;
}

export const EXIT_CODES: readonly (readonly [number, string])[] = [
  [0, 'done'],
  [1, 'a file could not be read (what could be read is in the result), or packets did not end as --expect says'],
  [2, 'the command line is wrong, or the kernel would refuse a filter'],
  [3, 'with --strict: a capture ends in the middle of a record'],
  [130, 'interrupted'],
];

export const EXAMPLES: Readonly<
  Record<'classify' | 'explain' | 'compare' | 'advise' | 'recover-seed', readonly string[]>
> = {
  classify: [
    "cls-flow classify capture.pcapng --filter 'hash keys src divisor 16'",
    "cls-flow classify wan.pcap --filter 'hash keys nfct-src divisor 64' --nat 'masquerade 192.168.0.0/16 to 203.0.113.2'",
    "zcat old.pcap.gz | cls-flow classify - --filter 'map key dst and 0xff' --packets --format csv",
  ],
  explain: [
    "cls-flow explain capture.pcapng --packet 17 --filter 'hash keys src,dst divisor 1024'",
    "cls-flow explain 'tcp 192.168.1.7:51514 > 1.1.1.1:443' --filter 'hash keys src,dst divisor 1024'",
  ],
  compare: [
    "cls-flow compare peak.pcap --filter 'hash keys src divisor 256' --filter 'hash keys src divisor 1024'",
    'cls-flow compare peak.pcap --script old.sh --script new.sh --dev eth0',
  ],
  advise: [
    'cls-flow advise peak.pcap.gz --by dst --qdisc htb --rate 1gbit --dev eth1 -o classes.tc',
    "cls-flow advise wan.pcap --by host --nat 'masquerade 192.168.0.0/16 to 203.0.113.2'",
  ],
  'recover-seed': [
    "cls-flow recover-seed --filter 'hash keys src,dst divisor 1024' --pair '192.168.1.1>8.8.8.8=1:6b' --pair …",
    "cls-flow recover-seed --filter 'hash keys dst divisor 8' --before a --after b --probe '192.168.0.1>8.8.8.8' …",
  ],
};

const list = (value: string, earlier: readonly string[] = []): string[] => [...earlier, value];

/** Said once to `tc`, which keeps the sets in its state file; to the other commands whenever they run. */
const ipsetOption = (): Option =>
  new Option(
    '--ipset <file|name=file>',
    'sets for ipset(NAME src): what ipset save or list prints, or the entries of one set called NAME',
  ).argParser(list);

/** The options that say what is classified and with what, in the order of the help. */
const WALK: readonly { readonly group: string; readonly options: () => readonly Option[] }[] = [
  {
    group: 'Filters:',
    options: () => [
      new Option('--filter <spec>', 'what follows "flow" in tc; again for preference 2, 3, …').argParser(list),
      new Option('--script <file>', 'a tc batch file or shell script instead: its literal tc commands'),
      new Option('--dev <name>', 'with --script: the device whose filters are asked (default: the only one it names)'),
      new Option('--parent <id>', 'with --script: the filters of this parent, not of the root qdisc'),
      ipsetOption(),
      new Option('--at <hook>', 'where the packets meet the filters; clsact-egress with --script')
        .choices(['egress', 'ingress', 'clsact-egress'])
        .default('egress'),
      new Option('--vlan <device>', 'what the device does with VLAN tags')
        .choices(['offload', 'inband'])
        .default('offload'),
      new Option('--era <kernel>', 'whose rules').choices(['6.1', '6.1.170', '6.12', 'seed']).default('6.1'),
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
    group: 'What a capture does not hold:',
    options: () => [
      new Option(
        '--nat <rule>',
        'masquerade PREFIX to ADDR | snat PREFIX to ADDR[:PORT-PORT] | dnat ADDR[:PORT] to ADDR[:PORT]; first match wins',
      ).argParser(list),
      new Option('--conntrack <file>', 'table written by conntrack -L, or /proc/net/nf_conntrack'),
      new Option('--set <name=value,…>', 'for all packets: mark, priority, iif, sk-uid, rt-classid, …').argParser(list),
      new Option('--meta <file>', 'the same for single packets or prefixes, one JSON object a line'),
    ],
  },
];

/** Adds the options above, or those of them that are wanted. */
function addWalk(command: Command, wanted: (option: string) => boolean = () => true): Command {
  for (const { group, options } of WALK) {
    command.optionsGroup(group);
    for (const option of options()) if (wanted(option.name())) command.addOption(option);
  }
  return command;
}

/** In the order of help. */
const COMMANDS: Readonly<Record<string, (program: Command, handlers: Handlers) => void>> = {
  classify: addClassify,
  explain: addExplain,
  tc: addTc,
  diff: addDiff,
  netlink: addNetlink,
  compare: addCompare,
  advise: addAdvise,
  classes: addClasses,
  'recover-seed': addRecoverSeed,
  check: addCheck,
  record: addRecord,
  completion: addCompletion,
};

/**
 * The command line: names, options and help. Imports the parser only, so that help and version answer at once. `first`:
 * what the command line begins with; if that is a command, there is no other: to make all took 4 ms.
 */
export function createProgram(version: string, handlers: Handlers, first = ''): Command {
  const program = new Command('cls-flow')
    .description('Which class the Linux flow classifier (tc filter … flow) gives each packet of a capture, and why.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: false })
    .enablePositionalOptions()
    .exitOverride()
    .addHelpText('after', () => `\n${exitCodeHelp()}\n\nMore: cls-flow classify --help, man cls-flow`);
  const named = Object.entries(COMMANDS).filter(([name]) => name === first);
  for (const [, add] of named.length > 0 ? named : Object.entries(COMMANDS)) add(program, handlers);
  return program;
}

function addClassify(program: Command, handlers: Handlers): void {
  const command = program
    .command('classify')
    .description('which classes the packets of captures fall into')
    .argument('<capture...>', 'pcap or pcapng, plain, gzip or zstd; - for standard input');
  addWalk(command)
    .optionsGroup('Output:')
    .addOption(
      new Option('--format <format>', 'table, or with --packets ndjson (there json is the same)').choices([
        'table',
        'json',
        'ndjson',
        'csv',
      ]),
    )
    .option('--packets', 'one record a packet instead of the sums')
    .option('--all', 'every class, not only the 20 largest')
    .option('--no-flows', 'do not count flows and hosts: constant memory')
    .option('--copies <file>', 'write every copy that mirred sends to a pcapng file, one interface a device')
    .option(
      '--expect <file>',
      "exit with 1 unless packets end as said: lines 'ADDR[:PORT] -> ADDR|CLASSID shaped|direct|dropped|passed'",
    )
    .option('--export <file>', 'write all packets to a pcapng file, the class of each as its comment')
    .addOption(
      new Option('--export-class <id=file>', 'write the packets of a class to a pcap file; again for others').argParser(
        list,
      ),
    )
    .addOption(
      new Option('--engine <engine>', 'compiled asks many packets at once, where it can; plain is the definition')
        .choices(['auto', 'plain', 'compiled'] satisfies EngineName[])
        .default('auto'),
    )
    .option(
      '--threads <n>',
      'threads for one large file; by itself one, and from 512 MiB on as many as there are processors, up to 4',
    )
    .option('--strict', 'exit with 3 if a capture ends in the middle of a record')
    .option('--seeds <n>', 'instead: how hosts share over N values of hashrnd, not one (table or json)')
    .option('--perturb', 'instead: who shares with whom in each period between two draws (table or json)')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', () => `\n${exampleHelp('classify')}\n\n${exitCodeHelp()}`)
    .action((captures: string[], flags: ClassifyFlags) => handlers.classify(captures, flags));
}

function addExplain(program: Command, handlers: Handlers): void {
  const command = program
    .command('explain')
    .description('the walk of one packet, step by step')
    .argument('[what...]', "captures (with --packet), or a packet in words: 'tcp 192.168.1.7:51514 > 1.1.1.1:443'")
    .optionsGroup('Packet:')
    .option('--packet <n>', 'number of the packet, counted from 1 over all captures')
    .option('--hex <frame>', 'an Ethernet frame in hex');
  addWalk(command)
    .optionsGroup('Output:')
    .addOption(new Option('--format <format>', 'how it is told').choices(['text', 'json']).default('text'))
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', () => `\n${exampleHelp('explain')}\n\n${exitCodeHelp()}`)
    .action((what: string[], flags: ExplainFlags) => handlers.explain(what, flags));
}

/** tc's own words are passed through as they are, `-h` and unknown options too; ours stand before them. */
function addTc(program: Command, handlers: Handlers): void {
  program
    .command('tc')
    .description('one tc command against an emulated kernel that a file keeps, or the running one; exits as tc does')
    .usage(
      '[--live | [--state FILE] [--dev NAME[:IFINDEX]] [--ipset [NAME=]FILE] [--era KERNEL] [--strict-dev]] TC-ARGUMENTS…',
    )
    .argument('[args...]', 'what follows "tc": filter add dev eth0 …, -s filter show dev eth0, -batch FILE')
    .option('--live', 'talk to the running Linux kernel: no state file, and no device that is not there')
    .option('--state <file>', "where the kernel is kept (default: CLS_FLOW_STATE, or in the user's state directory)")
    .addOption(new Option('--dev <name[:ifindex]>', 'a device that exists; lo always does').argParser(list))
    .addOption(ipsetOption())
    .addOption(new Option('--era <kernel>', 'whose rules, for a new state').choices(['6.1', '6.1.170', '6.12', 'seed']))
    .option('--strict-dev', 'never make a device because a qdisc names it')
    .helpOption('--help', 'print this help')
    .allowUnknownOption()
    .passThroughOptions()
    .action((args: string[], flags: TcFlags) => handlers.tc(args, flags));
}

function addDiff(program: Command, handlers: Handlers): void {
  program
    .command('diff')
    .description(
      'what a script plans for a device of the running kernel, what is installed, and how to make them equal',
    )
    .usage('SCRIPT --live DEV [--apply] [--format text|json]')
    .argument('<script>', 'a tc batch file or shell script: its literal tc commands; - for standard input')
    .requiredOption('--live <dev>', 'the device of the running Linux kernel that is compared')
    .option('--apply', 'run the commands, read back and compare again; without it nothing is changed')
    .addOption(new Option('--format <format>', 'how it is told').choices(['text', 'json']).default('text'))
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', '\nExit codes:\n  0    as planned\n  1    different\n  2    cannot compare or apply')
    .action((script: string, flags: DiffFlags) => handlers.diff(script, flags));
}

function addNetlink(program: Command, handlers: Handlers): void {
  program
    .command('netlink')
    .description('traffic control messages: the bytes of a tc command, and what bytes mean')
    .addArgument(new Argument('<action>', 'decode FILE|HEX, or encode TC-ARGUMENTS').choices(['decode', 'encode']))
    .argument('[args...]', 'decode: hex, a file of hex, or an nlmon capture; encode: what follows "tc"')
    .helpOption('--help', 'print this help')
    .allowUnknownOption()
    .passThroughOptions()
    .action((action: 'decode' | 'encode', args: string[]) => handlers.netlink(action, args));
}

function addCompare(program: Command, handlers: Handlers): void {
  const command = program
    .command('compare')
    .description('who moves from one filter to another: hosts, flows, classes, fairness')
    .usage('CAPTURE… (--filter BEFORE --filter AFTER | --script BEFORE --script AFTER) [options]')
    .argument('<capture...>', 'pcap or pcapng, plain, gzip or zstd; - for standard input');
  addWalk(command, (name) => name !== 'script')
    .addOption(new Option('--script <file>', 'a tc batch file or shell script instead; twice').argParser(list))
    .optionsGroup('Output:')
    .option('--all', 'every row, not only the 20 largest')
    .addOption(new Option('--format <format>', 'how it is told').choices(['text', 'json']).default('text'))
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', () => `\n${exampleHelp('compare')}`)
    .action((captures: string[], flags: CompareFlags) => handlers.compare(captures, flags));
}

const ADVISE_WALK = ['at', 'vlan', 'era', 'seed', 'nat', 'conntrack', 'meta'];

function addAdvise(program: Command, handlers: Handlers): void {
  const command = program
    .command('advise')
    .description('which keys and divisor suit the hosts of captures, and the tc commands')
    .argument('<capture...>', 'pcap or pcapng, plain, gzip or zstd; - for standard input')
    .optionsGroup('Who and where:')
    .addOption(
      new Option('--by <who>', 'who is to be kept apart: senders (before NAT if told), receivers, or flows')
        .choices(['host', 'dst', 'flow'])
        .default('host'),
    )
    .addOption(
      new Option('--qdisc <kind>', 'whose buckets or classes take them')
        .choices(['sfq', 'fq_codel', 'drr', 'qfq', 'htb', 'hfsc'])
        .default('sfq'),
    )
    .option('--rate <rate>', 'of the link, for htb and hfsc', '100mbit')
    .option('--dev <name>', 'device in the commands', 'eth0')
    .option('--seeds <n>', 'values of hashrnd that are averaged over', '100');
  addWalk(command, (name) => ADVISE_WALK.includes(name))
    .optionsGroup('Output:')
    .option('-o, --output <file>', 'write the commands here too, as a tc batch file with every class')
    .addOption(new Option('--format <format>', 'how it is told').choices(['text', 'json']).default('text'))
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', () => `\n${exampleHelp('advise')}`)
    .action((captures: string[], flags: AdviseFlags) => handlers.advise(captures, flags));
}

const CLASSES_WALK = ['filter', 'script', 'ipset', 'era'];

function addClasses(program: Command, handlers: Handlers): void {
  const command = program
    .command('classes')
    .description('the tc class add lines of all classes that filters can give')
    .usage('(--filter SPEC… | --script FILE) [options]');
  addWalk(command, (name) => CLASSES_WALK.includes(name))
    .optionsGroup('Classes:')
    .option('--dev <name>', 'device in the lines, with --script the one whose filters are asked (default: eth0)')
    .option('--parent <id>', "parent of the classes (default: the qdisc of the filters' base class, as 1:)")
    .addOption(new Option('--kind <kind>', 'of the classes').choices(['htb', 'hfsc', 'drr', 'qfq']).default('htb'))
    .option('--rate <rate>', 'of the link, which htb and hfsc classes share evenly', '100mbit')
    .option('--max <n>', 'print at most this many classes, or none', '32768')
    .helpOption('-h, --help', 'print this help')
    .action((flags: ClassesFlags) => handlers.classes(flags));
}

function addRecoverSeed(program: Command, handlers: Handlers): void {
  program
    .command('recover-seed')
    .description("find a filter's hidden hashrnd from packets whose classes were observed on your own kernel")
    .argument('[file...]', 'JSON: a list of {"keys", "divisor", "baseclass", "observed": [{"keyValues", "class"}]}')
    .optionsGroup('Observations, without a file:')
    .option('--filter <spec>', 'what follows "flow" in tc, in hash mode')
    .addOption(
      new Option(
        '--pair <pair>',
        "'SRC>DST=CLASS', 'tcp SRC:PORT > DST:PORT=CLASS', or key values '0xHEX,0xHEX=CLASS'",
      ).argParser(list),
    )
    .addOption(new Option('--before <file>', 'tc -s class show before a probe; once for each').argParser(list))
    .addOption(new Option('--after <file>', 'tc -s class show after it').argParser(list))
    .addOption(
      new Option('--probe <packet>', "the packet that was sent between: like a --pair without '=CLASS'").argParser(
        list,
      ),
    )
    .optionsGroup('Search:')
    .option('--range <first-last>', 'seeds to try: to share the work between machines (default: all)')
    .optionsGroup('Output:')
    .addOption(new Option('--format <format>', 'how it is told').choices(['text', 'json']).default('text'))
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', () => `\n${exampleHelp('recover-seed')}`)
    .action((files: string[], flags: RecoverFlags) => handlers.recoverSeed(files, flags));
}

function addCheck(program: Command, handlers: Handlers): void {
  program
    .command('check')
    .description('what is wrong with a tc script: each line, what it does to packets, and how it would be right')
    .argument(
      '<script>',
      'a tc -batch file, a shell script (its literal tc lines), tc -j filter show; - for standard input',
    )
    .addOption(new Option('--format <format>', 'how it is told').choices(['text', 'json', 'sarif']).default('text'))
    .option('--fix', 'write the corrected script beside it: NAME.fixed.EXT')
    .addOption(
      new Option('--fail-on <severity>', 'exit with 1 if anything is as bad as this')
        .choices(['error', 'warning', 'advice'])
        .default('warning'),
    )
    .option('--hosts <n>', 'how many hosts the filters are to keep apart: judges the number of buckets')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', () => `\n${CHECK_HELP}`)
    .action((script: string, flags: CheckFlags) => handlers.check(script, flags));
}

const CHECK_HELP = `A comment "# cls-flow: ignore FT011" silences its line, or the next one. Findings: docs/findings.

Exit codes:
  0    nothing found
  1    something was found that is as bad as --fail-on
  2    the script could not be read`;

function addRecord(program: Command, handlers: Handlers): void {
  program
    .command('record')
    .description('run a script among stand-ins for tc, ip, iptables, nft, …; what it asks of tc becomes a batch file')
    .usage('[-o FILE] [--yes] -- COMMAND [ARGUMENTS…]')
    .argument('<command...>', 'the script and its arguments; it is really run, without the terminal')
    .option('-o, --output <file>', 'write the batch file here, not to standard output')
    .option('--yes', 'do not ask on a terminal before the script is run')
    .helpOption('-h, --help', 'print this help')
    .passThroughOptions()
    .action((command: string[], flags: RecordFlags) => handlers.record(command, flags));
}

function addCompletion(program: Command, handlers: Handlers): void {
  program
    .command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .helpOption('-h, --help', 'print this help')
    .action((shell: Shell) => handlers.completion(shell));
}

function exampleHelp(name: keyof typeof EXAMPLES): string {
  return `Examples:\n${EXAMPLES[name].map((line) => `  ${line}`).join('\n')}`;
}

function exitCodeHelp(): string {
  return `Exit codes:\n${EXIT_CODES.map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`).join('\n')}`;
}
