import { classidText, tcH, tcMajor } from '../../u32.ts';
import type { Rule } from '../finding.ts';
import { fateOfLost, isHierarchy } from '../kinds.ts';
import { minorsOf } from '../minors.ts';
import { flowArgument } from '../script.ts';
import type { Page } from './page.ts';

/** The filters of an inner class are evaluated next, which may be intended; without filters it loses the packet. */
export const FT006: Rule = {
  code: 'FT006',
  severity: 'warning',
  title: 'the range of classes covers an inner class',
  *look(tree) {
    if (tree.hides('class') || tree.hides('filter')) return;
    for (const { q, flow, command, parent } of tree.flows()) {
      if (!isHierarchy(q) || tcMajor(flow.config.baseclass) !== tcMajor(q.handle)) continue;
      const ids = (minorsOf(flow.config) ?? []).map((minor) => tcH(tcMajor(q.handle), minor));
      const inner = ids.filter((id) => {
        const cl = q.classes.get(id);
        return cl !== null && cl.children > 0 && id !== parent && !tree.on(q).some((other) => other.parent === id);
      });
      const [first] = inner;
      if (first === undefined) continue;
      const at = flowArgument(command, 'baseclass');
      const given = at < 0 ? 'the base class is :1 if none is given; ' : '';
      yield {
        command,
        word: at < 0 ? command.words.indexOf('flow', 2) : at,
        message: `${inner.map(classidText).slice(0, 3).join(', ')} is an inner class: it cannot hold packets`,
        effect: `${given}${fateOfLost(q).effect}`,
      };
    }
  },
};

export const PAGE: Page = {
  happens: [
    'The base class is :1 if none is given, and 1:1 is the usual inner class.',
    'An inner class without filters of its own cannot hold packets: they go to the default class, or directly to the device (fate-022).',
    'An inner class with filters is not reported: these are evaluated next, which may be intended (fate-023).',
  ],
  mend: ['Begin where the leaf classes begin: `baseclass 1:20`.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 20',
        'tc class add dev eth0 parent 1: classid 1:1 htb rate 9mbit',
        'tc class add dev eth0 parent 1:1 classid 1:20 htb rate 5mbit',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 32',
      ],
      line: 4,
      word: 'flow',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 20',
        'tc class add dev eth0 parent 1: classid 1:1 htb rate 9mbit',
        'tc class add dev eth0 parent 1:1 classid 1:20 htb rate 5mbit',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 1 baseclass 1:20',
      ],
      why: 'The range is the leaf class alone.',
    },
  ],
};
