import type { Rule } from '../finding.ts';

/** net/sched/cls_flow.c: flow_change() — a new filter without a handle is EINVAL. */
export const FT002: Rule = {
  code: 'FT002',
  severity: 'error',
  title: 'a flow filter without a handle is refused',
  *look(tree) {
    for (const { command } of tree.asked) {
      const kind = command.words.indexOf('flow', 2);
      if (command.words.slice(0, kind).includes('handle') || !/^(?:a|rep)/.test(command.words[1] ?? '')) continue;
      yield {
        command,
        word: kind,
        message: 'a flow filter needs a handle',
        effect: 'the kernel refuses it (RTNETLINK answers: Invalid argument), so the filter is not there',
        mend: [{ at: kind, remove: 0, insert: ['handle', '1'] }],
      };
    }
  },
};
