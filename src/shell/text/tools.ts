import type { TextAnswer, TextCall, TextTools } from '../text-tools.ts';
import { expr } from './expr.ts';
import { basename, dirname } from './paths.ts';
import { seq } from './seq.ts';
import { answerOf, type TextTool } from './tool.ts';

/** Ours: where just-bash lacks the program or does it wrong. */
const OWN: ReadonlyMap<string, TextTool> = new Map([
  ['basename', basename],
  ['dirname', dirname],
  ['expr', expr],
  ['seq', seq],
]);

async function run(call: TextCall): Promise<TextAnswer> {
  const own = OWN.get(call.name);
  return own === undefined ? { unsupported: call.name } : answerOf(own, call);
}

export const textTools = (): TextTools => ({ has: (name) => OWN.has(name), run });
