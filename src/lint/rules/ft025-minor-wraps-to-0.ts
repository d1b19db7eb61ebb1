import type { Qdisc } from '../../kernel/index.ts';
import type { Rule } from '../finding.ts';
import { drops, fateOfLost, lostAt } from '../kinds.ts';
import { isOneLess, minorsOf } from '../minors.ts';
import { flowArgument } from '../script.ts';
import type { Page } from './page.ts';

export const FT025: Rule = {
  code: 'FT025',
  severity: 'error',
  title: 'a class number that wraps to 0',
  *look(tree) {
    for (const { q, command, flow } of tree.flows()) {
      if (q.kind.ingress || lostAt(q) === 'own' || isOneLess(flow.config)) continue;
      if (!(minorsOf(flow.config) ?? []).includes(0)) continue;
      const at = flowArgument(command, 'baseclass');
      const { effect, lost } = fateOfZero(q);
      yield {
        command,
        word: at >= 0 ? at : command.words.indexOf('flow', 2),
        severity: lost ? 'error' : 'warning',
        message: 'some packets get class number 0: class numbers have 16 bits',
        effect,
      };
    }
  },
};

/** X:0 is the qdisc itself. */
export function fateOfZero(q: Qdisc): { readonly effect: string; readonly lost: boolean } {
  if (q.kind.unmatched === 'direct') {
    const effect = `${q.kind.kind} sends those packets direct, unshaped, even if there is a default class`;
    return { effect, lost: true };
  }
  if (drops(q)) return { effect: `${q.kind.kind} drops those packets`, lost: true };
  return fateOfLost(q);
}

export const PAGE: Page = {
  happens: [
    'The class number wraps at 16 bits, and X:0 is the qdisc itself.',
    'htb sends such packets directly even if there is a default class (fate-034).',
    'sfq, fq_codel and drr drop them (fate-037 to fate-039), hfsc uses the default class, prio the band of priority 0, and cake hashes them itself.',
  ],
  mend: ['Choose a smaller base class.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 20',
        'tc class add dev eth0 parent 1: classid 1:20 htb rate 5mbit',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key proto and 1 baseclass 1:ffff',
      ],
      line: 3,
      word: '1:ffff',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 20',
        'tc class add dev eth0 parent 1: classid 1:20 htb rate 5mbit',
        'tc class add dev eth0 parent 1: classid 1:fffe htb rate 1mbit',
        'tc class add dev eth0 parent 1: classid 1:ffff htb rate 1mbit',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key proto and 1 baseclass 1:fffe',
      ],
      why: '1:ffff is the last number.',
    },
  ],
};
