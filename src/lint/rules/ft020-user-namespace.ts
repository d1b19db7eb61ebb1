import { KEYS, keysOf } from '../../sched/flow/index.ts';
import type { Rule } from '../finding.ts';
import { flowArgument } from '../script.ts';

/** The kernel's mask holds key numbers 14 | 15 where it means their bits (quirk 14): src, dst, proto, proto-src. */
const REFUSED = 0xf;
const USER_NAMESPACE = /\bunshare\b.*(?:\s-\w*[rU]|--user|--map-root-user)/;

/** net/sched/cls_flow.c: flow_change(), where the requester's user namespace is not the first. */
export const FT020: Rule = {
  code: 'FT020',
  severity: 'error',
  title: 'keys that a user namespace may not use',
  *look(tree) {
    if (!tree.script.others.some(({ source }) => USER_NAMESPACE.test(source))) return;
    for (const { command, options } of tree.asked) {
      const keys = keysOf((options.keys ?? 0) & REFUSED).map((key) => KEYS[key].name);
      if (keys.length === 0) continue;
      yield {
        command,
        word: flowArgument(command, 'keys'),
        message: `${keys.join(', ')} cannot be used in a user namespace`,
        effect:
          'the kernel refuses the filter there (Operation not supported), though sk-uid, which it means to refuse, passes',
      };
    }
  },
};
