import { KEYS, Key, keysOf, Mode } from '../../sched/flow/index.ts';
import { option, type Rule } from '../finding.ts';
import { lostAt } from '../kinds.ts';
import { flowArgument } from '../script.ts';

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
        effect: `without baseclass the base is :1, so ${name} 2 lands in class 3${
          harmless ? '' : `; "addend 0xffffffff" mends that, but then ${name} 0 gives no class at all (FT028)`
        }`,
        mend: harmless ? [option(command, flowArgument(command, 'addend'), 'addend', '0xffffffff')] : null,
      };
    }
  },
};
