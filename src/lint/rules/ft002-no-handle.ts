import type { Rule } from '../finding.ts';
import type { Page } from './page.ts';
import { refusedFlows } from './refusals.ts';

/** net/sched/cls_flow.c: flow_change() — a new filter without a handle is EINVAL. */
export const FT002: Rule = {
  code: 'FT002',
  severity: 'error',
  title: 'a flow filter without a handle is refused',
  *look(setup) {
    for (const { command } of refusedFlows(setup, 'needs-handle')) {
      const kind = command.words.indexOf('flow', 2);
      yield {
        command,
        word: kind,
        message: 'a flow filter needs a handle',
        effect: 'the kernel refuses it (RTNETLINK answers: Invalid argument), so the filter does not exist',
        mend: [{ at: kind, remove: 0, insert: ['handle', '1'] }],
      };
    }
  },
};

export const PAGE: Page = {
  happens: [
    'The kernel refuses a new flow filter with handle 0 (EINVAL): `RTNETLINK answers: Invalid argument`.',
    'With `2>/dev/null` behind the command nobody notices, and the filter does not exist.',
  ],
  mend: ['Write `handle 1` before the word `flow`.', 'Filters of one preference need different handles.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: flow hash keys src divisor 256',
      ],
      line: 2,
      word: 'flow',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 256',
      ],
      why: 'The handle is there.',
    },
  ],
};
