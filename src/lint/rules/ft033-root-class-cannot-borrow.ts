import { matches } from '../../lang/index.ts';
import { classidText } from '../../u32.ts';
import type { Rule } from '../finding.ts';
import type { Command } from '../script.ts';
import { parentLost } from './ft034-parent-that-is-not-there.ts';
import type { Page } from './page.ts';

/** net/sched/sch_htb.c: htb_activate_prios() goes up from a class that may borrow to its parent, and ends at the root. */
export const FT033: Rule = {
  code: 'FT033',
  severity: 'warning',
  title: 'a class at the root cannot borrow',
  *look(tree) {
    for (const q of tree.qdiscs()) {
      const kind = q.kind.classes;
      const top = [...q.classes.walk()].filter(({ above, root }) => above === null && !root);
      // A single class has nobody to borrow from: its ceiling is not what it is there for.
      if (kind === null || top.length < 2) continue;
      for (const cl of top) {
        const command = tree.origin(cl);
        if (command === null || parentLost(cl, command) !== null || !kind.borrows(cl.settings)) continue;
        yield {
          command,
          word: ceiling(command),
          message: `${classidText(cl.id)} cannot borrow: no class is above it`,
          effect: `it gets its rate and never more, whatever its ceil; ${q.kind.kind} lends only what a parent class has left`,
        };
      }
    }
  },
};

/** Index of the ceiling's value; -1: the class got it by a later command. */
function ceiling({ words }: Command): number {
  const at = words.findIndex((word, i) => i > words.indexOf('classid') && word.length > 1 && matches(word, 'ceil'));
  return at < 0 ? -1 : at + 1;
}

export const PAGE: Page = {
  happens: [
    'A class of htb borrows from the class above it, and from nowhere else.',
    'A class right below the qdisc has none: it stays at its `rate`, and `ceil` changes nothing.',
    'With 2048 such classes on 100mbit every host gets 48 kbit/s, even if all others are silent.',
  ],
  mend: [
    'Make one class at the root that has the rate of the link, and these classes below it: `cls-flow classes` prints such commands.',
  ],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 2',
        'tc class add dev eth0 parent 1: classid 1:1 htb rate 50mbit ceil 100mbit',
        'tc class add dev eth0 parent 1: classid 1:2 htb rate 50mbit ceil 100mbit',
      ],
      line: 3,
      word: '100mbit',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 2',
        'tc class add dev eth0 parent 1: classid 1:ffff htb rate 100mbit',
        'tc class add dev eth0 parent 1:ffff classid 1:1 htb rate 50mbit ceil 100mbit',
        'tc class add dev eth0 parent 1:ffff classid 1:2 htb rate 50mbit ceil 100mbit',
      ],
      why: 'The two classes share what their parent has left.',
    },
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 2',
        'tc class add dev eth0 parent 1: classid 1:1 htb rate 50mbit',
        'tc class add dev eth0 parent 1: classid 1:2 htb rate 50mbit ceil 50mbit',
      ],
      why: 'The ceiling is the rate: nothing is to be borrowed.',
    },
  ],
};
