import { tcMajor } from '../../u32.ts';
import type { Found, Rule } from '../finding.ts';
import { classMinors, lostAt } from '../kinds.ts';
import { minorsOf } from '../minors.ts';
import type { Tree } from '../tree.ts';
import type { Page } from './page.ts';

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

export const PAGE: Page = {
  happens: [
    'Class numbers are hexadecimal.',
    'A loop that counts in decimal makes 1:9 and then 1:10, which is number 16: the classes 1:a to 1:f are missing.',
    'What the filter puts there is lost as in FT005. With up to nine classes nobody notices.',
  ],
  mend: [
    'Write `classid 1:$(printf %x $i)`, or take the commands that `cls-flow classes` prints.',
    'The divisor is decimal.',
  ],
  found: [
    {
      script: ['for i in $(seq 1 16); do', '  tc class add dev eth0 parent 1: classid 1:$i drr', 'done'],
      line: 2,
      word: '1:$i',
    },
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: drr',
        'tc class add dev eth0 parent 1: classid 1:1 drr',
        'tc class add dev eth0 parent 1: classid 1:2 drr',
        'tc class add dev eth0 parent 1: classid 1:3 drr',
        'tc class add dev eth0 parent 1: classid 1:4 drr',
        'tc class add dev eth0 parent 1: classid 1:5 drr',
        'tc class add dev eth0 parent 1: classid 1:6 drr',
        'tc class add dev eth0 parent 1: classid 1:7 drr',
        'tc class add dev eth0 parent 1: classid 1:8 drr',
        'tc class add dev eth0 parent 1: classid 1:9 drr',
        'tc class add dev eth0 parent 1: classid 1:10 drr',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 10',
      ],
      line: 12,
      word: 'flow',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: drr',
        'tc class add dev eth0 parent 1: classid 1:1 drr',
        'tc class add dev eth0 parent 1: classid 1:2 drr',
        'tc class add dev eth0 parent 1: classid 1:3 drr',
        'tc class add dev eth0 parent 1: classid 1:4 drr',
        'tc class add dev eth0 parent 1: classid 1:5 drr',
        'tc class add dev eth0 parent 1: classid 1:6 drr',
        'tc class add dev eth0 parent 1: classid 1:7 drr',
        'tc class add dev eth0 parent 1: classid 1:8 drr',
        'tc class add dev eth0 parent 1: classid 1:9 drr',
        'tc class add dev eth0 parent 1: classid 1:a drr',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 10',
      ],
      why: 'Number 10 is a.',
    },
  ],
};
