import { KEYS, Key, keysOf, Mode } from '../../sched/flow/index.ts';
import type { Rule } from '../finding.ts';
import { bucketsOf } from '../kinds.ts';
import { minorsOf } from '../minors.ts';
import { flowArgument } from '../script.ts';
import type { Page } from './page.ts';

/** Keys with more than 16 bits that nobody chooses. */
const WIDE: readonly Key[] = [Key.SRC, Key.DST, Key.NFCT_SRC, Key.NFCT_DST, Key.RXHASH, Key.NFCT];

export const FT013: Rule = {
  code: 'FT013',
  severity: 'warning',
  title: 'map without mask or divisor',
  *look(tree) {
    for (const { q, command, flow } of tree.flows()) {
      const [key] = keysOf(flow.config.keymask);
      if (flow.config.mode === Mode.HASH || key === undefined || !WIDE.includes(key)) continue;
      if (q.kind.ingress || minorsOf(flow.config) !== null || bucketsOf(q) !== null) continue;
      const { name } = KEYS[key];
      yield {
        command,
        word: flowArgument(command, 'keys'),
        message: `all 32 bits of ${name} are mapped to a class number of 16 bits`,
        effect:
          'the upper half is cut off, and most of the 65536 classes do not exist; write "and 0xff" or "divisor 256"',
      };
    }
  },
};

export const PAGE: Page = {
  happens: [
    'A class number has 16 bits: the kernel cuts off the upper half of the address.',
    'Few scripts make 65536 classes (with sfq below, the finding is FT004).',
  ],
  mend: ['Write `and 0xff` for the last byte, or `divisor 256`.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 20',
        'tc class add dev eth0 parent 1: classid 1:20 htb rate 5mbit',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key dst',
      ],
      line: 3,
      word: 'dst',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 20',
        'tc class add dev eth0 parent 1: classid 1:20 htb rate 5mbit',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key dst and 0 baseclass 1:20',
      ],
      why: 'One bit is left of the address.',
    },
  ],
};
