import { Option } from 'commander';
import type { EngineName } from '../../../src/replay/index.ts';
import type { HostsBy } from '../../../src/study/index.ts';
import { type CliCommand, exitCodes, list } from './command.ts';
import { addWalkOptions, namesOption, UNREADABLE, type WalkFlags, WRONG_FILTER } from './walk.ts';

export interface ClassifyFlags extends WalkFlags {
  readonly format?: 'table' | 'json' | 'ndjson' | 'csv';
  readonly packets?: true;
  readonly fields?: string;
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
  readonly every?: string;
  readonly by?: HostsBy;
  readonly top?: string;
  readonly only?: string;
  readonly names?: string;
  readonly subscriberPrefix?: string;
}

export const classify: CliCommand = {
  name: 'classify',
  script: 'option',
  summary: 'which classes the packets of captures fall into',
  define(command) {
    command.argument('<capture...>', 'pcap or pcapng, plain, gzip or zstd; - for standard input');
    addWalkOptions(command)
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
      .option('--fields <names>', 'with --packets, ndjson or csv: these fields alone: packet,src,dst,classid')
      .option('--all', 'every class, or host, not only the 20 largest')
      .addOption(
        new Option('--by <who>', 'each host, receiver, flow or subscriber: its classes, and who shares them').choices([
          'host',
          'dst',
          'flow',
          'subscriber',
        ] satisfies HostsBy[]),
      )
      .option('--top <n>', 'the n largest flows of each class, too')
      .option('--only <address|prefix>', 'with --by: these hosts alone')
      .addOption(namesOption())
      .option('--subscriber-prefix <bits>', 'with --by subscriber: bits of IPv6 addresses that are one (default: 64)')
      .option('--no-flows', 'do not count flows and hosts: constant memory')
      .option('--copies <file>', 'write every copy that mirred sends to a pcapng file, one interface a device')
      .option(
        '--expect <file>',
        "exit with 1 unless packets end as said: lines 'ADDR[:PORT] -> ADDR|CLASSID shaped|direct|dropped|passed'",
      )
      .option('--export <file>', 'write all packets to a pcapng file, the class of each as its comment')
      .addOption(
        new Option(
          '--export-class <id=file>',
          'write the packets of a class to a pcap file; again for others',
        ).argParser(list),
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
      .option('--every <time>', 'instead: packets and bytes of each class in each such time, 1s or 500ms (csv or json)')
      .option('--seeds <n>', 'instead: how hosts share over N values of hashrnd, not one (table or json)')
      .option('--perturb', 'instead: who shares with whom in each period between two draws (table or json)');
  },
  examples: [
    "cls-flow classify wan.pcap --filter 'hash keys src divisor 64' --by host --names hosts.txt",
    "cls-flow classify capture.pcapng --filter 'hash keys src divisor 16'",
    "cls-flow classify wan.pcap --filter 'hash keys nfct-src divisor 64' --nat 'masquerade 192.168.0.0/16 to 203.0.113.2'",
    "zcat old.pcap.gz | cls-flow classify - --filter 'map key dst and 0xff' --packets --format csv",
  ],
  exits: exitCodes(`${UNREADABLE}, or packets did not end as --expect says`, WRONG_FILTER, [
    3,
    'with --strict: a capture ends in the middle of a record',
  ]),
  async run(captures: readonly string[], flags: ClassifyFlags) {
    const { classify } = await import('../classify.ts');
    return classify(captures, flags);
  },
};
