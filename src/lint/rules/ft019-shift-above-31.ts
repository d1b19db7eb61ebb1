import type { Rule } from '../finding.ts';
import { flowArgument } from '../script.ts';
import type { Page } from './page.ts';

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
          'kernels since 2025 refuse the filter (Numerical result out of range); older ones shift by the remainder of 32',
      };
    }
  },
};

export const PAGE: Page = {
  happens: [
    'Kernels since 2025 refuse it (ERANGE).',
    'Older kernels accepted it, and x86 shifts by the remainder of 32: not at all.',
  ],
  mend: ['Shift by at most 31.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key dst rshift 32',
      ],
      line: 2,
      word: '32',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key dst rshift 31',
      ],
      why: '31 is the largest shift.',
    },
  ],
};
