import { Comparing, type Comparison } from '../study/index.ts';
import { fullTableNotes } from './full-table.ts';
import { markNotes } from './marks.ts';
import { type Asked, askOneByOne } from './one-by-one.ts';
import { checkOptions } from './options.ts';
import type { Question } from './question.ts';
import { QuestionError } from './question-error.ts';
import { frameTaker, type ReadOptions, readSources } from './read.ts';
import { type CallRecord, recordOfRun } from './record.ts';
import type { Source } from './source.ts';

/** What `compare` returns, and what `cls-flow compare --format json` prints: docs/schema/compare.schema.json. */
export interface Compared extends Comparison {
  readonly record: CallRecord;
}

/**
 * Who moves from one setup to another: both see the same packets and draw the same.
 *
 * @param source captures: bytes, chunks of any size, a Blob, or several with names; pcap or pcapng
 * @param before the one setup, and `after` the other: filters or a script each
 * @param options `signal` cancels; `progress` says how far it has come, in bytes
 * @returns packets by where they end before and after, and the hosts and flows that move; bytes are those on the wire
 * @throws QuestionError with the field that is wrong; CancelledError after `options.signal`
 * @example
 * const filter = (divisor: number) => ({ filters: [`hash keys src divisor ${divisor}`] });
 * const { hosts } = await compare(bytes, filter(256), filter(1024));
 */
export async function compare(
  source: Source,
  before: Question,
  after: Question,
  options: ReadOptions = {},
): Promise<Compared> {
  checkOptions(options);
  const first = await sideOf('before', before, options);
  const second = await sideOf('after', after, options);
  const comparing = new Comparing(first.run, second.run);
  const taker = frameTaker(
    () => first.run.number,
    (frame) => {
      first.run.step(frame);
      second.run.step(frame);
      comparing.add();
    },
  );
  const { errors, inputs } = await readSources(source, taker, options);
  // Both follow the same connections, if they follow any.
  for (const note of [first, second].flatMap(({ run }) => fullTableNotes(run)).slice(0, 1)) options.note?.(note);
  for (const note of new Set([first, second].flatMap(({ run }) => markNotes(run)))) options.note?.(note);
  const record = recordOfRun('compare', first.settled, inputs);
  const { question, inputs: changed } = recordOfRun('compare', second.settled, []);
  return {
    ...comparing.result(first.settled.seed, errors),
    record: {
      ...record,
      question: { before: record.question, after: question },
      inputs: [...record.inputs, ...changed.map((input) => ({ ...input, name: `${input.name} after` }))],
    },
  };
}

/** What is wrong with a side is reported with its name: `after.filters[0]`. */
async function sideOf(name: 'before' | 'after', question: Question, options: ReadOptions): Promise<Asked> {
  try {
    return await askOneByOne(question, options);
  } catch (error) {
    throw error instanceof QuestionError ? error.about(`${name}.${error.field}`) : error;
  }
}
