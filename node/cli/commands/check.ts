import { Option } from 'commander';
import { type CliCommand, formatOption } from './command.ts';
import { type LimitFlags, maxEntriesOption, maxTextOption } from './limits.ts';
import { txQueuesOption } from './walk.ts';

export interface CheckFlags extends LimitFlags {
  readonly format: 'text' | 'json' | 'sarif';
  readonly fix?: true;
  readonly force?: true;
  readonly failOn: 'error' | 'warning' | 'advice';
  readonly hosts?: string;
  readonly txQueues?: string;
  readonly strict?: true;
}

export const check: CliCommand = {
  name: 'check',
  summary: 'what is wrong with a tc script: each line, what it does to packets, and how it would be right',
  define(command) {
    command
      .argument(
        '<script>',
        'a tc -batch file, a shell script (its literal tc lines), tc -j filter show; - for standard input',
      )
      .addOption(formatOption('text', 'json', 'sarif'))
      .option('--fix', 'write the corrected script beside it: NAME.fixed.EXT')
      .option('--force', 'with --fix: replace a file of that name')
      .addOption(
        new Option('--fail-on <severity>', 'exit with 1 if anything is as bad as this')
          .choices(['error', 'warning', 'advice'])
          .default('warning'),
      )
      .option('--hosts <n>', 'how many hosts the filters are to keep apart: judges the number of buckets')
      .addOption(txQueuesOption())
      .addOption(maxTextOption())
      .addOption(maxEntriesOption())
      .option('--strict', 'exit with 3 if words are not modelled here, and nothing else was found');
  },
  note: 'A comment "# cls-flow: ignore FT011" silences its line, or the next one. Findings: docs/findings.',
  exits: [
    [0, 'nothing found'],
    [1, 'something was found that is as bad as --fail-on'],
    [2, 'the command line is wrong, or the script could not be read'],
    [3, 'with --strict: some words are not modelled here, so that the check is incomplete'],
    [130, 'interrupted'],
  ],
  async run(script: string, flags: CheckFlags) {
    const { checkScript } = await import('../check.ts');
    return checkScript(script, flags);
  },
};
