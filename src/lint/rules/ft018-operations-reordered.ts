import { matches } from '../../lang/index.ts';
import type { Rule } from '../finding.ts';

/** The order in which the kernel applies them, whatever order they are typed in. */
const STEP: Readonly<Record<string, number>> = { and: 0, or: 0, xor: 0, rshift: 1, addend: 2 };

/** net/sched/cls_flow.c: flow_classify() — ((key & mask) ^ xor) >> rshift) + addend. */
export const FT018: Rule = {
  code: 'FT018',
  severity: 'advice',
  title: 'operations in another order than typed',
  *look(tree) {
    for (const { command } of tree.asked) {
      const { words } = command;
      const typed = words.flatMap((word, at) => {
        const name =
          at > words.indexOf('flow', 2) && word.length > 1
            ? Object.keys(STEP).find((known) => matches(word, known))
            : undefined;
        return name === undefined ? [] : [{ at, name, step: STEP[name] ?? 0 }];
      });
      const late = typed.find(({ step }, i) => typed.slice(0, i).some((before) => before.step > step));
      if (late === undefined) continue;
      yield {
        command,
        word: late.at,
        message: `${late.name} is applied before what stands in front of it`,
        effect: 'the kernel masks first (and, or, xor), then shifts, then adds, in whatever order they are written',
      };
    }
  },
};
