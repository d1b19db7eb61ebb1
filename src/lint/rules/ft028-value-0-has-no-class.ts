import { KEYS, Key, keysOf } from '../../sched/flow/index.ts';
import type { Rule } from '../finding.ts';
import { lostAt } from '../kinds.ts';
import { isOneLess } from '../minors.ts';
import { flowArgument } from '../script.ts';
import { fateOfZero } from './ft025-minor-wraps-to-0.ts';
import type { Page } from './page.ts';

/** What a packet has that nobody marked. */
const ZERO_IS_USUAL: readonly Key[] = [Key.MARK, Key.PRIORITY, Key.RTCLASSID, Key.SKUID, Key.SKGID, Key.VLAN_TAG];

export const FT028: Rule = {
  code: 'FT028',
  severity: 'warning',
  title: 'addend -1, and a value of 0 has no class',
  *look(tree) {
    for (const { q, command, flow } of tree.flows()) {
      const [key] = keysOf(flow.config.keymask);
      if (key === undefined || !ZERO_IS_USUAL.includes(key) || !isOneLess(flow.config)) continue;
      if (q.kind.ingress || lostAt(q) === 'own') continue;
      const { name } = KEYS[key];
      const { effect, lost } = fateOfZero(q);
      yield {
        command,
        word: flowArgument(command, 'addend'),
        severity: lost ? 'warning' : 'advice',
        message: `${name} 0 becomes class number 0`,
        effect: `packets without a ${name} (ARP, and all that no rule marks): ${effect}`,
      };
    }
  },
};

export const PAGE: Page = {
  happens: [
    'The addend that mends FT014 makes class 1:1 of mark 1, and class 1:0 of mark 0.',
    'htb sends such packets directly and unshaped, even if there is a default class (fate-049); sfq, fq_codel and drr drop them.',
    'ARP, and all packets that no rule marks, have mark 0.',
  ],
  mend: ['Leave the addend out and number the classes from 2, with 1:1 for packets without a mark.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 20',
        'tc class add dev eth0 parent 1: classid 1:20 htb rate 5mbit',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key mark addend 0xffffffff',
      ],
      line: 3,
      word: '0xffffffff',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: cake',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key mark addend 0xffffffff',
      ],
      why: 'cake hashes packets without a class itself.',
    },
  ],
};
