import type { Rule } from '../finding.ts';
import { argument } from '../script.ts';
import type { Page } from './page.ts';
import { refusedFlows } from './refusals.ts';

/** net/sched/sch_mq.c has no tcf_block(): the queue is chosen before. */
export const FT026: Rule = {
  code: 'FT026',
  severity: 'error',
  title: 'a filter on mq',
  *look(setup) {
    for (const { command } of refusedFlows(setup, 'takes-no-filters')) {
      yield {
        command,
        word: argument(command, 'parent'),
        message: 'no filter can be attached here',
        effect:
          "the kernel refuses it (Class doesn't support blocks): the driver chooses the queue on mq and its like; attach it to a qdisc below, or use multiq",
      };
    }
  },
};

export const PAGE: Page = {
  happens: [
    "The kernel refuses the filter on mq and on its classes: `Class doesn't support blocks` (fate-042).",
    'red and tbf refuse it too.',
  ],
  mend: ['Attach it to a qdisc below (`parent 1:1 handle 11: sfq`, fate-043).'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: mq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 4',
      ],
      line: 2,
      word: '1:',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: mq',
        'tc qdisc add dev eth0 parent 1:1 handle 11: sfq',
        'tc filter add dev eth0 parent 11: protocol all handle 1 flow hash keys src divisor 8',
      ],
      why: 'The filter is on a qdisc below.',
    },
  ],
};
