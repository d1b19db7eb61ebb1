import { Frame } from '../capture/index.ts';
import type { Run } from '../run.ts';
import { Comparing, type Comparison } from '../study/index.ts';
import type { InputDigest } from './digest.ts';
import { fullTableNotes } from './full-table.ts';
import { checkOptions } from './options.ts';
import type { Question } from './question.ts';
import { QuestionError } from './question-error.ts';
import { type ReadOptions, readSources } from './read.ts';
import { type CallRecord, recordOf } from './record.ts';
import { runOf, settle } from './settle.ts';
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
  const frame = new Frame();
  const { errors, inputs } = await readSources(
    source,
    {
      packets: () => first.run.number,
      take(reader) {
        while (reader.next(frame)) {
          first.run.step(frame);
          second.run.step(frame);
          comparing.add();
        }
        return true;
      },
    },
    options,
  );
  // Both follow the same connections, if they follow any.
  for (const note of [first, second].flatMap(({ run }) => fullTableNotes(run)).slice(0, 1)) options.note?.(note);
  const record = recordOf('compare', before, [...inputs, ...first.inputs]);
  const { question, inputs: changed } = recordOf('compare', after, second.inputs);
  return {
    ...comparing.result(first.seed, errors),
    record: {
      ...record,
      question: { before: record.question, after: question },
      inputs: [...record.inputs, ...changed.map((input) => ({ ...input, name: `${input.name} after` }))],
    },
  };
}

interface Side {
  readonly run: Run;
  readonly seed: number;
  readonly inputs: readonly InputDigest[];
}

/** What is wrong with a side is reported with its name: `after.filters[0]`. */
async function sideOf(name: 'before' | 'after', question: Question, options: ReadOptions): Promise<Side> {
  try {
    const settled = await settle({ ...question, flows: false }, options);
    return { run: runOf(settled), seed: settled.seed, inputs: settled.inputs };
  } catch (error) {
    throw error instanceof QuestionError ? error.about(`${name}.${error.field}`) : error;
  }
}
