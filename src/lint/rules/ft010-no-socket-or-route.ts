import { KEYS, Key, keysOf } from '../../sched/flow/index.ts';
import type { Rule } from '../finding.ts';
import { isConstant } from '../hooks.ts';
import { flowArgument } from '../script.ts';
import type { Page } from './page.ts';

const LOCAL: readonly Key[] = [Key.SKUID, Key.SKGID, Key.RTCLASSID];

/** Only packets of local sockets have an owner, only routed ones a route. */
export const FT010: Rule = {
  code: 'FT010',
  severity: 'warning',
  title: 'sk-uid, sk-gid, rt-classid on packets that have neither socket nor route',
  *look(tree) {
    for (const filter of tree.flows()) {
      const { command, flow } = filter;
      const [key] = keysOf(flow.config.keymask).filter((one) => LOCAL.includes(one));
      if (key === undefined) continue;
      const always = isConstant(key, filter, tree);
      const { name } = KEYS[key];
      yield {
        command,
        word: flowArgument(command, 'keys'),
        severity: always ? 'warning' : 'advice',
        message: always ? `${name} is always 0 here` : `${name} is 0 for forwarded packets`,
        effect: always
          ? 'no packet here has a socket (or, at ingress, a route): all of them get the same class'
          : 'only packets of local sockets have another value (rt-classid: only packets routed with a realm); all others share a class',
      };
    }
  },
};

export const PAGE: Page = {
  happens: [
    'Only packets of local sockets have an owner, and only routed packets can have a realm.',
    'At ingress the value is always 0, and on an ifb that packets are redirected to from there; owners are lost by a redirect at egress, too. See [what is known at which hook](../hooks.md).',
    'On the way out it is 0 for forwarded packets: the finding is advice there.',
  ],
  mend: ['Use another key: `src`, `mark`.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 ingress',
        'tc filter add dev eth0 parent ffff: handle 1 flow map key sk-uid action drop',
      ],
      line: 2,
      word: 'sk-uid',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 ingress_block 1 ingress',
        'tc filter add block 1 handle 1 flow map key iif baseclass ffff:1 action drop',
      ],
      why: 'The incoming device is known at ingress.',
    },
  ],
};
