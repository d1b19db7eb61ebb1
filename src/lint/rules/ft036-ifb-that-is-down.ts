import type { Rule } from '../finding.ts';
import { readIfbs } from '../ifbs.ts';
import type { Page } from './page.ts';

/** net/sched/act_mirred.c: tcf_mirred_act() sends nothing to a device that is not IFF_UP. */
export const FT036: Rule = {
  code: 'FT036',
  severity: 'warning',
  title: 'an ifb that is never brought up',
  *look(tree) {
    const fed = tree.devices.flatMap(({ name }) => {
      const [first] = tree.sending(name);
      return first === undefined ? [] : [{ name, command: first.command }];
    });
    if (fed.length === 0) return;
    const ifbs = readIfbs(tree.script);
    for (const { name, command } of fed) {
      if (!ifbs.isMade(name) || ifbs.isUp(name)) continue;
      yield {
        command,
        word: command.words.lastIndexOf(name),
        message: `${name} is made here and never brought up`,
        effect: `a new ifb is down, and the kernel throws away what is sent to it; \`ip link set dev ${name} up\` is missing`,
      };
    }
  },
};

export const PAGE: Page = {
  happens: [
    'An ifb is down when it has just been made.',
    'mirred sends nothing to a device that is down: the packets are lost, and the kernel logs `tc mirred to Houston`.',
    'Nothing is found where a line with a variable, or a file that the script reads, may bring it up.',
  ],
  mend: ['Before the filter: `ip link set dev ifb0 up`.'],
  found: [
    {
      script: [
        'ip link add ifb0 type ifb',
        'tc qdisc add dev eth0 ingress',
        'tc filter add dev eth0 parent ffff: protocol all matchall action mirred egress redirect dev ifb0',
        'tc qdisc add dev ifb0 root handle 1: sfq',
      ],
      line: 3,
      word: 'ifb0',
    },
    {
      script: [
        'modprobe ifb numifbs=2',
        'ip link set dev ifb1 up',
        'tc qdisc add dev eth0 ingress',
        'tc filter add dev eth0 parent ffff: protocol all matchall action mirred egress redirect dev ifb0',
      ],
      line: 4,
      word: 'ifb0',
    },
  ],
  clean: [
    {
      script: [
        'ip link add ifb0 type ifb',
        'ip link set ifb0 up; tc qdisc add dev eth0 ingress',
        'tc filter add dev eth0 parent ffff: protocol all matchall action mirred egress redirect dev ifb0',
      ],
      why: 'The device is brought up.',
    },
    {
      script: [
        'ip link add ifb0 type ifb',
        'for i in 0 1; do ip link set dev ifb$i up; done',
        'tc qdisc add dev eth0 ingress',
        'tc filter add dev eth0 parent ffff: protocol all matchall action mirred egress redirect dev ifb0',
      ],
      why: 'The loop may bring it up.',
    },
    {
      script: [
        'tc qdisc add dev eth0 ingress',
        'tc filter add dev eth0 parent ffff: protocol all matchall action mirred egress redirect dev ifb0',
      ],
      why: 'Somebody else makes the device.',
    },
  ],
};
