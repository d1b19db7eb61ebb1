import { ETH_P_ALL } from '../../packet/index.ts';
import { type Found, lineOf, type Rule } from '../finding.ts';
import type { FilterAt } from '../setup.ts';
import type { Page } from './page.ts';

/** net/sched/cls_api.c: __tcf_classify() ends at the first filter that matches, whatever class it gives. */
export const FT022: Rule = {
  code: 'FT022',
  severity: 'warning',
  title: 'a filter behind one that takes every packet',
  *look(tree) {
    // A refused filter is not there: only what it would be with its mend stands among the others.
    const refused = new Set(tree.refusals.map(({ command }) => command));
    for (const place of tree.asking) {
      /** The first that takes all packets of a protocol. */
      const eaters = new Map<number, FilterAt>();
      for (const filter of place) {
        if (refused.has(filter.command)) continue;
        if (!tree.known(filter.q)) break;
        const eater = eaters.get(ETH_P_ALL) ?? eaters.get(filter.protocol);
        if (eater !== undefined) yield shadowed(filter, eater);
        else if (filter.takesAll) eaters.set(filter.protocol, filter);
      }
    }
  },
};

function shadowed({ command, kind, pref }: FilterAt, eater: FilterAt): Found {
  return {
    command,
    word: command.words.indexOf(kind, 2),
    message: `never evaluated: the ${eater.kind} filter of ${lineOf(eater.command)} (preference ${eater.pref}) takes every packet first`,
    effect: `that filter matches all packets of its protocol, so this one (preference ${pref}) does nothing`,
  };
}

export const PAGE: Page = {
  happens: [
    'A flow filter without `match` takes every packet of its protocol, even if the class that it gives does not exist. So do matchall, and u32 that compares nothing.',
    'Only an action that ends in `continue` sends the packet on to the next filter.',
    'Filters with a larger preference are never evaluated (fate-050).',
  ],
  mend: ['Give the particular filters a smaller `prio`, or give the first one a `match`.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key mark and 7',
        'tc filter add dev eth0 parent 1: protocol ip prio 2 handle 1 flow map key src and 7',
      ],
      line: 3,
      word: 'flow',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol ipv6 prio 1 handle 1 flow map key iif and 7',
        'tc filter add dev eth0 parent 1: protocol ip prio 2 handle 1 flow map key src and 7',
        'tc filter add dev eth0 parent 1: protocol all prio 3 handle 1 flow map key iif and 7',
      ],
      why: 'The two filters take different protocols.',
    },
  ],
};
