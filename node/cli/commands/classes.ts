import { Option } from 'commander';
import { CLASS_KINDS } from '../choices.ts';
import { type CliCommand, exitCodes } from './command.ts';
import type { LimitFlags } from './limits.ts';
import { addWalkOptions, type WalkFlags, WRONG_FILTER } from './walk.ts';

export interface ClassesFlags
  extends Pick<
    WalkFlags,
    | 'filter'
    | 'script'
    | 'env'
    | 'file'
    | 'scriptArgs'
    | 'state'
    | 'live'
    | 'txQueues'
    | 'ipset'
    | 'dev'
    | 'parent'
    | 'era'
    | keyof LimitFlags
  > {
  readonly qdisc?: string;
  readonly kind?: string;
  readonly rate: string;
  readonly max: string;
}

const WALK = [
  'filter',
  'script',
  'env',
  'file',
  'state',
  'live',
  'tx-queues',
  'ipset',
  'era',
  'max-text',
  'max-entries',
];

export const classes: CliCommand = {
  name: 'classes',
  script: 'option',
  summary: 'the tc class add lines of all classes that filters can give',
  usage: '(--filter SPEC… | --script FILE | --state FILE | --live DEV) [options]',
  define(command) {
    addWalkOptions(command, (name) => WALK.includes(name))
      .optionsGroup('Classes:')
      .option('--dev <name>', 'device in the lines, with a set-up the one whose filters are asked (default: eth0)')
      .option('--parent <id>', "parent of the classes (default: the qdisc of the filters' base class, as 1:)")
      .addOption(
        new Option(
          '--qdisc <kind>',
          'of the classes (default: as the qdisc with the filter, htb with --filter)',
        ).choices(CLASS_KINDS),
      )
      // Its earlier name.
      .addOption(new Option('--kind <kind>').choices(CLASS_KINDS).hideHelp())
      .option('--rate <rate>', 'of the link, which htb and hfsc classes share evenly', '100mbit')
      .option('--max <n>', 'print at most this many classes, or none', '4096');
  },
  exits: exitCodes('the script could not be read', `${WRONG_FILTER}, or there are no classes to print, or too many`),
  async run(flags: ClassesFlags) {
    const { classes } = await import('../classes.ts');
    await classes(flags);
    return 0;
  },
};
