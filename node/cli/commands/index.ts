import { advise } from './advise.ts';
import { captureHelp } from './capture-help.ts';
import { check } from './check.ts';
import { classes } from './classes.ts';
import { classify } from './classify.ts';
import type { CliCommand } from './command.ts';
import { compare } from './compare.ts';
import { completion } from './completion.ts';
import { diff } from './diff.ts';
import { explain } from './explain.ts';
import { netlink } from './netlink.ts';
import { record } from './record.ts';
import { recoverSeed } from './recover-seed.ts';
import { tc } from './tc.ts';
import { why } from './why.ts';

/** All commands, in the order of the help. A new one is a file here and a row in this list. */
export const COMMANDS: readonly CliCommand[] = [
  classify,
  explain,
  why,
  tc,
  diff,
  netlink,
  compare,
  advise,
  classes,
  captureHelp,
  recoverSeed,
  check,
  record,
  completion,
];
