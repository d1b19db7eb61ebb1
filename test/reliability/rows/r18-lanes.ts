import type { LaterRow } from '../row.ts';

export const R18: LaterRow = {
  id: 'R18',
  test: 'workers of a distributed run that are killed, hang, are slow, or answer twice or with garbage',
  bar: '500 runs end with the bytes of a single process; a run goes on after the death of its coordinator',
  later: 'the archives',
};
