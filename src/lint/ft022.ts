import { lineOf, type Rule } from './finding.ts';
import { takesAll } from './reach.ts';

const ETH_P_ALL = 3;

/** net/sched/cls_flow.c: flow_classify() takes every packet it is asked about; the next preference is not asked. */
export const FT022: Rule = {
  code: 'FT022',
  severity: 'warning',
  title: 'a filter behind one that takes every packet',
  *look(tree) {
    for (const filter of tree.filters) {
      if (!tree.known(filter.q)) continue;
      const others = tree.beside(filter);
      const before = others.slice(0, others.indexOf(filter));
      const eater = before.find(
        (other) =>
          other.kind === 'flow' &&
          takesAll(other) &&
          (other.protocol === ETH_P_ALL || other.protocol === filter.protocol),
      );
      if (eater === undefined) continue;
      yield {
        command: filter.command,
        word: filter.command.words.indexOf(filter.kind, 2),
        message: `never asked: the flow filter of ${lineOf(eater.command)} (preference ${eater.pref}) takes every packet first`,
        effect: `a flow filter without match takes all packets of its protocol, so this one (preference ${filter.pref}) does nothing`,
      };
    }
  },
};
