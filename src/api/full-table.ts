import type { Run } from '../run.ts';

/** The note about a connection table that was full; none: it was not. */
export function fullTableNotes({ fullTable }: Pick<Run, 'fullTable'>): string[] {
  if (fullTable === null) return [];
  const { max, from, evicted, dropped } = fullTable;
  const what = `${evicted} connections gave way, ${dropped} packets are dropped by conntrack`;
  return [
    `the connection table was full from packet ${from} on (--conntrack-max ${max}): ${what}; results are assumed`,
  ];
}
