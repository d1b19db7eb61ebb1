import { onAllProcessors, spaced } from '../parallel.ts';
import type { Counts, Found, Row } from '../row.ts';

const PACKETS: Counts = { ci: 50_000, night: 2_000_000, release: 10_000_000 };

export const R8: Row = {
  id: 'R8',
  test: 'packets cut at every byte, at the very end of memory and in the middle of other bytes',
  bar: '10^8 packets with those of R1, at two places: equal results',
  inCi: true,
  async run(trial): Promise<Found> {
    const { tried, failures } = await onAllProcessors('cut frames', { ...trial, minutes: null }, PACKETS);
    return { figure: `${spaced(tried)} cut packets, ${failures.length} failures`, failures };
  },
};
