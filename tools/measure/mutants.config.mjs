// vitest for `npm run mutants`: the tests of one room.
import { defineConfig } from 'vitest/config';
import { BaseSequencer } from 'vitest/node';
import { RECORDS } from './rooms.mjs';

const LOADS = 'tools/measure/loads.test.mjs';
const rank = ({ moduleId }) => [LOADS, RECORDS].findIndex((name) => moduleId.endsWith(name));

/**
 * The first test that fails ends the run: the slow ones come last. The one that loads the room comes behind those beside the
 * code, or Stryker would take what runs while a room is loaded for a part of that test.
 */
class SlowLast extends BaseSequencer {
  async sort(files) {
    return files.toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: [LOADS, ...(process.env.MUTANTS_TESTS ?? '').split(' ')],
    // One thread for all files of a mutant: half the time. Each mutant has a new one.
    isolate: false,
    sequence: { sequencer: SlowLast },
  },
});
