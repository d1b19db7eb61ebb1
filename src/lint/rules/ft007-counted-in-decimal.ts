import { tcMajor } from '../../u32.ts';
import type { Found, Rule } from '../finding.ts';
import { classMinors, lostAt } from '../kinds.ts';
import { minorsOf } from '../minors.ts';
import type { Tree } from '../tree.ts';

/** Class ids are hexadecimal: a loop that counts in decimal goes from 1:9 to 1:10, which is the sixteenth. */
export const FT007: Rule = {
  code: 'FT007',
  severity: 'warning',
  title: 'class numbers counted in decimal',
  *look(tree) {
    yield* loops(tree);
    if (tree.hides('class')) return;
    for (const { q, flow, command } of tree.flows()) {
      if (q.kind.classes === null || lostAt(q) === 'own') continue;
      const there = new Set(classMinors(q));
      const minors = minorsOf(flow.config) ?? [];
      const decimal = minors.map((minor) => Number.parseInt(String(minor), 16));
      const holes = minors.filter((minor) => !there.has(minor));
      if (holes.length === 0 || !holes.every((minor) => /[a-f]/.test(minor.toString(16)))) continue;
      if (!decimal.every((minor) => there.has(minor))) continue;
      const major = tcMajor(q.handle).toString(16);
      yield {
        command,
        word: command.words.indexOf('flow', 2),
        message: 'the class numbers were counted in decimal, tc reads them in hexadecimal',
        effect: `after ${major}:9 comes ${major}:a, which is not there, and not ${major}:10; print them with %x`,
      };
    }
  },
};

/** Loops that count in decimal, up to 10 and more. */
const LOOP = /\bfor\s+(\w+)\s+in\s+(?:\$\(seq\s+\d+\s+|`seq\s+\d+\s+|\{\d+\.\.)(\d{2,})/;

/** Class ids that are made of the variable of such a loop. */
function* loops({ script }: Tree): Generator<Found> {
  const counted = new Set(script.others.flatMap(({ source }) => LOOP.exec(source)?.[1] ?? []));
  for (const command of script.unexpanded) {
    const word = command.words.findIndex(
      (text, i) => /^(?:classid|baseclass)$/.test(command.words[i - 1] ?? '') && text !== '',
    );
    const name = /:\$\{?(\w+)\}?$/.exec(command.words[word] ?? '')?.[1];
    if (name === undefined || !counted.has(name)) continue;
    yield {
      command,
      word,
      message: `$${name} is counted in decimal, tc reads class numbers in hexadecimal`,
      effect: 'after :9 comes :a, which the loop leaves out: write $(printf %x ...) around the number',
    };
  }
}
