import { classidText, tcMinor } from '../../u32.ts';
import type { Rule } from '../finding.ts';
import { minorsOf } from '../minors.ts';
import { flowArgument } from '../script.ts';

/** net/sched/sch_htb.c: htb_classify() asks the inner class's filters again, until the limit of restarts. */
export const FT029: Rule = {
  code: 'FT029',
  severity: 'error',
  title: 'an inner class whose filter gives that same class',
  *look(tree) {
    for (const { q, command, flow, parent } of tree.flows()) {
      const cl = q.kind.kind === 'htb' && tcMinor(parent) !== 0 ? q.classes.get(parent) : null;
      if (cl === null || cl.children === 0 || flow.config.baseclass >>> 16 !== parent >>> 16) continue;
      if (!(minorsOf(flow.config) ?? []).includes(tcMinor(parent))) continue;
      const at = flowArgument(command, 'baseclass');
      yield {
        command,
        word: at >= 0 ? at : command.words.indexOf('flow', 2),
        message: `the filter of ${classidText(parent)} can give ${classidText(parent)} again`,
        effect: 'htb asks the same filter over and over and then drops the packet',
      };
    }
  },
};
