import type { Rule } from '../finding.ts';
import { argument } from '../script.ts';

export const FT012: Rule = {
  code: 'FT012',
  severity: 'error',
  title: 'two filters of the same name',
  *look(tree) {
    for (const { command, kernel, sentence } of tree.refusals) {
      if (!kernel || !command.words.includes('flow') || !/Filter already exists|File exists/.test(sentence)) continue;
      yield {
        command,
        word: argument(command, 'handle'),
        message: 'a filter with this parent, preference, protocol and handle is there already',
        effect: 'the kernel refuses this one (File exists): give it another handle, or say replace',
      };
    }
  },
};
