import type { Rule } from '../finding.ts';

/** iproute2 lib/utils.c and tc/m_ematch.c: parse_ematch() wants a word behind the expression. */
export const FT031: Rule = {
  code: 'FT031',
  severity: 'error',
  title: 'match as the last words',
  *look(tree) {
    for (const { command, kernel } of tree.refusals) {
      const { words } = command;
      const at = words.length - 2;
      const flow = words.indexOf('flow', 2);
      if (kernel || flow < 0 || words[at] !== 'match' || at <= flow) continue;
      const moved = words.slice(at);
      yield {
        command,
        word: at,
        message: 'match stands last',
        effect: 'tc refuses the command then, so the filter is not there; any option behind the expression will do',
        mend: [
          { at: flow + 1, remove: 0, insert: moved },
          { at, remove: 2, insert: [] },
        ],
      };
    }
  },
};
