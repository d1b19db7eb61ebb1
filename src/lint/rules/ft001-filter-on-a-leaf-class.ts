import type { Qdisc } from '../../kernel/index.ts';
import { ETH_P_ALL } from '../../packet/index.ts';
import { classidText } from '../../u32.ts';
import { option, put, type Rule } from '../finding.ts';
import { bucketsOf, DROPPING, handleText } from '../kinds.ts';
import { minorsOf } from '../minors.ts';
import { othersReach } from '../reach.ts';
import { argument, flowArgument } from '../script.ts';
import { type FilterAt, isDeaf, type Tree } from '../tree.ts';

/** net/sched/sch_htb.c: htb_classify(), sch_hfsc.c: hfsc_classify() return a leaf before they look at its filters. */
export const FT001: Rule = {
  code: 'FT001',
  severity: 'error',
  title: 'a filter on a leaf class is never asked',
  *look(tree) {
    if (tree.hides('class')) return;
    for (const filter of tree.filters) {
      const { q, command, parent, kind } = filter;
      if (!tree.known(q) || !isDeaf(filter)) continue;
      const here = classidText(parent);
      const mend = below(q.leaf(parent), filter, tree);
      const fix = mend === null ? '' : `; ${mend.says}`;
      yield {
        command,
        word: argument(command, 'parent'),
        message: 'this filter is never used',
        effect: `${here} is a leaf class of ${q.kind.kind} ${handleText(q)}, and ${q.kind.kind} never asks filters on a leaf${fix}`,
        mend: kind === 'flow' ? (mend?.edits ?? null) : null,
      };
    }
  },
};

/** The same filter on the qdisc below the class, with what it then needs so as not to drop packets there. */
function below(child: Qdisc | null, { command, protocol, flow }: FilterAt, tree: Tree) {
  if (child === null || child.invisible || child.kind.filters === 'none' || !child.kind.classful) return null;
  const at = argument(command, 'parent');
  if (at < 0) return null;
  const edits = [put(at, handleText(child))];
  let says = `the ${child.kind.kind} below it is ${handleText(child)}`;
  const others = argument(command, 'protocol');
  const drops = protocol !== ETH_P_ALL && DROPPING.has(child.kind.kind) && othersReach(child, tree) === 'yes';
  if (drops && others >= 0) {
    edits.push(put(others, 'all'));
    says += ', where "protocol all" is needed, or all else is dropped (FT011)';
  }
  const buckets = bucketsOf(child);
  if (flow !== null && buckets !== null && (minorsOf(flow.config) ?? []).some((minor) => minor > buckets)) {
    edits.push(option(command, flowArgument(command, 'divisor'), 'divisor', String(buckets)));
    says += `; it has ${buckets} buckets (FT004)`;
  }
  return { edits, says };
}
