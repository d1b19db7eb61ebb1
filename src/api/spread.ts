import { callback } from '../argument.ts';
import type { Frame } from '../capture/index.ts';
import type { CaptureProblem } from '../report/index.ts';
import type { Run } from '../run.ts';
import { type By, type Period, periods, type SeedSpread, spreadOverSeeds, Takings } from '../study/index.ts';
import { askOneByOne, readOneByOne } from './one-by-one.ts';
import { checkOptions } from './options.ts';
import { type Question, whole } from './question.ts';
import { QuestionError } from './question-error.ts';
import type { Reading, ReadOptions } from './read.ts';
import { type CallRecord, recordOfRun } from './record.ts';
import type { Settled } from './settle.ts';
import type { Source } from './source.ts';

/** What `spread` returns, and what `cls-flow classify --seeds N --format json` prints: docs/schema/seeds.schema.json. */
export interface SpreadFound {
  readonly schema: 1;
  readonly complete: boolean;
  /** null: no host was given a class by a flow filter. */
  readonly spread: SeedSpread | null;
  readonly errors: readonly CaptureProblem[];
  readonly record: CallRecord;
}

/** What `perturbed` returns, and what `cls-flow classify --perturb --format json` prints: docs/schema/perturb.schema.json. */
export interface PerturbedFound {
  readonly schema: 1;
  readonly complete: boolean;
  readonly seed: number;
  readonly by: By;
  readonly periods: readonly Period[];
  readonly errors: readonly CaptureProblem[];
  readonly record: CallRecord;
}

type Options = ReadOptions & { ended?(reading: Reading): void };
const OWN = { ended: callback };

/**
 * How hosts would share classes, over many values of hashrnd.
 *
 * @param source captures: bytes, chunks of any size, a Blob, or several with names; pcap or pcapng
 * @param question the filters or the script, and what else is known
 * @param seeds how many values, 1 to 100 000
 * @returns mean, least and most over the seeds; `chance` is the part of the seeds, 0 … 1, under which a host shares a class
 * @throws QuestionError with the field that is wrong; CancelledError after `options.signal`
 * @example
 * const { spread: found } = await spread(bytes, { filters: ['hash keys src divisor 64'] }, 1000);
 */
export async function spread(
  source: Source,
  question: Question,
  seeds: number,
  options: Options = {},
): Promise<SpreadFound> {
  checkOptions(options, OWN);
  const count = whole(1, 100_000)(seeds, 'seeds');
  const { takings, settled, reading } = await taken(source, question, options, () => {});
  const { errors, inputs } = reading;
  return {
    ...{ schema: 1, complete: errors.length === 0 },
    spread: spreadOverSeeds(takings, settled.options.env, settled.seed, count),
    errors,
    record: recordOfRun('spread', settled, inputs, { seeds: count }),
  };
}

/**
 * Who shares a class with whom in each period between two draws of `perturb`.
 *
 * @param source captures: bytes, chunks of any size, a Blob, or several with names; pcap or pcapng
 * @param question the filters or the script: one filter at least has a `perturb`
 * @returns each period in which somebody sent: from and to in seconds since the first packet. Drawn anew as in
 * net/sched/cls_flow.c: flow_perturbation()
 * @throws QuestionError with the field that is wrong; CancelledError after `options.signal`
 * @example
 * const { periods } = await perturbed(bytes, { filters: ['hash keys src perturb 60 divisor 64'] });
 */
export async function perturbed(source: Source, question: Question, options: Options = {}): Promise<PerturbedFound> {
  checkOptions(options, OWN);
  const { takings, run, settled, reading } = await taken(source, question, options, checkPerturbed);
  const { errors, inputs } = reading;
  return {
    ...{ schema: 1, complete: errors.length === 0, seed: settled.seed, by: takings.by },
    periods: periods(takings, run),
    errors,
    record: recordOfRun('perturbed', settled, inputs),
  };
}

function checkPerturbed({ filters }: Run): void {
  if (filters.some(({ filter }) => filter.perturbPeriod > 0)) return;
  throw new QuestionError('perturb', 'no filter has a perturb', { hint: "example: 'hash keys src perturb 60'" });
}

interface Taken {
  readonly takings: Takings;
  readonly run: Run;
  readonly settled: Settled;
  readonly reading: Reading;
}

async function taken(source: Source, question: Question, options: Options, expect: (run: Run) => void): Promise<Taken> {
  const { settled, run } = await askOneByOne(question, options);
  const takings = new Takings(run);
  expect(run);
  const onFrame = (frame: Frame): void => {
    run.step(frame);
    takings.add();
  };
  const reading = await readOneByOne(source, run, onFrame, options);
  options.ended?.(reading);
  return { takings, run, settled, reading };
}
