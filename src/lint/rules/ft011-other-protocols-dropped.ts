import { protocolName } from '../../lang/index.ts';
import { ETH_P_ALL } from '../../packet/index.ts';
import { type Edit, put, type Rule } from '../finding.ts';
import { DROPPING, handleText } from '../kinds.ts';
import { catchesOthers, othersReach } from '../reach.ts';
import { argument, type Command } from '../script.ts';
import type { Page } from './page.ts';

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

export const PAGE: Page = {
  happens: [
    'As soon as sfq, fq_codel, drr or qfq has any filter, it drops packets that no filter takes: here IPv6, ARP, tagged frames and PPPoE (fate-024 to fate-029).',
    'Without ARP the host soon loses its neighbours.',
    'cake hashes such packets itself (fate-030).',
    'Nothing is reported if only IPv4 can reach the qdisc, or if that cannot be known.',
  ],
  mend: ['Write `protocol all`, or add a filter that takes the rest.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol ip handle 1 flow hash keys src,dst divisor 1024',
      ],
      line: 2,
      word: 'ip',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 20',
        'tc class add dev eth0 parent 1: classid 1:20 htb rate 5mbit',
        'tc class add dev eth0 parent 1: classid 1:30 htb rate 1mbit',
        'tc qdisc add dev eth0 parent 1:30 handle 30: sfq',
        'tc filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip protocol 6 0xff flowid 1:30',
        'tc filter add dev eth0 parent 30: protocol ip handle 1 flow hash keys src divisor 8',
      ],
      why: 'Only IPv4 reaches the class with the sfq.',
    },
  ],
};
