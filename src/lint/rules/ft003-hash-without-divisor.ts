import { Mode } from '../../sched/flow/index.ts';
import { tcMinor } from '../../u32.ts';
import { option, type Rule } from '../finding.ts';
import { bucketsOf, drops, lostAt } from '../kinds.ts';
import { flowArgument } from '../script.ts';
import type { Page } from './page.ts';

export const FT003: Rule = {
  code: 'FT003',
  severity: 'error',
  title: 'hash without divisor',
  *look(tree) {
    for (const { q, flow, command } of tree.flows()) {
      const { mode, divisor, baseclass } = flow.config;
      if (mode !== Mode.HASH || divisor !== 0 || q.kind.anyMinor) continue;
      const buckets = bucketsOf(q);
      const fate = drops(q) ? `${q.kind.kind} drops the others` : `${q.kind.kind} ${elsewhere(lostAt(q))}`;
      yield {
        command,
        word: command.words.indexOf('flow', 2) + 1,
        message: 'hash without divisor',
        effect: `the class number can be any of 65536, and few of these exist: ${fate}`,
        mend:
          buckets === null
            ? null
            : [option(command, flowArgument(command, 'divisor'), 'divisor', String(buckets - tcMinor(baseclass) + 1))],
      };
    }
  },
};

const elsewhere = (lost: string): string =>
  lost === 'own' ? 'places the others itself' : 'treats the others as unclassified';

export const PAGE: Page = {
  happens: [
    'Without a divisor the class number can be any of 65536.',
    'sfq and fq_codel drop numbers above their last bucket; drr and qfq drop numbers that are no class; htb and hfsc treat such packets as unclassified.',
  ],
  mend: ['Write `divisor 1024`, or as many as there are classes or buckets.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: handle 1 flow hash keys src,dst',
      ],
      line: 2,
      word: 'hash',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfb',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src',
      ],
      why: 'sfb only adds the number to its own hash, so any number is right there.',
    },
  ],
};
