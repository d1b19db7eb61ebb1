import type { Rule } from '../finding.ts';
import type { Page } from './page.ts';

/** net/core/dev.c: sch_handle_ingress() puts the class aside and lets the packet go on. */
export const FT027: Rule = {
  code: 'FT027',
  severity: 'warning',
  title: 'flow on ingress without action',
  *look(tree) {
    for (const { q, command, flow } of tree.flows()) {
      const { act, police } = flow.options;
      if (!q.kind.ingress || act !== undefined || police !== undefined) continue;
      yield {
        command,
        word: command.words.indexOf('flow', 2),
        message: `on ${q.kind.kind} a class means nothing`,
        effect:
          'the filter matches, and the packet goes on as if there were no filter; only an action has an effect here',
      };
    }
  },
};

export const PAGE: Page = {
  happens: [
    'The filter matches and gives a class, and the packet goes on as if there were no filter (fate-045; clsact both ways, fate-047).',
  ],
  mend: ['Add an action: `action police …`, `action skbedit …`, `action drop`.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 ingress',
        'tc filter add dev eth0 parent ffff: handle 1 flow map key dst and 0xff',
      ],
      line: 2,
      word: 'flow',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 ingress',
        'tc filter add dev eth0 parent ffff: handle 1 flow map key dst and 0xff action drop',
      ],
      why: 'The action does something.',
    },
  ],
};
