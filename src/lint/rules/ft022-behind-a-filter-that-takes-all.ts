import { ETH_P_ALL } from '../../packet/index.ts';
import { type Found, lineOf, type Rule } from '../finding.ts';
import { takesAll } from '../reach.ts';
import type { FilterAt } from '../tree.ts';

/** net/sched/cls_flow.c: flow_classify() takes every packet it is asked about; the next preference is not asked. */
export const FT022: Rule = {
  code: 'FT022',
  severity: 'warning',
  title: 'a filter behind one that takes every packet',
  *look(tree) {
    for (const place of tree.asking) {
      /** The first that takes all packets of a protocol. */
      const eaters = new Map<number, FilterAt>();
      for (const filter of place) {
        if (!tree.known(filter.q)) break;
        const eater = eaters.get(ETH_P_ALL) ?? eaters.get(filter.protocol);
        if (eater !== undefined) yield shadowed(filter, eater);
        else if (filter.kind === 'flow' && takesAll(filter)) eaters.set(filter.protocol, filter);
      }
    }
  },
};

function shadowed({ command, kind, pref }: FilterAt, eater: FilterAt): Found {
  return {
    command,
    word: command.words.indexOf(kind, 2),
    message: `never asked: the flow filter of ${lineOf(eater.command)} (preference ${eater.pref}) takes every packet first`,
    effect: `a flow filter without match takes all packets of its protocol, so this one (preference ${pref}) does nothing`,
  };
}
