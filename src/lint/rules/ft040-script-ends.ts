import { counted } from '../../lang/index.ts';
import type { Rule } from '../finding.ts';
import type { ScriptEnd } from '../script.ts';
import type { Page } from './page.ts';

export const FT040: Rule = {
  code: 'FT040',
  severity: 'warning',
  title: 'the script ends here',
  *look({ script: { ended } }) {
    if (ended === null) return;
    yield {
      command: ended.command,
      word: -1,
      message: `the script ends here: ${whyText(ended)}`,
      effect: `${lostText(ended)}${wayOut(ended)}`,
      severity: ended.isSyntax ? 'error' : 'warning',
    };
  },
};

/** What bash says of a variable without a value where the script gives no words of its own. */
const BASH = /^[^:]*: (?:unbound variable|parameter null or not set)$/;

function whyText({ why, variable }: ScriptEnd): string {
  return variable !== null && BASH.test(why) ? `${nameText(variable)} is not set` : why;
}

/** `$1` reads as what it is, `1` does not. */
const nameText = (variable: string): string => (NAME.test(variable) ? variable : `$${variable}`);
const NAME = /^[A-Za-z_]\w*$/;

/** What is lost because the script ends. */
export function lostText({ lost, isSyntax }: ScriptEnd): string {
  const commands = `${counted(lost, 'tc command')}${isSyntax ? '' : ' behind it'} ${lost === 1 ? 'is' : 'are'} never run`;
  if (isSyntax) return `the shell reads no further${lost === 0 ? '' : `: ${commands}`}`;
  return lost === 0 ? 'what stands behind it is never run' : commands;
}

function wayOut({ variable }: ScriptEnd): string {
  if (variable === null) return '';
  if (NAME.test(variable)) return `; --env ${variable}=VALUE gives it a value`;
  return /^\d+$/.test(variable) ? '; arguments for the script go behind --' : '';
}

export const PAGE: Page = {
  happens: [
    'The script ends before its last line: `set -e` is on and a command fails, `set -u` is on and a variable has no value, or `$DEV` must have a value (`:?`) and has none. At a syntax error the shell reads no further.',
    'The tc commands behind that place are never run. Packets meet half of what was meant.',
    'The commands behind it are checked all the same, but for those behind a syntax error.',
    'Where the command that fails is one that tc or the kernel refuses, SYNTAX or REFUSED says that the script ends there.',
  ],
  mend: [
    'Give the variable its value: `--env NAME=VALUE`, or in the script a default (`:-VALUE`). Arguments of the script go behind `--`.',
    'Write `|| true` behind a command that may fail.',
  ],
  found: [
    {
      script: [
        '#!/bin/sh',
        'set -u',
        'tc qdisc add dev eth0 root handle 1: drr',
        'tc class add dev eth0 parent 1: classid 1:$LOCAL_CLASS drr',
        'tc filter add dev eth0 parent 1: protocol all prio 1 matchall classid 1:1',
      ],
      line: 4,
      word: '$LOCAL_CLASS',
    },
    {
      script: [
        '#!/bin/sh',
        'tc qdisc add dev eth0 root handle 1: sfq',
        'if [ -e /etc/shape ]; then',
        '  tc qdisc show',
      ],
      line: 4,
      word: '',
    },
  ],
  clean: [
    {
      script: [
        '#!/bin/sh',
        'set -eu',
        'DEV=eth0',
        'tc qdisc del dev "$DEV" root || true',
        'tc qdisc add dev "$DEV" root handle 1: sfq perturb 10',
      ],
      why: 'The failure is expected, and the variable has a value.',
    },
  ],
};
