import type { Qdisc } from '../../kernel/index.ts';
import type { Rule } from '../finding.ts';
import { DROPPING, fateOfLost, lostAt } from '../kinds.ts';
import { minorsOf } from '../minors.ts';
import { flowArgument } from '../script.ts';
import { isOneLess } from './ft028-value-0-has-no-class.ts';

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
        message: 'some packets get class number 0: 16 bits are all there are',
        effect,
      };
    }
  },
};

/** X:0 is the qdisc itself. */
export function fateOfZero(q: Qdisc): { readonly effect: string; readonly lost: boolean } {
  if (q.kind.kind === 'htb') {
    return { effect: 'htb sends those packets direct, unshaped, even if there is a default class', lost: true };
  }
  if (DROPPING.has(q.kind.kind)) return { effect: `${q.kind.kind} drops those packets`, lost: true };
  return fateOfLost(q);
}
