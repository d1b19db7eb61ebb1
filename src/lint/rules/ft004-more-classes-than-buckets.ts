import { tcMinor } from '../../u32.ts';
import { option, type Rule } from '../finding.ts';
import { bucketsOf, handleText } from '../kinds.ts';
import { minorsOf } from '../minors.ts';
import { flowArgument } from '../script.ts';
import type { Page } from './page.ts';

/** net/sched/sch_sfq.c: sfq_classify(), sch_fq_codel.c: fq_codel_classify() — minors above the last bucket are 0: drop. */
export const FT004: Rule = {
  code: 'FT004',
  severity: 'error',
  title: 'more classes than the qdisc has buckets',
  *look(tree) {
    for (const { q, flow, command } of tree.flows()) {
      const buckets = bucketsOf(q);
      if (buckets === null || (flow.config.mode === 1 && flow.config.divisor === 0)) continue;
      const minors = minorsOf(flow.config);
      const over = minors === null ? null : minors.filter((minor) => minor > buckets).length;
      if (over === 0) continue;
      const share = over === null ? 'most values' : `${over} of ${minors?.length} values`;
      const room = buckets - tcMinor(flow.config.baseclass) + 1;
      const at = flowArgument(command, 'divisor');
      yield {
        command,
        word: at < 0 ? command.words.indexOf('flow', 2) + 1 : at,
        message: `the filter gives more class numbers than ${q.kind.kind} ${handleText(q)} has buckets (${buckets})`,
        effect: `${q.kind.kind} drops the packets of ${share}`,
        mend: room > 0 ? [option(command, at, 'divisor', String(room))] : null,
      };
    }
  },
};

export const PAGE: Page = {
  happens: [
    'sfq and fq_codel have 1024 buckets unless the command says otherwise.',
    'Class number N is bucket N-1. The qdisc drops packets with a number above the last bucket, and the sender gets no error (fate-003, fate-006; with divisor 2048 over sfq 16 of 35 packets, fate-007).',
  ],
  mend: [
    'Give the filter at most the divisor of the qdisc, or make the qdisc larger: `sfq divisor 2048`, `fq_codel flows 2048`.',
  ],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 2048',
      ],
      line: 2,
      word: '2048',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: fq_codel flows 2048',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 2048',
      ],
      why: 'The qdisc has as many buckets as the filter gives.',
    },
  ],
};
