import { matches } from '../../lang/index.ts';
import type { Rule } from '../finding.ts';
import type { Page } from './page.ts';

/** The order in which the kernel applies them, whatever order they are typed in. */
const STEP: Readonly<Record<string, number>> = { and: 0, or: 0, xor: 0, rshift: 1, addend: 2 };
const OPERATIONS = Object.keys(STEP);

/** net/sched/cls_flow.c: flow_classify() — ((key & mask) ^ xor) >> rshift) + addend. */
export const FT018: Rule = {
  code: 'FT018',
  severity: 'advice',
  title: 'operations in another order than typed',
  *look(tree) {
    for (const { command } of tree.asked) {
      const late = firstLate(command.words);
      if (late === undefined) continue;
      yield {
        command,
        word: late.at,
        message: `the kernel applies ${late.name} before operations that are written in front of it`,
        effect: 'the kernel masks first (and, or, xor), then shifts, then adds, in whatever order they are written',
      };
    }
  },
};

/** The first operation behind one that the kernel applies after it; undefined: there is none. */
function firstLate(words: readonly string[]): { readonly at: number; readonly name: string } | undefined {
  let latest = 0;
  for (let at = words.indexOf('flow', 2) + 1; at < words.length; at++) {
    const word = words[at] ?? '';
    const name = word.length > 1 ? OPERATIONS.find((known) => matches(word, known)) : undefined;
    if (name === undefined) continue;
    const step = STEP[name] ?? 0;
    if (step < latest) return { at, name };
    latest = step;
  }
  return undefined;
}

export const PAGE: Page = {
  happens: [
    'The kernel masks (and, or, xor), then shifts, then adds, then divides, in whatever order the words stand.',
  ],
  mend: ['Write them in that order, and check whether that is what you want.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key src addend 1 and 0xff',
      ],
      line: 2,
      word: 'and',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key src and 0xff addend 1',
      ],
      why: 'The words stand in the order of the kernel.',
    },
  ],
};
