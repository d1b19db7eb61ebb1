import { Argument } from 'commander';
import type { CliCommand } from './command.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export const completion: CliCommand = {
  name: 'completion',
  summary: 'print a completion script for a shell',
  define(command) {
    command.addArgument(new Argument('<shell>', 'which shell').choices(SHELLS));
  },
  exits: [
    [0, 'done'],
    [2, 'the command line is wrong'],
  ],
  async run(shell: Shell) {
    const { printCompletion } = await import('../completion.ts');
    printCompletion(shell);
    return 0;
  },
};
