import { Argument } from 'commander';
import type { CliCommand } from './command.ts';

export const netlink: CliCommand = {
  name: 'netlink',
  summary: 'traffic control messages: the bytes of a tc command, and what bytes mean',
  define(command) {
    command
      .addArgument(new Argument('<action>', 'decode FILE|HEX, or encode TC-ARGUMENTS').choices(['decode', 'encode']))
      .argument('[args...]', 'decode: hex, a file of hex, or an nlmon capture; encode: what follows "tc"')
      .allowUnknownOption()
      .passThroughOptions();
  },
  helpFlags: '--help',
  async run(action: 'decode' | 'encode', args: readonly string[]) {
    const { netlink } = await import('../netlink.ts');
    return netlink(action, args);
  },
};
