import type { Rule } from '../finding.ts';
import { argument } from '../script.ts';
import type { Page } from './page.ts';
import { refusedFlows } from './refusals.ts';

/** net/sched/cls_api.c: __tcf_qdisc_find() */
export const FT023: Rule = {
  code: 'FT023',
  severity: 'error',
  title: 'a qdisc that takes no filters',
  *look(setup) {
    for (const { command } of refusedFlows(setup, 'not-classful')) {
      yield {
        command,
        word: argument(command, 'parent'),
        message: 'this kind of qdisc takes no filters',
        effect:
          'the kernel refuses it (Qdisc not classful), so the filter does not exist; fq_codel, sfq and cake take filters',
      };
    }
  },
};

export const PAGE: Page = {
  happens: [
    'The kernel refuses the filter: `Qdisc not classful`.',
    'pfifo, fq, fq_pie, choke and the like have no class operations, so no filter can be attached (fate-110).',
  ],
  mend: ['Use fq_codel, sfq or cake.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: fq_pie',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 1024',
      ],
      line: 2,
      word: '1:',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: fq_codel',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 1024',
      ],
      why: 'fq_codel takes filters.',
    },
  ],
};
