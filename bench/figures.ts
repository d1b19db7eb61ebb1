import { type Contender, classify, clsFlow, FIVE_KEYS, NFCT_KEYS, tcpdump, tshark, yardstick } from './contender.ts';
import type { Cost } from './measure.ts';
import { W0, W1, W2, W3, W00, type Workload } from './workload.ts';

/** A promise about speed or memory. */
export interface Figure {
  /** The word that chooses it: `npm run bench -- NAME`. */
  readonly name: string;
  readonly claim: string;
  readonly of: Exclude<keyof Cost, 'output'>;
  readonly measured: Contender;
  /** The figure is a ratio: `measured` per this. */
  readonly per?: Contender;
  readonly bar: Bar;
}

export type Bar = { readonly atMost: number } | { readonly atLeast: number };

/** Not counting what flows and hosts take: see SHARING_BYTES. */
const PEAK_MB = 80;
/** src/engine/flows.ts states what a flow and its host take at most: 75 bytes in IPv4, 187 in IPv6, a seventh of all. */
const SHARING_BYTES = 91;

const bare = (workload: Workload): Contender => classify(workload, {});
const shared = (workload: Workload): Contender => classify(workload, { flags: [] });

/**
 * So many filters: all but the last look for IPv4 headers of seven words, which no packet has. Each asks for another
 * value under another mask than the one before, so that no engine turns them into one look-up in a table.
 */
export function chain(length: number): readonly string[] {
  const never = Array.from({ length: length - 1 }, (_, i) => {
    const mask = (0xffffffff << (i % 8)) >>> 0;
    const value = 0x47000000 + i * 256;
    return `map key dst match cmp(u32 at 0 layer 1 mask ${mask} eq ${value}) divisor 16`;
  });
  return [...never, FIVE_KEYS];
}

const TWO_KEYS = 'hash keys src,dst divisor 1024';
/** What hashrnd 0xc0ffee11 makes of two keys: four pairs leave one seed of all. */
const PAIRS = [
  '192.168.0.1>8.8.8.8=1:27a',
  '192.168.0.2>1.1.1.1=1:21',
  '192.168.0.3>9.9.9.9=1:1ba',
  '192.168.0.4>4.4.4.4=1:11e',
];

export const FIGURES: readonly Figure[] = [
  {
    name: 'w1',
    claim: 'W1, hash of five keys: CPU per yardstick',
    of: 'cpu',
    measured: bare(W1),
    per: yardstick('hash', W1),
    bar: { atMost: 1.4 },
  },
  {
    name: 'w2',
    claim: 'W2, hash of five keys: CPU per yardstick',
    of: 'cpu',
    measured: bare(W2),
    per: yardstick('hash', W2),
    bar: { atMost: 1.4 },
  },
  {
    name: 'w3',
    claim: 'W3, hash of five keys: CPU per yardstick',
    of: 'cpu',
    measured: bare(W3),
    per: yardstick('hash', W3),
    bar: { atMost: 1.4 },
  },
  {
    name: 'tcpdump',
    claim: 'W1, CPU of tcpdump with a filter that matches nothing, per ours',
    of: 'cpu',
    measured: tcpdump(W1),
    per: bare(W1),
    bar: { atLeast: 1.5 },
  },
  {
    name: 'threads',
    claim: 'W1, wall time of two threads per one',
    of: 'wall',
    measured: classify(W1, { threads: 2 }),
    per: bare(W1),
    bar: { atMost: 0.75 },
  },
  {
    name: 'tshark',
    claim: 'W0, CPU of tshark -z io,phs per ours',
    of: 'cpu',
    measured: tshark(W0),
    per: bare(W0),
    bar: { atLeast: 150 },
  },
  {
    name: 'flows',
    claim: 'W1, CPU with flows and hosts per bare',
    of: 'cpu',
    measured: shared(W1),
    per: bare(W1),
    bar: { atMost: 2.5 },
  },
  {
    name: 'nfct',
    claim: 'W1, nfct keys of 215 k connections: CPU per yardstick',
    of: 'cpu',
    measured: classify(W1, { filters: [NFCT_KEYS] }),
    per: yardstick('ct', W1),
    bar: { atMost: 1.5 },
  },
  {
    name: 'memory',
    claim: 'W2 (2.1 GB), peak MB',
    of: 'peakMb',
    measured: bare(W2),
    bar: { atMost: PEAK_MB },
  },
  {
    name: 'memory-flows',
    claim: `W1 with flows and hosts, peak MB: ${PEAK_MB} and ${SHARING_BYTES} bytes a flow`,
    of: 'peakMb',
    measured: shared(W1),
    bar: { atMost: PEAK_MB + (W1.flows * SHARING_BYTES) / 1e6 },
  },
  {
    name: 'filters',
    claim: 'W0, CPU of 100 filters per one',
    of: 'cpu',
    measured: classify(W0, { filters: chain(100) }),
    per: bare(W0),
    bar: { atMost: 2 },
  },
  {
    name: 'cliff',
    claim: 'W00, CPU of 5000 filters per 500',
    of: 'cpu',
    measured: classify(W00, { filters: chain(5000) }),
    per: classify(W00, { filters: chain(500) }),
    bar: { atMost: 12 },
  },
  { name: 'version', claim: '--version, CPU s', of: 'cpu', measured: clsFlow('--version'), bar: { atMost: 0.04 } },
  { name: 'small', claim: 'W00 (100 k packets), CPU s', of: 'cpu', measured: bare(W00), bar: { atMost: 0.08 } },
  {
    name: 'seed',
    claim: 'all 2^32 seeds of two keys, CPU s of two workers',
    of: 'cpu',
    measured: clsFlow('recover-seed', '--filter', TWO_KEYS, ...PAIRS.flatMap((pair) => ['--pair', pair])),
    bar: { atMost: 60 },
  },
];
