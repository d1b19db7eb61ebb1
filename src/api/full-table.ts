import { counted } from '../lang/index.ts';
import type { Run } from '../run.ts';

/** The notes about a connection table that was full, and about ports of NAT that were used up; none: there was room for all. */
export function fullTableNotes({ fullTable, portsTaken }: Pick<Run, 'fullTable' | 'portsTaken'>): string[] {
  const taken =
    portsTaken === 0
      ? []
      : [
          `${counted(portsTaken, 'connection')} would get ports behind NAT that another one has: the kernel gives others, or drops the packets where a rule leaves none`,
        ];
  if (fullTable === null) return taken;
  const { max, from, evicted, dropped } = fullTable;
  const what = `${evicted} connections gave way, ${dropped} packets are dropped by conntrack`;
  return [
    ...taken,
    `the connection table was full from packet ${from} on (--conntrack-max ${max}): ${what}; results are assumed`,
  ];
}
