import { type Contender, classify, DIVISOR, FIVE_KEYS, NFCT_KEYS } from './contender.ts';
import { chain } from './figures.ts';
import { W0, W1, W00, type Workload } from './workload.ts';

/** How cost grows with one thing, all else as it was. */
export interface Series {
  readonly title: string;
  readonly points: readonly { readonly label: string; readonly contender: Contender }[];
}

/** Every flow is met, so that as many are remembered as are said. */
const evenFlows = (flows: number): Workload => ({
  ...{ name: `even-${flows}`, format: 'pcap', sizes: 'small', popularity: 'even', packets: 2_000_000 },
  flows,
});

const FLOWS = [10_000, 100_000, 1_000_000].map(evenFlows);

export const GROWTH: readonly Series[] = [
  {
    title: 'Packets',
    points: [W00, W0, W1].map((workload) => ({
      label: `${workload.packets}`,
      contender: classify(workload, {}),
    })),
  },
  {
    title: 'Filters, 1 M packets',
    points: [1, 10, 100, 1000].map((length) => ({
      label: `${length}`,
      contender: classify(W0, { filters: chain(length) }),
    })),
  },
  {
    title: 'Classes, 1 M packets',
    points: [16, 256, 4096, 65_521, 65_536].map((divisor) => ({
      label: `${divisor}`,
      contender: classify(W0, { filters: [FIVE_KEYS.replace(`${DIVISOR}`, `${divisor}`)] }),
    })),
  },
  {
    title: 'Flows and hosts counted, 2 M packets',
    points: FLOWS.map((workload) => ({ label: `${workload.flows}`, contender: classify(workload, { flags: [] }) })),
  },
  {
    title: 'Connections tracked, 2 M packets',
    points: FLOWS.map((workload) => ({
      label: `${workload.flows}`,
      contender: classify(workload, { filters: [NFCT_KEYS] }),
    })),
  },
];
