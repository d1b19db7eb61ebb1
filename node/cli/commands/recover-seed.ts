import { Option } from 'commander';
import { type CliCommand, exitCodes, formatOption, list } from './command.ts';
import { type LimitFlags, maxTextOption } from './limits.ts';

export interface RecoverFlags extends Pick<LimitFlags, 'maxText'> {
  readonly filter?: string;
  readonly pair?: readonly string[];
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  readonly probe?: readonly string[];
  readonly range?: string;
  readonly format: 'text' | 'json';
}

export const recoverSeed: CliCommand = {
  name: 'recover-seed',
  summary: "find a filter's hidden hashrnd from packets whose classes were observed on your own kernel",
  define(command) {
    command
      .argument('[file...]', 'JSON: a list of {"keys", "divisor", "baseclass", "observed": [{"keyValues", "class"}]}')
      .optionsGroup('Observations, without a file:')
      .option('--filter <spec>', 'what follows "flow" in tc, in hash mode')
      .addOption(
        new Option(
          '--pair <pair>',
          "'SRC>DST=CLASS', 'tcp SRC:PORT > DST:PORT=CLASS', or key values '0xHEX,0xHEX=CLASS'",
        ).argParser(list),
      )
      .addOption(new Option('--before <file>', 'tc -s class show before a probe; once for each').argParser(list))
      .addOption(new Option('--after <file>', 'tc -s class show after it').argParser(list))
      .addOption(
        new Option('--probe <packet>', "the packet that was sent between: like a --pair without '=CLASS'").argParser(
          list,
        ),
      )
      .optionsGroup('Search:')
      .option('--range <first-last>', 'seeds to try: to share the work between machines (default: all)')
      .addOption(maxTextOption())
      .optionsGroup('Output:')
      .addOption(formatOption('text', 'json'));
  },
  examples: [
    "cls-flow recover-seed --filter 'hash keys src,dst divisor 1024' --pair '192.168.1.1>8.8.8.8=1:6b' --pair …",
    "cls-flow recover-seed --filter 'hash keys dst divisor 8' --before a --after b --probe '192.168.0.1>8.8.8.8' …",
  ],
  exits: exitCodes(
    'no hashrnd fits an example, or a file could not be read',
    'the command line or an example is wrong',
  ),
  async run(files: readonly string[], flags: RecoverFlags) {
    const { recoverSeed } = await import('../recover-seed.ts');
    return recoverSeed(files, flags);
  },
};
