import { KEYS, Key, keysOf, Mode } from '../../sched/flow/index.ts';
import { option, type Rule } from '../finding.ts';
import { lostAt } from '../kinds.ts';
import { flowArgument } from '../script.ts';
import type { Page } from './page.ts';

const NUMBERS: readonly Key[] = [Key.MARK, Key.PRIORITY, Key.RTCLASSID];

/** net/sched/cls_flow.c: flow_change() — the base class is :1 where none is given, and the value is added to it. */
export const FT014: Rule = {
  code: 'FT014',
  severity: 'warning',
  title: 'off by one: the base class counts from 1',
  *look(tree) {
    for (const { q, command, flow } of tree.flows()) {
      const { mode, keymask, addend, divisor } = flow.config;
      const [key] = keysOf(keymask);
      const plain = mode !== Mode.HASH && addend === 0 && divisor === 0 && flow.options.baseclass === undefined;
      if (!plain || key === undefined || !NUMBERS.includes(key) || q.kind.ingress) continue;
      const { name } = KEYS[key];
      const harmless = lostAt(q) === 'own';
      yield {
        command,
        word: flowArgument(command, 'keys'),
        message: `${name} N gives class N+1`,
        effect: `without baseclass the base is :1, so ${name} 2 gets class 3${
          harmless ? '' : `; "addend 0xffffffff" mends that, but then ${name} 0 has no class (FT028)`
        }`,
        mend: harmless ? [option(command, flowArgument(command, 'addend'), 'addend', '0xffffffff')] : null,
      };
    }
  },
};

export const PAGE: Page = {
  happens: [
    'The base class is :1 if none is given, and the value is added to it: marks 0, 1, 2 give classes 1:1, 1:2, 1:3 (fate-048).',
  ],
  mend: [
    'Number the classes accordingly.',
    '`addend 0xffffffff` subtracts one. That is right on cake; elsewhere value 0 then has no class (FT028).',
  ],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: cake',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key mark',
      ],
      line: 2,
      word: 'mark',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: cake',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key mark addend 0xffffffff',
      ],
      why: 'The addend subtracts the one that the base class adds.',
    },
  ],
};
