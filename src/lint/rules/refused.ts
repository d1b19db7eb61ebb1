import type { Rule } from '../finding.ts';
import type { Page } from './page.ts';
import { refusals } from './refusals.ts';

/** What the kernel refuses, in tc's words. */
export const REFUSED: Rule = {
  code: 'REFUSED',
  severity: 'error',
  title: 'the kernel refuses the command',
  *look(tree) {
    yield* refusals('kernel', 'so what it makes is not there, and lines that build on it fail too', tree);
  },
};

export const PAGE: Page = {
  happens: [
    "The kernel's answer is shown as tc prints it, so what the command makes is not there, and lines that build on it fail too: of these the finding says from which line it follows.",
    'Where tc prints no more than `Invalid argument`, the finding gives the rule.',
    '`parent 1` is class 0:1, and the answer is "Parent Qdisc doesn\'t exists".',
    'Where a line shows or deletes what is not there, this is advice: many scripts begin so.',
    'What hangs below a qdisc that another script makes is checked as if that qdisc were there: the report names it.',
  ],
  mend: ['Do what the answer says; here write `parent 1:`.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1 handle 1 flow map key mark',
      ],
      line: 2,
      word: '1',
    },
    {
      script: ['tc qdisc add dev eth0 root handle 1: sfq', 'tc qdisc add dev eth0 root handle 1: sfq'],
      line: 2,
      word: '1:',
    },
    {
      script: ['tc qdisc add dev eth0 root handle 1: sfq divisor 1000'],
      line: 1,
      word: '1000',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all handle 1 flow map key iif and 7',
      ],
      why: 'The parent is a qdisc.',
    },
  ],
};
