import { Key, keysOf } from '../../sched/flow/index.ts';
import type { Rule } from '../finding.ts';
import { keyNames } from '../minors.ts';
import { flowArgument } from '../script.ts';
import { type FilterAt, isDeaf, type Tree } from '../tree.ts';

const TUPLE: readonly Key[] = [Key.NFCT_SRC, Key.NFCT_DST, Key.NFCT_PROTO_SRC, Key.NFCT_PROTO_DST];

/** Connection tracking runs behind ingress; act_ct and connmark can run before. */
export const FT009: Rule = {
  code: 'FT009',
  severity: 'warning',
  title: 'nfct keys where connection tracking has not run',
  *look(tree) {
    for (const filter of tree.filters) {
      const { command, flow } = filter;
      if (flow === null || isDeaf(filter)) continue;
      if (!keysOf(flow.config.keymask).some((key) => TUPLE.includes(key)) || !beforeTracking(filter, tree)) continue;
      yield {
        command,
        word: flowArgument(command, 'keys'),
        message: `${keyNames(flow.config)}: connection tracking has not seen these packets yet`,
        effect:
          "the packet's own address and port are taken instead: behind NAT the public one, so all hosts share a bucket",
      };
    }
  },
};

/** At ingress, or on a device that ingress packets are sent to without ct or connmark on the way. */
export function beforeTracking({ q, device }: FilterAt, tree: Tree): boolean {
  if (q?.kind.ingress && q.egressBlock === null) return true;
  if (q?.kind.ingress) return false;
  const feeds = tree.filters.filter(({ command: { words } }) => {
    const at = words.indexOf('dev', words.indexOf('mirred'));
    return words.includes('mirred') && words[at + 1] === device;
  });
  if (feeds.length === 0) return /^ifb\d*$/.test(device);
  return feeds.some(
    (feed) => feed.q?.kind.ingress === true && !feed.command.words.some((word) => word === 'ct' || word === 'connmark'),
  );
}
