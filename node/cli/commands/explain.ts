import { type CliCommand, exitCodes, formatOption } from './command.ts';
import { addWalkOptions, type WalkFlags, WRONG_FILTER } from './walk.ts';

export interface ExplainFlags extends WalkFlags {
  readonly packet?: string;
  readonly hex?: string;
  readonly format: 'text' | 'json';
}

export const explain: CliCommand = {
  name: 'explain',
  script: 'option',
  summary: 'the walk of one packet, step by step',
  define(command) {
    command
      .argument(
        '[what...]',
        "captures (with --packet), or a packet in words: 'tcp 192.168.1.7:51514 > 1.1.1.1:443' (a SYN), 'esp 192.0.2.1 > 192.0.2.2 spi 0x1234'",
      )
      .optionsGroup('Packet:')
      .option('--packet <n>', 'number of the packet, counted from 1 over all captures')
      .option('--hex <frame>', 'an Ethernet frame in hex');
    addWalkOptions(command).optionsGroup('Output:').addOption(formatOption('text', 'json'));
  },
  examples: [
    "cls-flow explain capture.pcapng --packet 17 --filter 'hash keys src,dst divisor 1024'",
    "cls-flow explain 'tcp 192.168.1.7:51514 > 1.1.1.1:443' --filter 'hash keys src,dst divisor 1024'",
  ],
  exits: exitCodes('a file could not be read, or the capture has no such packet', WRONG_FILTER),
  async run(what: readonly string[], flags: ExplainFlags) {
    const { explainPacket } = await import('../explain.ts');
    await explainPacket(what, flags);
    return 0;
  },
};
