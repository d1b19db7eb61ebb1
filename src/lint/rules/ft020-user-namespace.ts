import { KEYS, keysOf } from '../../sched/flow/index.ts';
import type { Rule } from '../finding.ts';
import { flowArgument } from '../script.ts';
import type { Page } from './page.ts';

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
          'the kernel refuses the filter there (Operation not supported); it was meant to refuse sk-uid, which it accepts',
      };
    }
  },
};

export const PAGE: Page = {
  happens: [
    'The kernel wants to keep sk-uid and sk-gid out of user namespaces, but tests the numbers 14 and 15 as if they were bits.',
    'So it refuses src, dst, proto and proto-src (EOPNOTSUPP), and accepts sk-uid.',
  ],
  mend: ['Run the commands as root of the first namespace, or use `nfct-src`.'],
  found: [
    {
      script: [
        "unshare -rn sh -c '...'",
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 8',
      ],
      line: 3,
      word: 'src',
    },
  ],
  clean: [
    {
      script: [
        "unshare -rn sh -c '...'",
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys sk-uid divisor 8',
      ],
      why: 'The kernel accepts sk-uid.',
    },
  ],
};
