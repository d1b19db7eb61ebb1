import { Frame } from '../capture/index.ts';
import { Comparing, type Comparison } from '../study/index.ts';
import type { Question } from './question.ts';
import { type ReadOptions, readSources } from './read.ts';
import { type CallRecord, recordOf } from './record.ts';
import { runOf, settle, type Tables } from './settle.ts';
import type { Source } from './source.ts';

/** What `compare` returns, and what `cls-flow compare --format json` prints: docs/schema/compare.schema.json. */
export interface Compared extends Comparison {
  readonly record: CallRecord;
}

/**
 * Who moves from one setup to another: both see the same packets and draw the same.
 *
 * @throws QuestionError with the field that is wrong; CancelledError after `options.signal`
 * @example
 * const filter = (divisor: number) => ({ filters: [`hash keys src divisor ${divisor}`] });
 * const { hosts } = await compare(bytes, filter(256), filter(1024));
 */
export async function compare(
  source: Source,
  before: Question,
  after: Question,
  options: ReadOptions & { readonly tables?: Tables } = {},
): Promise<Compared> {
  const sides = [before, after].map((side) => settle({ ...side, flows: false }, options.tables));
  const runs = sides.map(runOf);
  const [first, second] = runs;
  if (first === undefined || second === undefined) throw new RangeError('two sides');
  const comparing = new Comparing(first, second);
  const frame = new Frame();
  const { errors, inputs } = await readSources(
    source,
    {
      packets: () => first.number,
      take(reader) {
        while (reader.next(frame)) {
          for (const run of runs) run.step(frame);
          comparing.add();
        }
        return true;
      },
    },
    options,
  );
  const record = recordOf('compare', before, inputs);
  const { question, inputs: changed } = recordOf('compare', after, []);
  return {
    ...comparing.result(sides[0]?.seed ?? 0, errors),
    record: {
      ...record,
      question: { before: record.question, after: question },
      inputs: [...record.inputs, ...changed.map((input) => ({ ...input, name: `${input.name} after` }))],
    },
  };
}
