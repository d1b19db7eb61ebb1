import { Input } from '../../packet/index.ts';
import { Key, keysOf } from '../../sched/flow/index.ts';
import type { Rule } from '../finding.ts';
import { hookOf, isUnset } from '../hooks.ts';
import { keyNames } from '../minors.ts';
import { flowArgument } from '../script.ts';
import { type FilterAt, isDeaf, type Setup } from '../setup.ts';
import type { Page } from './page.ts';

const TUPLE: readonly Key[] = [Key.NFCT_SRC, Key.NFCT_DST, Key.NFCT_PROTO_SRC, Key.NFCT_PROTO_DST];

/** Connection tracking runs behind ingress. What act_ct finds there has the packet's own addresses. */
export const FT009: Rule = {
  code: 'FT009',
  severity: 'warning',
  title: 'nfct keys where a packet has no connection',
  *look(tree) {
    for (const filter of tree.filters) {
      const { command, flow } = filter;
      if (flow === null || isDeaf(filter) || !asksForTuple(filter) || !isUnset('connection', filter, tree)) continue;
      yield {
        command,
        word: flowArgument(command, 'keys'),
        message: `${keyNames(flow.config)}: ${reasonAt(filter, tree)}`,
        effect:
          "the packet's own address and port are used instead; behind NAT that is the public address, so all hosts share a bucket",
      };
    }
  },
};

function reasonAt(filter: FilterAt, tree: Setup): string {
  if (hookOf(filter, tree) === 'ifbOfEgress') return 'packets that are redirected lose their connection';
  const before = [...tree.sending(filter.device), ...tree.beside(filter)];
  if (before.some(({ actions }) => actions !== null && (actions.sets & Input.FOLD_NFCT) !== 0))
    return "a reply behind NAT has the router's own address in its connection, too";
  return 'connection tracking has not seen these packets yet';
}

/** One of its keys is of the packet's connection. */
export function asksForTuple({ flow }: FilterAt): boolean {
  return flow !== null && keysOf(flow.config.keymask).some((key) => TUPLE.includes(key));
}

const INGRESS = [
  'tc qdisc add dev eth0 ingress',
  'tc filter add dev eth0 parent ffff: protocol all matchall action mirred egress redirect dev ifb0',
  'tc qdisc add dev ifb0 root handle 1: sfq',
] as const;
const WITH_CT =
  'tc filter add dev eth0 parent ffff: protocol all matchall action ct pipe action mirred egress redirect dev ifb0';

export const PAGE: Page = {
  happens: [
    'At ingress, and on an ifb that is fed from ingress, a packet has no connection yet.',
    "The key falls back to the packet's own address. Behind NAT that is the public address, so all hosts share one bucket.",
    "`action ct` does not help. It finds the connection by the packet's own addresses: of a reply behind NAT `nfct-dst` is the router's address and `nfct-src` the server's. `action connmark` copies the mark alone.",
    'Since Linux 5.14 a redirect takes the connection off again, also from a packet that leaves. [What is known at which hook](../hooks.md) has the whole table.',
  ],
  mend: [
    'Shape the download at the egress of the inner device, where `dst` is the host.',
    'Or keep a mark of the host in the connection (netfilter: `CONNMARK`, `ct mark`), restore it by `action connmark` before the redirect, and use `mark`.',
  ],
  found: [
    {
      script: [
        ...INGRESS,
        'tc filter add dev ifb0 parent 1: protocol all handle 1 flow hash keys nfct-src divisor 256',
      ],
      line: 4,
      word: 'nfct-src',
    },
    {
      script: [
        INGRESS[0],
        WITH_CT,
        INGRESS[2],
        'tc filter add dev ifb0 parent 1: protocol all handle 1 flow hash keys nfct-dst divisor 256',
      ],
      line: 4,
      word: 'nfct-dst',
    },
    {
      script: [
        'tc qdisc add dev eth0 clsact',
        'tc filter add dev eth0 ingress protocol all handle 1 flow map key nfct-dst and 0xff action drop',
      ],
      line: 2,
      word: 'nfct-dst',
    },
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: prio',
        'tc filter add dev eth0 parent 1: protocol all matchall action mirred egress redirect dev ifb0',
        INGRESS[2],
        'tc filter add dev ifb0 parent 1: protocol all handle 1 flow hash keys nfct-src divisor 256',
      ],
      line: 4,
      word: 'nfct-src',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev lan0 root handle 1: sfq',
        'tc filter add dev lan0 parent 1: protocol all handle 1 flow hash keys dst divisor 256',
      ],
      why: 'Downloads leave the router by the inner device, and `dst` is the host there.',
    },
    {
      script: [
        INGRESS[0],
        'tc filter add dev eth0 parent ffff: protocol all matchall action connmark action mirred egress redirect dev ifb0',
        INGRESS[2],
        'tc filter add dev ifb0 parent 1: protocol all handle 1 flow hash keys mark divisor 256',
      ],
      why: 'A mark goes along with the packet.',
    },
  ],
};
