import { tcMinor } from '../../u32.ts';
import { put, type Rule } from '../finding.ts';
import { classMinors, defaultClass, defaultMinor, handleText } from '../kinds.ts';
import type { Page } from './page.ts';

/** net/sched/sch_htb.c: htb_classify() — no default class, or an inner one: HTB_DIRECT. */
export const FT032: Rule = {
  code: 'FT032',
  severity: 'warning',
  title: "htb's default class is missing or inner",
  *look(tree) {
    if (tree.hides('class')) return;
    for (const q of tree.qdiscs()) {
      const minor = defaultMinor(q);
      const command = tree.origin(q);
      if (
        q.kind.unmatched !== 'direct' ||
        minor === 0 ||
        !tree.known(q) ||
        command === null ||
        defaultClass(q) !== null
      )
        continue;
      // Without any class there is nothing that a default could be: FT005 reports what the filters then do.
      if (classMinors(q).length === 0) continue;
      const id = `${handleText(q)}${minor.toString(16)}`;
      const inner = q.classes.get((q.handle + minor) >>> 0) !== null;
      const at = command.words.indexOf('default') + 1;
      const leaves = [...q.classes.walk()].filter(({ children }) => children === 0).map((cl) => tcMinor(cl.id));
      const meant = leafMeant(minor, leaves);
      yield {
        command,
        word: at > 0 ? at : -1,
        message: inner ? `the default class ${id} is an inner class` : `the default class ${id} does not exist`,
        effect: 'htb sends packets that no filter puts into a leaf class directly: unshaped, past all limits',
        mend: at > 0 && meant !== null ? [put(at, meant.toString(16))] : null,
      };
    }
  },
};

/** The leaf that has this number in decimal, or the only leaf there is; null: nobody can know. */
function leafMeant(minor: number, leaves: readonly number[]): number | null {
  const decimal = Number(minor.toString(16));
  if (leaves.includes(decimal)) return decimal;
  return leaves.length === 1 ? (leaves[0] ?? null) : null;
}

export const PAGE: Page = {
  happens: [
    'htb sends packets that no filter puts into a leaf class directly: unshaped, past all limits (fate-010 to fate-013).',
    '`default` is hexadecimal, as class numbers are.',
  ],
  mend: ['Name a leaf class that exists.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 21',
        'tc class add dev eth0 parent 1: classid 1:20 htb rate 5mbit',
      ],
      line: 1,
      word: '21',
    },
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 12',
        'tc class add dev eth0 parent 1: classid 1:b htb rate 5mbit',
        'tc class add dev eth0 parent 1: classid 1:c htb rate 5mbit',
      ],
      line: 1,
      word: '12',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 20',
        'tc class add dev eth0 parent 1: classid 1:20 htb rate 5mbit',
      ],
      why: 'The default class is a leaf.',
    },
  ],
};
