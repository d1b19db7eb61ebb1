import type { ShellFlags } from '../script-files.ts';
import { type CliCommand, formatOption } from './command.ts';
import { type LimitFlags, maxEntriesOption, maxTextOption } from './limits.ts';
import { shellOptions } from './walk.ts';

export interface DiffFlags extends LimitFlags, ShellFlags {
  readonly live: string;
  readonly apply?: true;
  readonly format: 'text' | 'json';
}

export const diff: CliCommand = {
  name: 'diff',
  script: 'argument',
  summary: 'what a script plans for a device of the running kernel, what is installed, and how to make them equal',
  usage: 'SCRIPT --live DEV [options] [-- ARGUMENTS…]',
  define(command) {
    command
      .argument('<script>', 'a tc batch file or shell script (what follows -- are its arguments); - for standard input')
      .requiredOption('--live <dev>', 'the device of the running Linux kernel that is compared')
      .option('--apply', 'run the commands, read back and compare again; without it nothing is changed')
      .addOption(maxTextOption())
      .addOption(maxEntriesOption())
      .addOption(formatOption('text', 'json'));
    for (const option of shellOptions()) command.addOption(option);
  },
  exits: [
    [0, 'as planned'],
    [1, 'different'],
    [2, 'cannot compare or apply'],
    [130, 'interrupted'],
  ],
  async run(script: string, flags: DiffFlags) {
    const { diff } = await import('../diff.ts');
    return diff(script, flags);
  },
};
