import { Option } from 'commander';
import { ERA_NAMES } from '../choices.ts';
import { type CliCommand, list } from './command.ts';
import { type LimitFlags, maxEntriesOption, maxTextOption } from './limits.ts';
import { ipsetOption, txQueuesOption } from './walk.ts';

export interface TcFlags extends LimitFlags {
  readonly live?: true;
  readonly state?: string;
  readonly dev?: readonly string[];
  readonly ipset?: readonly string[];
  readonly txQueues?: string;
  readonly era?: string;
  readonly strictDev?: true;
}

/** tc's own words are passed through as they are, `-h` and unknown options too; ours stand before them. */
export const tc: CliCommand = {
  name: 'tc',
  summary: 'one tc command against an emulated kernel that a file keeps, or the running one; exits as tc does',
  usage:
    '[--live | [--state FILE] [--dev NAME[:IFINDEX]] [--tx-queues N] [--ipset [NAME=]FILE] [--era KERNEL] [--strict-dev]] [--max-text SIZE] [--max-entries N] TC-ARGUMENTS…',
  define(command) {
    command
      .argument('[args...]', 'what follows "tc": filter add dev eth0 …, -s filter show dev eth0, -batch FILE')
      .option('--live', 'talk to the running Linux kernel: no state file, and no device that is not there')
      .option('--state <file>', "where the kernel is kept (default: CLS_FLOW_STATE, or in the user's state directory)")
      .addOption(new Option('--dev <name[:ifindex]>', 'a device that exists; lo always does').argParser(list))
      .addOption(txQueuesOption())
      .addOption(ipsetOption())
      .addOption(new Option('--era <kernel>', 'whose rules, for a new state').choices(ERA_NAMES))
      .option('--strict-dev', 'never make a device because a qdisc names it')
      .addOption(maxTextOption())
      .addOption(maxEntriesOption())
      .allowUnknownOption()
      .passThroughOptions();
  },
  helpFlags: '--help',
  exits: [
    [0, 'done'],
    [1, 'tc does not understand the command, a line of a batch failed, or a file could not be read'],
    [2, 'the kernel refuses the command, or the options of cls-flow are wrong'],
    [130, 'interrupted'],
    [255, 'tc gives up at once: in a batch the lines behind never run'],
  ],
  async run(args: readonly string[], flags: TcFlags) {
    const { tc } = await import('../tc.ts');
    return tc(args, flags);
  },
};
