import type { Rule } from '../finding.ts';
import { argument } from '../script.ts';

/** net/sched/sch_mq.c has no tcf_block(): the queue is chosen before. */
export const FT026: Rule = {
  code: 'FT026',
  severity: 'error',
  title: 'a filter on mq',
  *look(tree) {
    for (const { command, kernel, sentence } of tree.refusals) {
      if (!kernel || !command.words.includes('flow') || !sentence.includes("Class doesn't support blocks")) continue;
      yield {
        command,
        word: argument(command, 'parent'),
        message: 'no filter can be attached here',
        effect:
          "the kernel refuses it (Class doesn't support blocks): mq and its like let the driver choose the queue; attach it to a qdisc below, or use multiq",
      };
    }
  },
};
