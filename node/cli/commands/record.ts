import type { ShellFlags } from '../script-files.ts';
import { type CliCommand, exitCodes } from './command.ts';
import { type LimitFlags, maxTextOption } from './limits.ts';
import { shellOptions } from './walk.ts';

export interface RecordFlags extends Pick<LimitFlags, 'maxText'>, ShellFlags {
  readonly output?: string;
  readonly run?: true;
  readonly unsafe?: true;
  readonly yes?: true;
}

export const record: CliCommand = {
  name: 'record',
  summary: 'what a script asks of tc, as a batch file: simulated, or with --run really run in namespaces of its own',
  usage: '[-o FILE] [--run] [--unsafe] [--yes] [--max-text SIZE] [--] SCRIPT [ARGUMENTS…]',
  define(command) {
    command
      .argument('<script...>', 'the script and its arguments; with --run any command')
      .option('-o, --output <file>', 'write the batch file here, not to standard output')
      .option(
        '--run',
        'run it, without network and terminal, among stand-ins for tc, ip, iptables, nft, …; the files that it writes are thrown away (Linux, util-linux)',
      )
      .option('--unsafe', 'run it on this host, with stand-ins in PATH only: all else it does is really done')
      .option('--yes', 'do not ask on a terminal before it is run')
      .addOption(maxTextOption());
    for (const option of shellOptions()) command.addOption(option);
    command.passThroughOptions();
  },
  examples: ['cls-flow record qos.sh start eth0', 'cls-flow record --run -o qos.tc -- ./qos.sh start eth0'],
  exits: exitCodes(
    'the script failed (what it asked of tc until then is written), or could not be run or isolated',
    'the command line is wrong',
  ),
  async run(script: readonly string[], flags: RecordFlags) {
    const { record } = await import('../record.ts');
    return record(script, flags);
  },
};
