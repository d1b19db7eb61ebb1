import type { Class } from '../../kernel/index.ts';
import { getClassid } from '../../lang/index.ts';
import { classidText, tcMinor } from '../../u32.ts';
import { lineOf, type Rule } from '../finding.ts';
import { argument, type Command } from '../script.ts';
import type { Page } from './page.ts';

/** net/sched/sch_htb.c: htb_change_class() looks for the parent, and without one the class is a root class. */
export const FT034: Rule = {
  code: 'FT034',
  severity: 'warning',
  title: 'a class below one that is not there',
  *look(tree) {
    if (tree.hides('class')) return;
    for (const q of tree.qdiscs()) {
      for (const cl of q.classes.walk()) {
        const command = tree.origin(cl);
        const parent = command === null ? null : parentLost(cl, command);
        if (command === null || parent === null || q.kind.classes?.tree !== true) continue;
        const later = q.classes.get((q.handle | tcMinor(parent)) >>> 0);
        const made = later === null || later === cl ? null : tree.origin(later);
        yield {
          command,
          word: argument(command, 'parent'),
          message: `${classidText(parent)} is not there${made === null ? '' : ` yet: ${lineOf(made)} makes it`}`,
          effect: `${q.kind.kind} makes ${classidText(cl.id)} a class at the root: no class above limits it, and it cannot borrow`,
        };
      }
    }
  },
};

/** The class that a command names as parent of a class that has none; null: it has, or should have none. */
export function parentLost({ above, root }: Class, command: Command): number | null {
  if (above !== null || root) return null;
  const parent = getClassid(command.words[argument(command, 'parent')] ?? '') ?? 0;
  return parent === ROOT || tcMinor(parent) === 0 ? null : parent;
}

const ROOT = 0xffffffff;

export const PAGE: Page = {
  happens: [
    'htb does not refuse such a class: it becomes a class at the root.',
    'The class that was to limit it does not, and nobody lends it anything.',
    'hfsc refuses the command.',
  ],
  mend: ['Name a class that exists.', 'Make the parent first: tc runs the lines in their order.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 10',
        'tc class add dev eth0 parent 1: classid 1:1 htb rate 100mbit',
        'tc class add dev eth0 parent 1:7 classid 1:10 htb rate 5mbit ceil 100mbit',
      ],
      line: 3,
      word: '1:7',
    },
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 10',
        'tc class add dev eth0 parent 1:1 classid 1:10 htb rate 5mbit ceil 100mbit',
        'tc class add dev eth0 parent 1: classid 1:1 htb rate 100mbit',
      ],
      line: 2,
      word: '1:1',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 10',
        'tc class add dev eth0 parent 1: classid 1:1 htb rate 100mbit',
        'tc class add dev eth0 parent 1:1 classid 1:10 htb rate 5mbit ceil 100mbit',
      ],
      why: 'The parent is there.',
    },
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 10',
        'tc class add dev eth0 parent root classid 1:10 htb rate 5mbit',
      ],
      why: 'The class is meant to be at the root.',
    },
  ],
};
