import { type CliCommand, exitCodes, formatOption } from './command.ts';
import { addWalkOptions, namesOption, UNREADABLE, type WalkFlags, WRONG_FILTER } from './walk.ts';

export interface WhyFlags extends WalkFlags {
  readonly names?: string;
  readonly seeds: string;
  readonly format: 'text' | 'json';
}

export const why: CliCommand = {
  name: 'why',
  script: 'option',
  summary: 'one host: its classes, who shares them, the chance of that, what would change it',
  define(command) {
    command
      .argument('<address>', 'of the host: 192.168.1.7')
      .argument('<capture...>', 'pcap or pcapng, plain, gzip or zstd; - for standard input');
    addWalkOptions(command)
      .optionsGroup('Output:')
      .addOption(namesOption())
      .option('--seeds <n>', 'values of hashrnd that chances are taken over', '100')
      .addOption(formatOption('text', 'json'));
  },
  examples: [
    "cls-flow why 192.168.1.7 wan.pcap --script qos.sh --dev wan0 --nat 'masquerade 192.168.1.0/24 to 203.0.113.2'",
    "cls-flow why 192.168.1.7 lan.pcap --filter 'hash keys src divisor 16'",
  ],
  exits: exitCodes(`${UNREADABLE}, or no packet of the host met the filters`, WRONG_FILTER),
  async run(address: string, captures: readonly string[], flags: WhyFlags) {
    const { whyHost } = await import('../why.ts');
    return whyHost(address, captures, flags);
  },
};
