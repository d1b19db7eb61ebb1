import { measured } from '../measured.ts';
import type { Row } from '../row.ts';

/** A room's line of tools/measure/mutants.mjs. */
interface Room {
  readonly name: string;
  readonly all: number;
  readonly found: number;
  readonly reviewed: number;
  readonly unexplained: readonly string[];
}

const BAR = 0.9;

export const R13: Row = {
  id: 'R13',
  test: 'Errors planted in the hashes, the dissector, the flow filter and the parser, one after another: does a test fail?',
  bar: '90 % found in each, each of the others looked at',
  inCi: false,
  run(trial) {
    if (trial.scale !== 'release')
      return { figure: '', failures: [], skipped: 'at scale release only: npm run mutants' };
    const rooms = measured<Room[]>('mutants');
    const figure = rooms.map(({ name, found, all }) => `${name} ${percent(found, all)} % of ${all}`).join(', ');
    const reviewed = rooms.reduce((sum, room) => sum + room.reviewed, 0);
    const below = rooms.filter(({ found, all }) => found / all < BAR).map(({ name }) => `${name}: below the bar`);
    const failures = [...below, ...rooms.flatMap(({ unexplained }) => unexplained)];
    return { figure: `found: ${figure}; ${reviewed} lived and are explained`, failures };
  },
};

const percent = (part: number, all: number): string => ((100 * part) / all).toFixed(1);
