import { Mode } from '../../sched/flow/index.ts';
import { tcMinor } from '../../u32.ts';
import { option, type Rule } from '../finding.ts';
import { bucketsOf, DROPPING, lostAt } from '../kinds.ts';
import { flowArgument } from '../script.ts';

/** sfb salts its own hash with the minor number, so any will do there. */
const RIGHT_WITHOUT: ReadonlySet<string> = new Set(['sfb', 'choke', 'ingress', 'clsact']);

export const FT003: Rule = {
  code: 'FT003',
  severity: 'error',
  title: 'hash without divisor',
  *look(tree) {
    for (const { q, flow, command } of tree.flows()) {
      const { mode, divisor, baseclass } = flow.config;
      if (mode !== Mode.HASH || divisor !== 0 || RIGHT_WITHOUT.has(q.kind.kind)) continue;
      const buckets = bucketsOf(q);
      const fate = DROPPING.has(q.kind.kind)
        ? `${q.kind.kind} drops the others`
        : `${q.kind.kind} ${elsewhere(lostAt(q))}`;
      yield {
        command,
        word: command.words.indexOf('flow', 2) + 1,
        message: 'hash without divisor',
        effect: `the class is any of 65536, of which few are there: ${fate}`,
        mend:
          buckets === null
            ? null
            : [option(command, flowArgument(command, 'divisor'), 'divisor', String(buckets - tcMinor(baseclass) + 1))],
      };
    }
  },
};

const elsewhere = (lost: string): string =>
  lost === 'own' ? 'places the others by itself' : 'treats the others as unclassified';
