import { Option } from 'commander';
import { type CliCommand, exitCodes, formatOption, list } from './command.ts';
import { addWalkOptions, UNREADABLE, type WalkFlags, WRONG_FILTER } from './walk.ts';

export interface CompareFlags extends Omit<WalkFlags, 'script'> {
  readonly script?: readonly string[];
  readonly all?: true;
  readonly format: 'text' | 'json' | 'csv';
}

export const compare: CliCommand = {
  name: 'compare',
  script: 'option',
  summary: 'who moves from one filter to another: hosts, flows, classes, fairness',
  usage:
    'CAPTURE… (--filter BEFORE --filter AFTER | --script BEFORE --script AFTER | (--state FILE | --live DEV) --script AFTER) [options]',
  define(command) {
    command.argument('<capture...>', 'pcap or pcapng, plain, gzip or zstd; - for standard input');
    addWalkOptions(command, (name) => name !== 'script')
      .addOption(
        new Option(
          '--script <file>',
          'a tc batch file, a shell script or what tc … show printed instead; twice, or once behind --state or --live',
        ).argParser(list),
      )
      .optionsGroup('Output:')
      .option('--all', 'every row, not only the first 20')
      .addOption(formatOption('text', 'json', 'csv'));
  },
  examples: [
    "cls-flow compare peak.pcap --filter 'hash keys src divisor 256' --filter 'hash keys src divisor 1024'",
    'cls-flow compare peak.pcap --script old.sh --script new.sh --dev eth0',
    'cls-flow compare peak.pcap --live eth0 --script new.sh --dev eth0',
  ],
  exits: exitCodes(UNREADABLE, WRONG_FILTER),
  async run(captures: readonly string[], flags: CompareFlags) {
    const { compare } = await import('../compare.ts');
    return compare(captures, flags);
  },
};
