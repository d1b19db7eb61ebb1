import { type Found, put, type Rule } from '../finding.ts';
import { flowArgument } from '../script.ts';

/** net/sched/cls_flow.c: flow_perturbation() draws a new hash seed every so many seconds. */
export const FT016: Rule = {
  code: 'FT016',
  severity: 'advice',
  title: 'perturb moves every flow at once',
  *look(tree) {
    for (const { command, kernel, word } of tree.refusals) {
      const value = command.words[word] ?? '';
      if (kernel || !command.words.includes('flow') || flowArgument(command, 'perturb') !== word || word < 1) continue;
      const seconds = /^(\d+)s(?:ec)?$/.exec(value)?.[1];
      const found: Found = {
        command,
        word,
        severity: 'error',
        message: `perturb takes a bare number of seconds, not "${value}"`,
        effect: 'tc refuses the command, so the filter is not there',
      };
      yield seconds === undefined ? found : { ...found, mend: [put(word, seconds)] };
    }
    for (const { command, options } of tree.asked) {
      if ((options.perturb ?? 0) === 0) continue;
      yield {
        command,
        word: flowArgument(command, 'perturb'),
        message: `every ${options.perturb} seconds all flows move to other classes`,
        effect:
          'packets of one connection that are still queued in the old class may be overtaken: reordering, all at the same moment',
      };
    }
  },
};
