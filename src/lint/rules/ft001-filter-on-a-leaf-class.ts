import type { Qdisc } from '../../kernel/index.ts';
import { ETH_P_ALL } from '../../packet/index.ts';
import { classidText } from '../../u32.ts';
import { option, put, type Rule } from '../finding.ts';
import { bucketsOf, drops, handleText } from '../kinds.ts';
import { minorsOf } from '../minors.ts';
import { othersReach } from '../reach.ts';
import { argument, flowArgument } from '../script.ts';
import { type FilterAt, isDeaf, type Setup } from '../setup.ts';
import type { Page } from './page.ts';

/** net/sched/sch_htb.c: htb_classify(), sch_hfsc.c: hfsc_classify() return a leaf before they look at its filters. */
export const FT001: Rule = {
  code: 'FT001',
  severity: 'error',
  title: 'a filter on a leaf class is never evaluated',
  *look(tree) {
    if (tree.hides('class')) return;
    for (const filter of tree.filters) {
      const { q, command, parent, kind } = filter;
      if (!tree.known(q) || !isDeaf(filter)) continue;
      const here = classidText(parent);
      const mend = below(q.leaf(parent), filter, tree);
      const fix = mend === null ? '' : `; ${mend.how}`;
      yield {
        command,
        word: argument(command, 'parent'),
        message: 'this filter is never used',
        effect: `${here} is a leaf class of ${q.kind.kind} ${handleText(q)}, and ${q.kind.kind} does not evaluate filters on a leaf${fix}`,
        mend: kind === 'flow' ? (mend?.edits ?? null) : null,
      };
    }
  },
};

/** The same filter on the qdisc below the class, with what it then needs so as not to drop packets there. */
function below(child: Qdisc | null, { command, protocol, flow }: FilterAt, tree: Setup) {
  if (child === null || child.invisible || child.kind.filters === 'none' || !child.kind.classful) return null;
  const at = argument(command, 'parent');
  if (at < 0) return null;
  const edits = [put(at, handleText(child))];
  let how = `the ${child.kind.kind} below it is ${handleText(child)}`;
  const others = argument(command, 'protocol');
  const loses = protocol !== ETH_P_ALL && drops(child) && othersReach(child, tree) === 'yes';
  if (loses && others >= 0) {
    edits.push(put(others, 'all'));
    how += `, which needs "protocol all": ${child.kind.kind} drops what no filter takes (FT011)`;
  }
  const buckets = bucketsOf(child);
  if (flow !== null && buckets !== null && (minorsOf(flow.config) ?? []).some((minor) => minor > buckets)) {
    edits.push(option(command, flowArgument(command, 'divisor'), 'divisor', String(buckets)));
    how += `; it has ${buckets} buckets (FT004)`;
  }
  return { edits, how };
}

export const PAGE: Page = {
  happens: [
    'htb and hfsc choose a leaf class before they look at its filters, so a filter on a leaf is never evaluated (records fate-000 to fate-002: not even one that drops everything).',
    'The filter comes to life as soon as the class gets a child (fate-328).',
    'Other kinds of qdisc refuse such a filter.',
  ],
  mend: [
    'Attach the filter to the qdisc below the class: `parent 10:`.',
    'That qdisc may drop what no filter takes, so `protocol ip` becomes `protocol all` where other protocols can arrive (FT011).',
    'The divisor must not be larger than the number of buckets (FT004).',
  ],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 10',
        'tc class add dev eth0 parent 1: classid 1:10 htb rate 50mbit',
        'tc qdisc add dev eth0 parent 1:10 handle 10: sfq',
        'tc filter add dev eth0 parent 1:10 protocol ip handle 20 flow hash keys src,dst divisor 1024',
      ],
      line: 4,
      word: '1:10',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 21',
        'tc class add dev eth0 parent 1: classid 1:20 htb rate 5mbit',
        'tc filter add dev eth0 parent 1:20 handle 1 flow hash keys src divisor 1 baseclass 1:21',
        'tc class add dev eth0 parent 1:20 classid 1:21 htb rate 1mbit',
      ],
      why: 'The class has a child, so its filters are evaluated.',
    },
  ],
};
