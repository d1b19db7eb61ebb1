import { type CliCommand, exitCodes } from './command.ts';
import { type LimitFlags, maxTextOption } from './limits.ts';

export interface RecordFlags extends Pick<LimitFlags, 'maxText'> {
  readonly output?: string;
  readonly yes?: true;
}

export const record: CliCommand = {
  name: 'record',
  summary: 'run a script among stand-ins for tc, ip, iptables, nft, …; what it asks of tc becomes a batch file',
  usage: '[-o FILE] [--yes] [--max-text SIZE] -- COMMAND [ARGUMENTS…]',
  define(command) {
    command
      .argument('<command...>', 'the script and its arguments; it is really run, without the terminal')
      .option('-o, --output <file>', 'write the batch file here, not to standard output')
      .option('--yes', 'do not ask on a terminal before the script is run')
      .addOption(maxTextOption())
      .passThroughOptions();
  },
  exits: exitCodes(
    'the script failed or could not be run; what it asked of tc until then is written',
    'the command line is wrong',
  ),
  async run(script: readonly string[], flags: RecordFlags) {
    const { record } = await import('../record.ts');
    return record(script, flags);
  },
};
