import type { Found } from '../finding.ts';
import type { Refusal, Tree } from '../tree.ts';

const EXISTS = /exists$|exists\.$|Exclusivity flag on/;
/** Of two branches a script takes one. */
const BRANCHES = /^\s*(?:else\b|elif\b|case\b)/;

/** The finding for a command that tc or the kernel refuses. */
export function refusal({ command, sentence, word }: Refusal, effect: string, { script }: Tree): Found {
  const found = { command, word, message: sentence === '' ? 'the command is refused' : sentence, effect };
  const twice = EXISTS.test(sentence) && !sentence.includes("doesn't");
  return twice && script.others.some(({ source }) => BRANCHES.test(source)) ? { ...found, severity: 'advice' } : found;
}
