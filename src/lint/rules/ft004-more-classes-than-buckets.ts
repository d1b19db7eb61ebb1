import { tcMinor } from '../../u32.ts';
import { option, type Rule } from '../finding.ts';
import { bucketsOf, handleText } from '../kinds.ts';
import { minorsOf } from '../minors.ts';
import { flowArgument } from '../script.ts';

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
        message: `${q.kind.kind} ${handleText(q)} has ${buckets} buckets, the filter gives more`,
        effect: `packets of ${share} are dropped by ${q.kind.kind}`,
        mend: room > 0 ? [option(command, at, 'divisor', String(room))] : null,
      };
    }
  },
};
