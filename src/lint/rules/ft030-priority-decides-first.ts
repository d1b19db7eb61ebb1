import { getClassid } from '../../lang/index.ts';
import { tcMajor } from '../../u32.ts';
import type { Rule } from '../finding.ts';
import { lostAt } from '../kinds.ts';
import type { Command } from '../script.ts';
import type { Page } from './page.ts';

/** net/sched/sch_htb.c: htb_classify() and its like look at skb->priority before any filter. */
export const FT030: Rule = {
  code: 'FT030',
  severity: 'advice',
  title: 'the priority decides before the filters do',
  *look(tree) {
    const setting = tree.script.commands.map(({ words }) => words);
    const rules = tree.script.others.map(({ source }) => source.split(/\s+/));
    const majors = new Set([...setting, ...rules].flatMap(priorities));
    for (const { q, command } of tree.flows()) {
      if (q.device.root !== q || lostAt(q) === 'drop' || !majors.has(tcMajor(q.handle))) continue;
      yield {
        command,
        word: command.words.indexOf('flow', 2),
        message: 'this script also puts class ids into the priority of packets',
        effect: 'a priority that is one of these classes decides first: this filter is not evaluated for those packets',
      };
    }
  },
};

/** Majors of the class ids that `skbedit priority` or `--set-class` set. */
function priorities(words: Command['words']): number[] {
  return words.flatMap((word, i) => {
    const sets = word === '--set-class' || (word === 'priority' && words.includes('skbedit'));
    const id = sets && (words[i + 1] ?? '').includes(':') ? getClassid(words[i + 1] ?? '') : undefined;
    return id === undefined ? [] : [tcMajor(id)];
  });
}

export const PAGE: Page = {
  happens: [
    'A priority (SO_PRIORITY, `skbedit priority`, CLASSIFY) that is a class of the root qdisc decides before any filter is evaluated.',
    'If it is an inner class of htb, its filters are evaluated next. prio accepts any priority with its own major number (fate-001, fate-002).',
  ],
  mend: ['Let one place decide.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 20',
        'tc class add dev eth0 parent 1: classid 1:20 htb rate 5mbit',
        'tc filter add dev eth0 parent 1: protocol all prio 1 matchall action skbedit priority 1:20 continue',
        'tc filter add dev eth0 parent 1: protocol all prio 2 handle 1 flow hash keys src divisor 1 baseclass 1:20',
      ],
      line: 4,
      word: 'flow',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 20',
        'tc class add dev eth0 parent 1: classid 1:20 htb rate 5mbit',
        'tc filter add dev eth0 parent 1: protocol all prio 1 matchall action skbedit priority 7:20 continue',
        'tc filter add dev eth0 parent 1: protocol all prio 2 handle 1 flow hash keys src divisor 1 baseclass 1:20',
      ],
      why: 'The priority is no class of this qdisc.',
    },
  ],
};
