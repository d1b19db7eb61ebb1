import { Key, keysOf } from '../../sched/flow/index.ts';
import type { Rule } from '../finding.ts';
import { keyNames } from '../minors.ts';
import { flowArgument } from '../script.ts';
import { type FilterAt, isDeaf, type Setup } from '../setup.ts';
import type { Page } from './page.ts';

const TUPLE: readonly Key[] = [Key.NFCT_SRC, Key.NFCT_DST, Key.NFCT_PROTO_SRC, Key.NFCT_PROTO_DST];

/** Connection tracking runs behind ingress; act_ct can run before. */
export const FT009: Rule = {
  code: 'FT009',
  severity: 'warning',
  title: 'nfct keys where connection tracking has not run',
  *look(tree) {
    for (const filter of tree.filters) {
      const { command, flow } = filter;
      if (flow === null || isDeaf(filter) || !asksForTuple(filter) || !beforeTracking(filter, tree)) continue;
      yield {
        command,
        word: flowArgument(command, 'keys'),
        message: `${keyNames(flow.config)}: connection tracking has not seen these packets yet`,
        effect:
          "the packet's own address and port are used instead; behind NAT that is the public address, so all hosts share a bucket",
      };
    }
  },
};

/** One of its keys is of the packet's connection. */
export function asksForTuple({ flow }: FilterAt): boolean {
  return flow !== null && keysOf(flow.config.keymask).some((key) => TUPLE.includes(key));
}

/** At ingress, or on a device that ingress packets are sent to without ct on the way. */
export function beforeTracking({ q, device, atIngress }: FilterAt, tree: Setup): boolean {
  if (atIngress || q.kind.ingress) return atIngress;
  const feeds = tree.sending(device);
  if (feeds.length === 0) return /^ifb\d*$/.test(device);
  return feeds.some((feed) => feed.atIngress && !feed.actions?.instances.some(({ kind }) => TRACKING.has(kind.kind)));
}

/** Actions that give a packet its connection before the kernel's own tracking does; connmark only copies its mark. */
const TRACKING: ReadonlySet<string> = new Set(['ct']);

export const PAGE: Page = {
  happens: [
    'At ingress, and on an ifb that is fed from ingress, a packet has no connection yet.',
    "The key falls back to the packet's own address. Behind NAT that is the public address, so all hosts share one bucket.",
  ],
  mend: [
    'For `nfct-src`: run `action ct` before the redirect.',
    'Or shape the download at the egress of the inner device, where `dst` is the host.',
  ],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 ingress',
        'tc filter add dev eth0 parent ffff: protocol all matchall action mirred egress redirect dev ifb0',
        'tc qdisc add dev ifb0 root handle 1: sfq',
        'tc filter add dev ifb0 parent 1: protocol all handle 1 flow hash keys nfct-src divisor 256',
      ],
      line: 4,
      word: 'nfct-src',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 ingress',
        'tc filter add dev eth0 parent ffff: protocol all matchall action ct pipe action mirred egress redirect dev ifb0',
        'tc qdisc add dev ifb0 root handle 1: sfq',
        'tc filter add dev ifb0 parent 1: protocol all handle 1 flow hash keys nfct-src divisor 256',
      ],
      why: '`action ct` looks the connection up before the redirect.',
    },
  ],
};
