import type { Rule } from '../finding.ts';

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
        effect: 'the filter matches, and the packet goes on just as without it; only an action can do something here',
      };
    }
  },
};
