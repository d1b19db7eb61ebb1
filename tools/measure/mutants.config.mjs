// vitest for `npm run mutants`: the tests of one room.
import { defineConfig } from 'vitest/config';
import { BaseSequencer } from 'vitest/node';
import { RECORDS } from './rooms.mjs';

const isRecords = ({ moduleId }) => (moduleId.endsWith(RECORDS) ? 1 : 0);

/** The first test that fails ends the run: the slow ones come last. */
class RecordsLast extends BaseSequencer {
  async sort(files) {
    return files.toSorted((a, b) => isRecords(a) - isRecords(b));
  }
}

export default defineConfig({
  test: {
    include: (process.env.MUTANTS_TESTS ?? '').split(' '),
    // One thread for all files of a mutant: half the time. Each mutant has a new one.
    isolate: false,
    sequence: { sequencer: RecordsLast },
  },
});
