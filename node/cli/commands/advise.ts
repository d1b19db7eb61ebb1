import { Option } from 'commander';
import type { By } from '../../../src/study/index.ts';
import { TARGET_KINDS } from '../choices.ts';
import { type CliCommand, exitCodes, formatOption } from './command.ts';
import type { LimitFlags } from './limits.ts';
import { addWalkOptions, UNREADABLE, type WalkFlags } from './walk.ts';

/** Captures are looked at as a filter would see them, before there is one. */
export interface AdviseFlags
  extends Pick<
    WalkFlags,
    | 'at'
    | 'vlan'
    | 'era'
    | 'seed'
    | 'nat'
    | 'conntrack'
    | 'conntrackMax'
    | 'captured'
    | 'interface'
    | 'direction'
    | 'hosts'
    | 'meta'
    | keyof LimitFlags
  > {
  readonly by: By;
  readonly qdisc: string;
  readonly rate?: string;
  readonly dev: string;
  readonly seeds: string;
  readonly max: string;
  readonly output?: string;
  readonly format: 'text' | 'json';
}

const WALK = [
  'at',
  'vlan',
  'era',
  'seed',
  'nat',
  'conntrack',
  'conntrack-max',
  'captured',
  'interface',
  'direction',
  'hosts',
  'meta',
  'max-text',
  'max-entries',
];

export const advise: CliCommand = {
  name: 'advise',
  summary: 'which keys and divisor suit the hosts of captures, and the tc commands',
  define(command) {
    command
      .argument('<capture...>', 'pcap or pcapng, plain, gzip or zstd; - for standard input')
      .optionsGroup('Who and where:')
      .addOption(
        new Option('--by <who>', 'who is to be kept apart: senders (before NAT if told), receivers, or flows')
          .choices(['host', 'dst', 'flow'])
          .default('host'),
      )
      .addOption(
        new Option('--qdisc <kind>', 'whose buckets or classes take them; auto weighs several')
          .choices(['auto', ...TARGET_KINDS])
          .default('auto'),
      )
      .option('--rate <rate>', 'of the link, for auto, htb and hfsc')
      .option('--max <n>', 'make at most this many classes', '4096')
      .option('--dev <name>', 'device in the commands', 'eth0')
      .option('--seeds <n>', 'values of hashrnd that are averaged over', '100');
    addWalkOptions(command, (name) => WALK.includes(name))
      .optionsGroup('Output:')
      .option('-o, --output <file>', 'write the commands here too, as a tc batch file with every class')
      .addOption(formatOption('text', 'json'));
  },
  examples: [
    'cls-flow advise peak.pcap.gz --by dst --rate 1gbit --dev eth1 -o shaper.tc',
    'cls-flow advise peak.pcap.gz --by dst --rate 1gbit --qdisc htb --max 8192',
    "cls-flow advise wan.pcap --by host --nat 'masquerade 192.168.0.0/16 to 203.0.113.2'",
  ],
  exits: exitCodes(UNREADABLE, 'the command line is wrong'),
  async run(captures: readonly string[], flags: AdviseFlags) {
    const { advise } = await import('../advise.ts');
    return advise(captures, flags);
  },
};
