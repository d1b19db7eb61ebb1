import { getClassid } from '../../lang/index.ts';
import { tcMajor } from '../../u32.ts';
import type { Rule } from '../finding.ts';
import { lostAt } from '../kinds.ts';
import type { Command } from '../script.ts';

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
        effect:
          'a priority that is one of these classes is taken at once: this filter is not asked about those packets',
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
