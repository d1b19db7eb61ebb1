import { measured } from '../measured.ts';
import type { Row } from '../row.ts';

/** A room's line of tools/measure/coverage.mjs. */
interface Room {
  readonly name: string;
  readonly taken: number;
  readonly all: number;
}

const BAR = 0.95;

export const R14: Row = {
  id: 'R14',
  test: 'Branches of the core that its tests take',
  bar: '95 % in each room',
  inCi: false,
  run(trial) {
    if (trial.scale === 'ci') return { figure: '', failures: [], skipped: 'at scale night: npm run coverage' };
    const rooms = measured<Room[]>('coverage');
    const [taken, all] = [sum(rooms.map((room) => room.taken)), sum(rooms.map((room) => room.all))];
    const lines = rooms.map((room) => `${room.name} ${percent(room)}`).join(', ');
    const below = rooms.filter((room) => room.taken / room.all < BAR).map(({ name }) => name);
    const figure = `${percent({ taken, all })} % of ${all} branches; by room: ${lines}`;
    return {
      figure,
      failures: [],
      ...(below.length === 0 ? {} : { short: `not enough tests in ${below.join(', ')}` }),
    };
  },
};

const percent = ({ taken, all }: { taken: number; all: number }): string => ((100 * taken) / all).toFixed(1);
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
