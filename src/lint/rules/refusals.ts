import { type Found, put, type Rule } from '../finding.ts';
import { argument } from '../script.ts';
import type { Refusal, Tree } from '../tree.ts';

/** What tc cannot understand, in its own words. */
export const SYNTAX: Rule = {
  code: 'SYNTAX',
  severity: 'error',
  title: 'tc does not understand the command',
  *look(tree) {
    for (const refusal of tree.refusals) {
      if (refusal.kernel) continue;
      yield told(refusal, 'tc refuses the command, so nothing of it happens', tree);
    }
  },
};

/** What the kernel refuses, in tc's words. */
export const REFUSED: Rule = {
  code: 'REFUSED',
  severity: 'error',
  title: 'the kernel refuses the command',
  *look(tree) {
    for (const refusal of tree.refusals) {
      if (!refusal.kernel) continue;
      const found = told(refusal, 'what the command was to make is not there', tree);
      const at = argument(refusal.command, 'parent');
      const bare = /^[0-9a-f]{1,4}$/.test(refusal.command.words[at] ?? '') && refusal.command.words[0] === 'filter';
      yield bare ? { ...found, word: at, mend: [put(at, `${refusal.command.words[at]}:`)] } : found;
    }
  },
};

const EXISTS = /exists$|exists\.$|Exclusivity flag on/;
/** Of two branches a script takes one. */
const BRANCHES = /^\s*(?:else\b|elif\b|case\b)/;

function told({ command, sentence, word }: Refusal, effect: string, { script }: Tree): Found {
  const found = { command, word, message: sentence === '' ? 'the command is refused' : sentence, effect };
  const twice = EXISTS.test(sentence) && !sentence.includes("doesn't");
  return twice && script.others.some(({ source }) => BRANCHES.test(source)) ? { ...found, severity: 'advice' } : found;
}
