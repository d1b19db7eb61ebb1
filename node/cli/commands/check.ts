import { Option } from 'commander';
import type { ShellFlags } from '../script-files.ts';
import { type CliCommand, formatOption, list } from './command.ts';
import { type LimitFlags, maxEntriesOption, maxTextOption } from './limits.ts';
import { shellOptions, txQueuesOption } from './walk.ts';

export interface CheckFlags extends LimitFlags, ShellFlags {
  readonly state?: string;
  readonly live?: string;
  readonly format: 'text' | 'json' | 'sarif' | 'github';
  readonly all?: true;
  readonly fix?: true;
  readonly inPlace?: true;
  readonly force?: true;
  readonly failOn: 'error' | 'warning' | 'advice';
  readonly hosts?: string;
  readonly txQueues?: string;
  readonly strict?: true;
  readonly only?: readonly string[];
  readonly ignore?: readonly string[];
  readonly config?: string;
  readonly passWithoutTc?: true;
}

export const check: CliCommand = {
  name: 'check',
  script: 'argument',
  summary: 'what is wrong with a tc script: each line, what it does to packets, and how it would be right',
  define(command) {
    command
      .argument(
        '[script...]',
        'a tc -batch file, a shell script (what follows -- are its arguments), what tc -j … show or tc … show printed; - for standard input; of a folder, what looks like a tc script',
      )
      .option('--state <file>', 'instead: the emulated kernel that cls-flow tc keeps in a file')
      .option('--live <dev>', 'instead: what the running Linux kernel has on this device')
      .addOption(formatOption('text', 'json', 'sarif', 'github'))
      .option('--all', 'print every finding in full, not three of a code')
      .option('--fix', 'show the changes, and write the corrected script beside it: NAME.fixed.EXT')
      .option('--in-place', 'with --fix: write the script itself, and keep the old one as NAME.orig')
      .option('--force', 'with --fix: replace a file of that name')
      .addOption(
        new Option('--fail-on <severity>', 'exit with 1 if anything is as bad as this')
          .choices(['error', 'warning', 'advice'])
          .default('warning'),
      )
      .option('--only <codes>', 'look for these findings alone, as FT001,FT011 (and SYNTAX, REFUSED)', list)
      .option('--ignore <codes>', 'do not look for these findings, as FT016,FT018', list)
      .option('--config <file>', 'how bad each finding counts, in JSON; without it cls-flow.json, where there is one')
      .option(
        '--hosts <n|prefix>',
        'how many hosts the filters are to keep apart, or where they are: judges the number of buckets',
      )
      .addOption(txQueuesOption())
      .addOption(maxTextOption())
      .addOption(maxEntriesOption())
      .option('--strict', 'exit with 3 if words are not modelled or lines not checked, and nothing else was found')
      .option('--pass-without-tc', 'a file without a tc command is no error');
    for (const option of shellOptions()) command.addOption(option);
  },
  note: `A comment "# cls-flow: ignore FT011" silences its line, or the next one. Findings: docs/findings.
In a folder and below it: *.sh, *.tc, *.batch with a tc command, and other texts with a line that begins with tc.
cls-flow.json: {"rules": {"FT015": "off", "FT017": "error"}}. Of several scripts the worst exit code counts: 2, 1, 3, 0.`,
  examples: ['cls-flow check qos.sh -- start eth0', 'cls-flow check --format github --strict qos.sh scripts/'],
  exits: [
    [0, 'nothing found'],
    [1, 'something was found that is as bad as --fail-on'],
    [2, 'the command line is wrong, or a script could not be read or holds nothing to check'],
    [3, 'with --strict: some words are not modelled here, or lines not checked, so that the check is incomplete'],
    [130, 'interrupted'],
  ],
  async run(scripts: readonly string[], flags: CheckFlags) {
    const { checkScripts } = await import('../check.ts');
    return checkScripts(scripts, flags);
  },
};
