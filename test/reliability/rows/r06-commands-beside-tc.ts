import { JUSTIFIED } from '../../tc/justified.ts';
import { RealTc } from '../../tc/real-tc.ts';
import { type Tried, tryLines } from '../../tc/try.ts';
import type { Counts, Found, Row } from '../row.ts';

const LINES: Counts = { ci: 2000, night: 20_000, release: 100_000 };

const INSTALL = 'Debian 12: apt-get install iproute2 gcc util-linux';

export const R6: Row = {
  id: 'R6',
  test: 'command lines beside the real tc 6.1.0, in a network namespace of its own: exit status and bytes',
  bar: '10^5 lines, 0 disagreements but for kinds that are listed with a reason',
  inCi: true,
  run({ scale, seed, say }): Found {
    const tc = RealTc.open();
    if (typeof tc === 'string') return { figure: '', failures: [], skipped: `${tc} (${INSTALL})` };
    try {
      return found(tryLines(tc, seed, LINES[scale], say));
    } finally {
      tc.close();
    }
  },
};

function found({ lines, accepted, justified, differences }: Tried): Found {
  const kinds = [...justified].map(([name, count]) => `${count} ${name}`).join(', ');
  const listed = `listed in test/tc/justified.ts (${JUSTIFIED.length} kinds): ${kinds === '' ? 'none' : kinds}`;
  const figure = `${lines} lines, ${accepted} accepted, ${differences.length} disagreements; ${listed}`;
  return { figure, failures: differences };
}
