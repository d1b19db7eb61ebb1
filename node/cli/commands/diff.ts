import type { ShellFlags } from '../script-files.ts';
import { type CliCommand, formatOption } from './command.ts';
import { type LimitFlags, maxEntriesOption, maxTextOption } from './limits.ts';
import { shellOptions } from './walk.ts';

export interface DiffFlags extends LimitFlags, ShellFlags {
  readonly live?: string;
  readonly state?: string;
  readonly with?: string;
  readonly dev?: string;
  readonly apply?: true;
  readonly format: 'text' | 'json';
}

export const diff: CliCommand = {
  name: 'diff',
  script: 'argument',
  summary: 'what a script plans for a device, what is installed there, and how to make them equal',
  usage: 'SCRIPT (--live DEV [--apply] | (--with FILE | --state FILE) [--dev NAME]) [options] [-- ARGUMENTS…]',
  define(command) {
    command
      .argument(
        '<script>',
        'a tc batch file, a shell script (what follows -- are its arguments) or what tc … show printed; - for standard input',
      )
      .option('--live <dev>', 'the device of the running Linux kernel that is compared')
      .option(
        '--with <file>',
        'what is installed: what tc -j … show or tc … show printed, or another script (with the same arguments)',
      )
      .option('--state <file>', 'what is installed: the emulated kernel that cls-flow tc keeps in a file')
      .option('--dev <name>', 'with these: the device that is compared (default: the only one that the script names)')
      .option('--apply', 'with --live: run the commands, read back and compare again; without it nothing is changed')
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
