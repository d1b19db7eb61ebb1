import type { Rule } from '../finding.ts';
import type { Page } from './page.ts';

/** iproute2 lib/utils.c and tc/m_ematch.c: parse_ematch() wants a word behind the expression. */
export const FT031: Rule = {
  code: 'FT031',
  severity: 'error',
  title: 'match as the last words',
  *look(tree) {
    for (const { command, by } of tree.refusals) {
      const { words } = command;
      const at = words.length - 2;
      const flow = words.indexOf('flow', 2);
      if (by === 'kernel' || flow < 0 || words[at] !== 'match' || at <= flow) continue;
      const moved = words.slice(at);
      yield {
        command,
        word: at,
        message: '"match" is the last option',
        effect: 'tc refuses the command, so the filter does not exist; put another option behind the expression',
        mend: [
          { at: flow + 1, remove: 0, insert: moved },
          { at, remove: 2, insert: [] },
        ],
      };
    }
  },
};

export const PAGE: Page = {
  happens: ['tc expects another word behind the expression, and refuses the command.'],
  mend: [
    "Put `match` before another option: `flow match 'meta(vlan eq 1)' map key mark`.",
    'That option cannot be `and` or `or`, which tc reads as part of the expression.',
  ],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        "tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key mark and 7 match 'meta(vlan eq 1)'",
      ],
      line: 2,
      word: 'match',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        "tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key mark and 7 match 'meta(vlan eq 1)' divisor 8",
      ],
      why: 'Another option stands behind the expression.',
    },
  ],
};
