import { ETH_P_ALL } from '../../packet/index.ts';
import { KEYS, Key, keysOf } from '../../sched/flow/index.ts';
import type { Rule } from '../finding.ts';
import { othersReach } from '../reach.ts';
import { flowArgument } from '../script.ts';
import type { Page } from './page.ts';

const HEADERS: readonly Key[] = [Key.SRC, Key.DST, Key.PROTO_SRC, Key.PROTO_DST];
const PORTS: readonly Key[] = [Key.PROTO_SRC, Key.PROTO_DST];

/** net/sched/cls_flow.c: flow_get_nfct() and the fallbacks of flow_get_src() and its like: addr_fold(pointer). */
export const FT015: Rule = {
  code: 'FT015',
  severity: 'warning',
  title: 'a kernel pointer as key',
  *look(tree) {
    for (const { q, command, flow, protocol } of tree.flows()) {
      const keys = keysOf(flow.config.keymask);
      const word = flowArgument(command, 'keys');
      if (keys.includes(Key.NFCT)) {
        yield {
          command,
          word,
          message: 'nfct is the address of a kernel object',
          effect:
            'it differs from connection to connection and from boot to boot: nobody can predict the class, and no host keeps it',
        };
      }
      const [key] = keys.filter((one) => HEADERS.includes(one));
      if (key === undefined || protocol !== ETH_P_ALL || othersReach(q, tree) === 'no') continue;
      yield {
        command,
        word,
        severity: 'advice',
        message: `packets without ${KEYS[key].name} (${PORTS.includes(key) ? 'ICMP, fragments' : 'ARP'} and others) are hashed by a kernel pointer`,
        effect: 'they get some class, which changes from boot to boot',
      };
    }
  },
};

export const PAGE: Page = {
  happens: [
    '`nfct` is the address of a kernel object. It differs for every connection and after every boot.',
    'Keys of headers that a packet does not have (`src` of ARP, ports of ICMP) fall back to such addresses too: that is advice.',
  ],
  mend: ['Use `nfct-src` for the host.', 'Give other protocols a filter of their own.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys nfct divisor 64',
      ],
      line: 2,
      word: 'nfct',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys mark divisor 64',
      ],
      why: 'Every packet has a mark.',
    },
  ],
};
