import { counted } from '../../lang/index.ts';
import { Key, keysOf, Mode } from '../../sched/flow/index.ts';
import type { Rule } from '../finding.ts';
import { flowArgument } from '../script.ts';
import type { Page } from './page.ts';

/** Keys that differ from host to host; with ports among them a hash spreads connections. */
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
        message: `${counted(hosts, 'host')} in ${counted(divisor, 'bucket')}`,
        effect: `on average ${Math.round(share * 100)}% of the hosts share a bucket with another, and its bandwidth`,
      };
    }
  },
};

export const PAGE: Page = {
  happens: [
    'With D buckets and N hosts, a host is alone in its bucket with probability (1-1/D)^(N-1).',
    'Of 8 hosts in 8 buckets 61% share one; of 30 in 256, 11%; of 250 in 1024, 22%.',
    'The finding needs `--hosts N` (here 30), and is reported above 10%.',
  ],
  mend: ['Use more buckets, or `map key dst and 0xff` for a /24: no two hosts share a class then.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 8',
      ],
      line: 2,
      word: '8',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: sfq',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 1024',
      ],
      why: 'Of 30 hosts in 1024 buckets 3% share one.',
    },
  ],
};
