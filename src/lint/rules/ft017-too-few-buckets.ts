import { Key, keysOf, Mode } from '../../sched/flow/index.ts';
import type { Rule } from '../finding.ts';
import { flowArgument } from '../script.ts';

/** Keys that tell hosts apart; with ports among them a hash tells connections apart. */
const HOSTS: readonly Key[] = [Key.SRC, Key.DST, Key.NFCT_SRC, Key.NFCT_DST, Key.MARK, Key.PRIORITY, Key.IIF];
/** More than one host in ten shares its bucket with another. */
const TOO_MANY = 0.1;

export const FT017: Rule = {
  code: 'FT017',
  severity: 'warning',
  title: 'too few buckets for the hosts',
  *look(tree, { hosts }) {
    if (hosts === null) return;
    for (const { command, flow } of tree.flows()) {
      const { mode, divisor, keymask } = flow.config;
      if (mode !== Mode.HASH || divisor === 0 || !keysOf(keymask).every((key) => HOSTS.includes(key))) continue;
      const share = 1 - (1 - 1 / (divisor >>> 0)) ** (hosts - 1);
      if (share <= TOO_MANY) continue;
      yield {
        command,
        word: flowArgument(command, 'divisor'),
        message: `${hosts} hosts in ${divisor} buckets`,
        effect: `on average ${Math.round(share * 100)}% of the hosts share a bucket with another, and its bandwidth`,
      };
    }
  },
};
