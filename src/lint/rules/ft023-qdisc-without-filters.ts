import type { Rule } from '../finding.ts';
import { argument } from '../script.ts';

/** net/sched/cls_api.c: __tcf_qdisc_find() */
export const FT023: Rule = {
  code: 'FT023',
  severity: 'error',
  title: 'a qdisc that takes no filters',
  *look(tree) {
    for (const { command, kernel, sentence } of tree.refusals) {
      if (!kernel || !command.words.includes('flow') || !sentence.includes('Qdisc not classful')) continue;
      yield {
        command,
        word: argument(command, 'parent'),
        message: 'this kind of qdisc takes no filters',
        effect:
          'the kernel refuses it (Qdisc not classful), so the filter is not there; fq_codel, sfq or cake take some',
      };
    }
  },
};
