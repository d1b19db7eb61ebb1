import type { Rule } from '../finding.ts';
import type { Page } from './page.ts';
import { refusals } from './refusals.ts';

/** What tc cannot understand, in its own words. */
export const SYNTAX: Rule = {
  code: 'SYNTAX',
  severity: 'error',
  title: 'tc does not understand the command',
  *look(tree) {
    yield* refusals('tc', 'tc refuses the command and sends nothing', tree);
  },
};

export const PAGE: Page = {
  happens: [
    'tc prints the sentence that is shown, and sends nothing.',
    'In a batch file, tc stops there unless it has the option -force.',
  ],
  mend: [
    'Correct the word that is underlined.',
    'Where a word that tc knows is near, the finding names it; where only one is, `--fix` writes it.',
  ],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key dst-192.168.2.0',
      ],
      line: 2,
      word: 'dst-192.168.2.0',
    },
    {
      script: ['tc qdisc add dev eth0 root handle 1: htb defualt 10'],
      line: 1,
      word: 'defualt',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key dst and 7',
      ],
      why: 'tc knows these words.',
    },
  ],
};
