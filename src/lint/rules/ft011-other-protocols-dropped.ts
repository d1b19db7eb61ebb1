import { protocolName } from '../../lang/index.ts';
import { ETH_P_ALL } from '../../packet/index.ts';
import { type Edit, put, type Rule } from '../finding.ts';
import { DROPPING, handleText } from '../kinds.ts';
import { catchesOthers, othersReach } from '../reach.ts';
import { argument, type Command } from '../script.ts';

/** net/sched/sch_sfq.c: sfq_classify() and its like: with a filter attached, what no filter takes has no bucket. */
export const FT011: Rule = {
  code: 'FT011',
  severity: 'error',
  title: 'packets of other protocols are dropped',
  *look(tree) {
    if (tree.hides('filter')) return;
    const told = new Set<string>();
    for (const filter of tree.flows()) {
      const { q, command, protocol } = filter;
      const place = `${filter.device} ${filter.parent}`;
      if (protocol === ETH_P_ALL || !DROPPING.has(q.kind.kind) || told.has(place)) continue;
      if (catchesOthers(filter, tree) || othersReach(q, tree) !== 'yes') continue;
      told.add(place);
      const at = argument(command, 'protocol');
      yield {
        command,
        word: at,
        message: `only ${protocolName(protocol)} is classified at ${q.kind.kind} ${handleText(q)}`,
        effect: `once a filter is attached, ${q.kind.kind} drops what no filter takes: ${lost(protocol)}, tagged frames`,
        mend: all(command, at, tree.beside(filter).length),
      };
    }
  },
};

const lost = (protocol: number): string => (protocol === 0x0800 ? 'IPv6, ARP' : 'all other protocols, ARP');

/** One filter can take everything; of several, which one is for the user to say. */
function all(_: Command, at: number, count: number): Edit[] | null {
  return at < 0 || count !== 1 ? null : [put(at, 'all')];
}
