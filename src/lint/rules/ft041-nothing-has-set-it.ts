import { findClassifier } from '../../sched/classifier/index.ts';
import { KEYS, Key, keysOf } from '../../sched/flow/index.ts';
import type { Found, Rule } from '../finding.ts';
import { isConstant, isUnset } from '../hooks.ts';
import { argument, flowArgument } from '../script.ts';
import { isDeaf, type Setup } from '../setup.ts';
import type { Page } from './page.ts';

/** Others have findings of their own: connections FT009, owners and routes FT010. */
const LOOKED_FOR: readonly Key[] = [Key.MARK, Key.PRIORITY, Key.IIF];

/** net/core/dev.c: sch_handle_ingress() comes before netfilter, routing and sockets. */
export const FT041: Rule = {
  code: 'FT041',
  severity: 'warning',
  title: 'a key that has one value for all packets at that hook',
  *look(tree) {
    for (const filter of tree.flows()) {
      const { command, flow } = filter;
      const keys = keysOf(flow.config.keymask);
      const [key] = keys.filter((one) => LOOKED_FOR.includes(one) && isConstant(one, filter, tree));
      if (key === undefined) continue;
      const isAlone = keys.every((one) => isConstant(one, filter, tree));
      yield {
        command,
        word: flowArgument(command, 'keys'),
        severity: isAlone ? 'warning' : 'advice',
        message: `${KEYS[key].name} is ${key === Key.IIF ? 'the same for all packets' : 'always 0'} here`,
        effect: `${WHY[key] ?? ''}; ${isAlone ? 'all packets get the same class' : 'the key adds nothing to the others'}`,
      };
    }
    yield* marksThatNeverMatch(tree);
  },
};

const WHY: Partial<Record<Key, string>> = {
  [Key.MARK]: 'netfilter and sockets set marks, and neither has seen a packet that comes in',
  [Key.PRIORITY]: 'packets that come in have no priority yet, unless a VLAN device maps one',
  [Key.IIF]: 'all packets here came in on one device',
};

function* marksThatNeverMatch(tree: Setup): Generator<Found> {
  for (const filter of tree.filters) {
    const { command, kind, handle } = filter;
    if (findClassifier(kind)?.byMark !== true || handle === 0 || isDeaf(filter) || !isUnset('mark', filter, tree))
      continue;
    yield {
      command,
      word: argument(command, 'handle'),
      message: 'every packet has mark 0 here',
      effect: `${WHY[Key.MARK]}; the filter takes nothing`,
    };
  }
}

const FED = [
  'tc qdisc add dev eth0 ingress',
  'tc filter add dev eth0 parent ffff: protocol all matchall action mirred egress redirect dev ifb0',
  'tc qdisc add dev ifb0 root handle 1: sfq',
] as const;
const BY_MARK = 'tc filter add dev ifb0 parent 1: protocol all handle 1 flow hash keys mark divisor 256';

export const PAGE: Page = {
  happens: [
    'Packets that come in meet ingress first, and what is fed from there: netfilter, routing and sockets have not seen them.',
    'Their mark and their priority are 0, and `iif` is the device that they came in on. A filter that goes by one of these gives one class; a `fw` filter takes nothing.',
    'With other keys that differ the finding is advice. [What is known at which hook](../hooks.md) has the whole table.',
  ],
  mend: [
    'Restore the mark of the connection before the redirect: `action connmark`, or `action ctinfo cpmark`. They look the connection up by themselves.',
    'Or set it by filters at ingress: `action skbedit mark …`.',
  ],
  found: [
    { script: [...FED, BY_MARK], line: 4, word: 'mark' },
    {
      script: [...FED, 'tc filter add dev ifb0 parent 1: protocol all handle 8 fw classid 1:8'],
      line: 4,
      word: '8',
    },
    {
      script: [
        'tc qdisc add dev eth0 clsact',
        'tc filter add dev eth0 ingress protocol all handle 1 flow map key priority and 7 action drop',
      ],
      line: 2,
      word: 'priority',
    },
  ],
  clean: [
    {
      script: [
        FED[0],
        'tc filter add dev eth0 parent ffff: protocol all matchall action connmark action mirred egress redirect dev ifb0',
        FED[2],
        BY_MARK,
      ],
      why: "The connection's mark is restored before the redirect.",
    },
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all handle 1 flow hash keys mark divisor 256',
      ],
      why: 'At egress netfilter has set marks.',
    },
  ],
};
