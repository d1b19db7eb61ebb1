import type { LaterRow } from '../row.ts';

export const R26: LaterRow = {
  id: 'R26',
  test: 'a local server, if there is one: foreign hosts and origins, 200 paths that lead outside',
  bar: 'all are refused with 403',
  later: 'the lab',
};
