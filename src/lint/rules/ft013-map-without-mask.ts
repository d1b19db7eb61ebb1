import { KEYS, Key, keysOf, Mode } from '../../sched/flow/index.ts';
import type { Rule } from '../finding.ts';
import { bucketsOf } from '../kinds.ts';
import { minorsOf } from '../minors.ts';
import { flowArgument } from '../script.ts';

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
          'the upper half is lost: 65536 classes, most of them missing; "and 0xff" or "divisor 256" says how many are meant',
      };
    }
  },
};
