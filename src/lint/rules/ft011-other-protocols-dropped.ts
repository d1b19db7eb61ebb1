import { protocolName } from '../../lang/index.ts';
import { ETH_P_ALL } from '../../packet/index.ts';
import { put, type Rule } from '../finding.ts';
import { drops, handleText } from '../kinds.ts';
import { catchesOthers, othersReach } from '../reach.ts';
import { argument } from '../script.ts';
import type { Page } from './page.ts';

/** Protocols that nearly every network has, and what they are called. */
const COMMON: ReadonlyMap<number, string> = new Map([
  [0x0800, 'IPv4'],
  [0x86dd, 'IPv6'],
  [0x0806, 'ARP'],
]);

/** net/sched/sch_sfq.c: sfq_classify() and its like: with a filter attached, what no filter takes has no bucket. */
export const FT011: Rule = {
  code: 'FT011',
  severity: 'error',
  title: 'packets of other protocols are dropped',
  *look(tree) {
    if (tree.hides('filter')) return;
    const seen = new Set<string>();
    for (const filter of tree.flows()) {
      const { q, command, protocol } = filter;
      const place = `${filter.device} ${filter.parent}`;
      if (protocol === ETH_P_ALL || !drops(q) || seen.has(place)) continue;
      const siblings = tree.beside(filter);
      const taken = new Set(siblings.map((sibling) => sibling.protocol));
      seen.add(place);
      if (catchesOthers(filter, tree) || othersReach(q, tree, taken) !== 'yes') continue;
      const lost = [...COMMON].filter(([number]) => !taken.has(number)).map(([, name]) => name);
      const at = argument(command, 'protocol');
      yield {
        command,
        word: at,
        severity: lost.length === 0 ? 'advice' : 'error',
        message: `only ${inWords([...taken].map(protocolName))} ${taken.size === 1 ? 'is' : 'are'} classified at ${q.kind.kind} ${handleText(q)}`,
        effect: `once a filter is attached, ${q.kind.kind} drops what no filter takes: ${[...lost, 'tagged frames and the rest'].join(', ')}`,
        // One filter can take everything; of several, only the user knows which one is to.
        mend: at < 0 || siblings.length !== 1 ? null : [put(at, 'all')],
      };
    }
  },
};

/** `a`, `a and b`, `a, b and c` */
function inWords(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

export const PAGE: Page = {
  happens: [
    'As soon as sfq, fq_codel, drr or qfq has any filter, it drops packets that no filter takes: in the first example IPv6, ARP, tagged frames and PPPoE (fate-024 to fate-029), in the second all of these but IPv6.',
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
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol ip prio 1 handle 1 flow hash keys src divisor 1024',
        'tc filter add dev eth0 parent 1: protocol ipv6 prio 2 handle 2 flow hash keys src divisor 1024',
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
        'tc filter add dev eth0 parent 1: protocol ip prio 1 handle 1 fw flowid 1:30',
        'tc filter add dev eth0 parent 1: protocol ipv6 prio 2 handle 1 fw flowid 1:30',
        'tc filter add dev eth0 parent 30: protocol ip prio 1 handle 1 flow hash keys src divisor 8',
        'tc filter add dev eth0 parent 30: protocol ipv6 prio 2 handle 1 flow hash keys src divisor 8',
      ],
      why: 'Only IPv4 and IPv6 reach the class with the sfq.',
    },
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol ip prio 1 handle 1 flow hash keys src divisor 1024',
        'tc filter add dev eth0 parent 1: protocol all prio 2 handle 1 flow hash keys iif divisor 1024',
      ],
      why: 'The second filter takes the rest.',
    },
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
