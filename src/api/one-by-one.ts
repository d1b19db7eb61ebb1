import type { Frame } from '../capture/index.ts';
import type { Run } from '../run.ts';
import { fullTableNotes } from './full-table.ts';
import type { Question } from './question.ts';
import { frameTaker, type Reading, type ReadOptions, readSources } from './read.ts';
import { type Besides, runOf, type Settled, settle } from './settle.ts';
import type { Source } from './source.ts';

/** A question, and the run that answers it. */
export interface Asked {
  readonly settled: Settled;
  readonly run: Run;
}

/** For calls that look at each packet themselves: neither flows nor hosts are counted. */
export async function askOneByOne(question: Question, besides: Besides): Promise<Asked> {
  const settled = await settle({ ...question, flows: false }, besides);
  return { settled: { ...settled, question }, run: runOf(settled) };
}

/** Has `onFrame` called with each frame of captures, which it gives to the run; false ends the reading. */
export async function readOneByOne(
  source: Source,
  run: Run,
  onFrame: (frame: Frame, name: string) => unknown,
  options: ReadOptions,
): Promise<Reading> {
  const reading = await readSources(
    source,
    frameTaker(() => run.number, onFrame),
    options,
  );
  for (const note of fullTableNotes(run)) options.note?.(note);
  return reading;
}
