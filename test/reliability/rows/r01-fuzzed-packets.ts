import { onAllProcessors, spaced } from '../parallel.ts';
import type { Counts, Found, Row } from '../row.ts';

const PACKETS: Counts = { ci: 1_000_000, night: 20_000_000, release: 20_000_000 };

export const R1: Row = {
  id: 'R1',
  test: 'made-up packets of every link type, each at two places in memory, through the dissector and the classifier of each era',
  bar: 'what 30 minutes on two cores give, at least 2·10^7 packets: 0 exceptions, 0 results outside 32 bits, 0 that depend on bytes outside the packet',
  inCi: true,
  async run(trial): Promise<Found> {
    const { tried, failures } = await onAllProcessors('frames', trial, PACKETS);
    return { figure: `${spaced(tried)} packets, ${failures.length} failures`, failures };
  },
};
