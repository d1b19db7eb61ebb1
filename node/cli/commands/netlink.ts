import { Argument } from 'commander';
import { type CliCommand, exitCodes } from './command.ts';
import { type LimitFlags, maxTextOption } from './limits.ts';

export const netlink: CliCommand = {
  name: 'netlink',
  summary: 'traffic control messages: the bytes of a tc command, and what bytes mean',
  define(command) {
    command
      .addArgument(new Argument('<action>', 'decode FILE|HEX, or encode TC-ARGUMENTS').choices(['decode', 'encode']))
      .argument('[args...]', 'decode: hex, a file of hex, or an nlmon capture; encode: what follows "tc"')
      .addOption(maxTextOption())
      .allowUnknownOption()
      .passThroughOptions();
  },
  helpFlags: '--help',
  exits: exitCodes(
    'decode: bytes that are no message (those before are printed), or an unreadable file; encode: as tc',
    'the command line is wrong; encode: as tc, or words whose bytes are not known here',
  ),
  async run(action: 'decode' | 'encode', args: readonly string[], flags: LimitFlags) {
    const { netlink } = await import('../netlink.ts');
    return netlink(action, args, flags);
  },
};
