import { type CliCommand, exitCodes, formatOption } from './command.ts';
import type { LimitFlags } from './limits.ts';
import { addWalkOptions, type WalkFlags } from './walk.ts';

export interface CaptureHelpFlags extends Pick<WalkFlags, 'script' | 'scriptArgs' | 'env' | 'file' | keyof LimitFlags> {
  readonly dev?: string;
  readonly lan?: string;
  readonly format: 'text' | 'json';
}

const WALK = ['script', 'env', 'file', 'max-text', 'max-entries'];

export const captureHelp: CliCommand = {
  name: 'capture-help',
  script: 'option',
  summary: 'where to capture on a router, with which tcpdump line, for which question',
  define(command) {
    command
      .optionsGroup('The router:')
      .option('--dev <name>', "its device to the outside (default: that of the script's NAT rules, or wan0)")
      .option('--lan <name>', 'its device to the hosts (default: lan0)');
    addWalkOptions(command, (name) => WALK.includes(name))
      .optionsGroup('Output:')
      .addOption(formatOption('text', 'json'));
  },
  examples: ['cls-flow capture-help --dev wan0 --lan br-lan', 'cls-flow capture-help --script firewall.sh'],
  exits: exitCodes('the script could not be read', 'the command line is wrong'),
  async run(flags: CaptureHelpFlags) {
    const { captureHelp } = await import('../capture-help.ts');
    await captureHelp(flags);
    return 0;
  },
};
