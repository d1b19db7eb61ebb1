import type { Rule } from '../finding.ts';
import { flowArgument } from '../script.ts';

/** net/sched/cls_flow.c: flow_policy, TCA_FLOW_RSHIFT at most 31. */
export const FT019: Rule = {
  code: 'FT019',
  severity: 'error',
  title: 'rshift above 31',
  *look(tree) {
    for (const { command, options } of tree.asked) {
      if ((options.rshift ?? 0) <= 31) continue;
      yield {
        command,
        word: flowArgument(command, 'rshift'),
        message: `a number of 32 bits cannot be shifted by ${options.rshift}`,
        effect:
          'kernels since 2025 refuse the filter (Numerical result out of range); older ones shifted by the remainder of 32',
      };
    }
  },
};
