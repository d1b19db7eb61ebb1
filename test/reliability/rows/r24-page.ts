import type { LaterRow } from '../row.ts';

export const R24: LaterRow = {
  id: 'R24',
  test: 'a browser opens a poisoned capture under a strict content security policy',
  bar: '0 scripts run, 0 requests; no innerHTML in the sources',
  later: 'the lab',
};
