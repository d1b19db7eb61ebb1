import type { Class, Qdisc } from '../../kernel/index.ts';
import { classidText } from '../../u32.ts';
import type { Rule } from '../finding.ts';
import { bucketsOf } from '../kinds.ts';
import { isUsed } from '../reach.ts';
import { argument, type Command } from '../script.ts';
import type { Setup } from '../setup.ts';
import type { Page } from './page.ts';

/** pkt_sched.h: a class gets a pfifo of its own until somebody puts a qdisc there. */
export const FT035: Rule = {
  code: 'FT035',
  severity: 'advice',
  title: 'a class without the leaf qdisc that its siblings have',
  *look(tree) {
    if (tree.hides('qdisc')) return;
    for (const { q, group } of tree.qdiscs().flatMap(siblings)) {
      const fair = group.filter((cl) => isFair(cl, tree));
      const bare = group.filter(({ leaf }) => !tree.known(leaf));
      if (fair.length < 2 || bare.length >= fair.length) continue;
      let below = 0;
      for (const cl of bare) {
        while ((fair[below]?.id ?? Number.POSITIVE_INFINITY) < cl.id) below++;
        // The nearest on either side, or the two on the one.
        const at = Math.min(Math.max(below - 1, 0), fair.length - 2);
        const [pattern, second] = fair.slice(at, at + 2);
        const command = tree.origin(cl);
        const line = pattern?.leaf && tree.origin(pattern.leaf);
        if (!line || second === undefined || command === null || !isUsed(cl, q, tree)) continue;
        yield {
          command,
          word: argument(command, 'classid'),
          message: `${classidText(cl.id)} has no qdisc below it, as ${classidText(pattern.id)} and ${classidText(second.id)} have`,
          effect: `its packets wait in one queue, which a single host can fill; \`tc ${alike(line, cl)}\` makes it like them`,
        };
      }
    }
  },
};

/** Classes without classes below them, by the class above; each list by number. */
function siblings(q: Qdisc): { readonly q: Qdisc; readonly group: readonly Class[] }[] {
  const leaves = [...q.classes.walk()].filter(({ children, root }) => children === 0 && !root);
  const groups = new Map<Class | null, Class[]>();
  for (const cl of leaves) {
    const group = groups.get(cl.above);
    if (group === undefined) groups.set(cl.above, [cl]);
    else group.push(cl);
  }
  return [...groups.values()].map((group) => ({ q, group: group.sort((a, b) => a.id - b.id) }));
}

/** The script put a qdisc below it that keeps flows or hosts apart. */
const isFair = ({ leaf }: Class, tree: Setup): boolean => tree.known(leaf) && bucketsOf(leaf) !== null;

/** The words of the sibling's qdisc, for this class. */
function alike(line: Command, { id }: Class): string {
  const handle = argument(line, 'handle');
  const parent = argument(line, 'parent');
  const words = line.words.map((word, i) => (i === parent ? classidText(id) : word));
  return words.filter((_, i) => handle < 0 || (i !== handle && i !== handle - 1)).join(' ');
}

export const PAGE: Page = {
  happens: [
    'A class that nobody puts a qdisc below has one queue, first in first out.',
    'A single host or flow can fill it, and all others in that class wait behind it. In the classes beside it, they take turns.',
  ],
  mend: [
    'Put the same qdisc below this class too.',
    'Where one queue is meant, say so: `tc qdisc add dev eth0 parent 1:30 pfifo`.',
  ],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 30',
        'tc class add dev eth0 parent 1: classid 1:1 htb rate 100mbit',
        'tc class add dev eth0 parent 1:1 classid 1:10 htb rate 30mbit',
        'tc class add dev eth0 parent 1:1 classid 1:20 htb rate 30mbit',
        'tc class add dev eth0 parent 1:1 classid 1:30 htb rate 30mbit',
        'tc qdisc add dev eth0 parent 1:10 handle 10: sfq perturb 10',
        'tc qdisc add dev eth0 parent 1:20 handle 20: sfq perturb 10',
      ],
      line: 5,
      word: '1:30',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 30',
        'tc class add dev eth0 parent 1: classid 1:1 htb rate 100mbit',
        'tc class add dev eth0 parent 1:1 classid 1:10 htb rate 30mbit',
        'tc class add dev eth0 parent 1:1 classid 1:20 htb rate 30mbit',
        'tc class add dev eth0 parent 1:1 classid 1:30 htb rate 30mbit',
        'tc qdisc add dev eth0 parent 1:10 handle 10: sfq perturb 10',
        'tc qdisc add dev eth0 parent 1:20 handle 20: sfq perturb 10',
        'tc qdisc add dev eth0 parent 1:30 handle 30: pfifo limit 20',
      ],
      why: 'One queue is what the script asks for.',
    },
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 20',
        'tc class add dev eth0 parent 1: classid 1:10 htb rate 30mbit',
        'tc class add dev eth0 parent 1: classid 1:20 htb rate 30mbit',
        'tc qdisc add dev eth0 parent 1:10 handle 10: fq_codel',
      ],
      why: 'Of two classes nobody knows which is the exception.',
    },
  ],
};
