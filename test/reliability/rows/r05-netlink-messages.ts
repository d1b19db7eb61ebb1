import { projectPath } from '../../fuzz/corpus.ts';
import { tryAttributes } from '../../fuzz/loops.ts';
import { checkCorpus } from '../../golden/corpus.ts';
import { onAllProcessors, spaced } from '../parallel.ts';
import type { Counts, Found, Row } from '../row.ts';

const MESSAGES: Counts = { ci: 100_000, night: 1_000_000, release: 10_000_000 };
/** Command lines, whose requests have each of their attributes at every length. */
const LINES: Counts = { ci: 150, night: 3000, release: 5000 };
const FILTERS: Counts = { ci: 50_000, night: 1_000_000, release: 1_000_000 };

export const R5: Row = {
  id: 'R5',
  test: 'broken netlink messages; every attribute at lengths 0 to 64, misaligned, nested 1000 deep; random filters written and read; commands of public scripts beside the bytes of tc',
  bar: '10^7 messages, 0 crashes; decode(encode(x)) = x for 10^6 filters; all bytes equal',
  inCi: true,
  async run(trial): Promise<Found> {
    const failures: string[] = [];
    const made = tryAttributes(trial.seed, LINES[trial.scale], failures);
    const messages = await onAllProcessors('messages', trial, MESSAGES);
    const filters = await onAllProcessors('round trips', { ...trial, minutes: null }, FILTERS);
    const corpus = checkCorpus(projectPath('test/golden/records/corpus'));
    const all = [...failures, ...messages.failures, ...filters.failures, ...corpus.examples];
    const figure = `${spaced(messages.tried)} broken messages and ${spaced(made)} of every length, ${spaced(filters.tried)} filters written and read, ${corpus.checked} commands beside tc: ${all.length} failures`;
    return { figure, failures: all };
  },
};
