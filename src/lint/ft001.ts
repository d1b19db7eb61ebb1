import type { Qdisc } from '../sched/netns/index.ts';
import { classidText } from '../u32.ts';
import { put, type Rule } from './finding.ts';
import { DROPPING, handleText } from './kinds.ts';
import { othersReach } from './reach.ts';
import { argument, type Command } from './script.ts';
import { type FilterAt, isDeaf, type Tree } from './tree.ts';

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

/** The same filter on the qdisc below the class; there, what it does not match would be dropped. */
function below(child: Qdisc | null, { command, protocol }: FilterAt, tree: Tree) {
  if (child === null || child.invisible || child.kind.filters === 'none' || !child.kind.classful) return null;
  const at = argument(command, 'parent');
  if (at < 0) return null;
  const edits = [put(at, handleText(child))];
  let says = `the ${child.kind.kind} below it is ${handleText(child)}`;
  const drops = protocol !== 3 && DROPPING.has(child.kind.kind) && othersReach(child, tree) === 'yes';
  if (!drops) return { edits, says };
  says += `, where "protocol all" is needed too, or all else is dropped (FT011)`;
  return { edits: [...edits, ...protocolAll(command)], says };
}

function protocolAll(command: Command) {
  const at = argument(command, 'protocol');
  return at < 0 ? [] : [put(at, 'all')];
}
