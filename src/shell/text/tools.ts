import type { TextAnswer, TextCall, TextTools } from '../text-tools.ts';
import { awk } from './awk/index.ts';
import { bc } from './bc.ts';
import { cut } from './cut.ts';
import { head, tail } from './ends.ts';
import { expr } from './expr.ts';
import { grep } from './grep.ts';
import { paste } from './paste.ts';
import { basename, dirname } from './paths.ts';

import { printf } from './printf.ts';
import { compiled } from './regex.ts';
import { sed } from './sed/index.ts';
import { seq } from './seq.ts';
import { sort } from './sort.ts';
import { answerOf, type TextTool, Unsupported } from './tool.ts';
import { tr } from './tr.ts';
import { uniq } from './uniq.ts';
import { wc } from './wc.ts';
import { cat, rev, tac, tee } from './whole.ts';

const OWN: ReadonlyMap<string, TextTool> = new Map([
  ['awk', awk],
  ['basename', basename],
  ['bc', bc],
  ['cat', cat],
  ['cut', cut],
  ['dirname', dirname],
  ['egrep', grep],
  ['expr', expr],
  ['fgrep', grep],
  ['gawk', awk],
  ['grep', grep],
  ['head', head],
  ['mawk', awk],
  ['paste', paste],
  ['printf', printf],
  ['rev', rev],
  ['sed', sed],
  ['seq', seq],
  ['sort', sort],
  ['tac', tac],
  ['tail', tail],
  ['tee', tee],
  ['tr', tr],
  ['uniq', uniq],
  ['wc', wc],
]);

async function run(call: TextCall): Promise<TextAnswer> {
  const own = OWN.get(call.name);
  return own === undefined ? { unsupported: call.name } : answerOf(own, call);
}

/** `[[ text =~ expression ]]`, in linear time. */
function match(expression: string, text: string, ignoreCase: boolean): readonly string[] | null | undefined {
  try {
    const found = compiled(expression, { isExtended: true, ignoreCase }).exec(text);
    return found === null ? null : found.groups.map((part) => part ?? '');
  } catch (error) {
    if (error instanceof Unsupported) return undefined;
    throw error;
  }
}

export const textTools = (): TextTools => ({ has: (name) => OWN.has(name), run, match });
