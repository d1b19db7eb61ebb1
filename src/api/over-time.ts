import { anything } from '../argument.ts';
import type { Frame } from '../capture/index.ts';
import { type CaptureProblem, type Course, EqualSteps, OverTime } from '../report/index.ts';
import type { Run } from '../run.ts';
import { classText } from '../u32.ts';
import { askOneByOne, readOneByOne } from './one-by-one.ts';
import { checkOptions } from './options.ts';
import { type Question, whole } from './question.ts';
import { QuestionError } from './question-error.ts';
import type { ReadOptions } from './read.ts';
import { type CallRecord, recordOfRun } from './record.ts';
import type { Source } from './source.ts';

const BINS = 512;
const MOST_BINS = 4096;
/** Bins of all classes together: 32 MiB of counts. */
const CELLS = 1 << 21;
/** A day, in thousandths of a second. */
const MOST_STEP = 86_400_000;

export interface OverTimeOptions extends ReadOptions {
  /**
   * Bins at most, 2 to 4096. Default: 512. Of a capture with more than that many thousandths of a second
   * between its first and last packet more than half of them come back.
   */
  readonly bins?: number;
  /**
   * Instead: seconds of each bin, in whole thousandths from 0.001 to 86 400. There are as many bins as it takes, up to 2^21 counts
   * of all classes together.
   */
  readonly every?: number | undefined;
}

/** One class, by bin. */
export interface ClassCourse extends Course {
  readonly classid: string;
}

/** What `overTime` returns: docs/schema/over-time.schema.json. */
export interface ClassesOverTime {
  readonly schema: 1;
  readonly complete: boolean;
  /** Where the first bin begins, in seconds since 1970: a multiple of `width`. null: there was no packet. */
  readonly began: number | null;
  /** Seconds of a bin: `every`, or else a power of two, from 2⁻¹⁰ on. */
  readonly width: number;
  /** Bins of each class: from the first packet's to the last's. */
  readonly bins: number;
  /** By class id. */
  readonly classes: readonly ClassCourse[];
  /** Packets without a class. */
  readonly unclassified: Course;
  /**
   * Classes that came when there were 2^21 / `options.bins` already (4096 of 512 bins), together; absent where there are
   * none.
   */
  readonly others?: Course;
  readonly errors: readonly CaptureProblem[];
  readonly record: CallRecord;
}

/**
 * Packets and bytes of each class over time, in a fixed number of bins whose width doubles when time runs out.
 *
 * @param source captures: bytes, chunks of any size, a Blob, or several with names; pcap or pcapng
 * @param question the filters or the script, and what else is known
 * @returns for each class the packets and the bytes on the wire of each bin
 * @throws QuestionError with the field that is wrong; CancelledError after `options.signal`
 * @example
 * const { began, width, classes } = await overTime(bytes, { filters: ['hash keys src divisor 16'] }, { bins: 100 });
 * for (const { classid, bytes } of classes) console.log(classid, bytes.map((count) => (8 * count) / width));
 */
export async function overTime(
  source: Source,
  question: Question,
  options: OverTimeOptions = {},
): Promise<ClassesOverTime> {
  checkOptions(options, { bins: anything, every: anything });
  const { bins = BINS, every } = options;
  if (every !== undefined && options.bins !== undefined) throw new QuestionError('every', 'goes without bins');
  const counting = every === undefined ? new Counting(whole(2, MOST_BINS)(bins, 'bins')) : new Stepping(stepOf(every));
  const { settled, run } = await askOneByOne(question, options);
  const onFrame = (frame: Frame): void => {
    run.step(frame);
    counting.add(run, frame);
  };
  const { errors, inputs } = await readOneByOne(source, run, onFrame, options);
  return {
    ...{ schema: 1, complete: errors.length === 0 },
    ...counting.result(),
    errors,
    record: recordOfRun('overTime', settled, inputs, every === undefined ? { bins } : { every }),
  };
}

/** Thousandths of a second. */
function stepOf(every: unknown): number {
  const step = Math.round(1000 * Number(every));
  if (typeof every === 'number' && step >= 1 && step <= MOST_STEP && Math.abs(1000 * every - step) < 1e-6) return step;
  throw new QuestionError('every', 'expected 0.001 to 86400 seconds, in whole thousandths');
}

/** Keys besides the class ids. */
const Key = { NO_CLASS: -1, OTHERS: -2 } as const;

class Counting {
  private readonly time: OverTime<number>;
  private readonly most: number;

  constructor(bins: number) {
    this.time = new OverTime(bins);
    this.most = CELLS / bins;
  }

  add({ reason, classid, length, isElsewhere }: Run, { seconds, nanoseconds }: Frame): void {
    if (isElsewhere) return;
    this.time.add(this.keyOf(reason === null ? classid : Key.NO_CLASS), seconds, nanoseconds, length);
  }

  private keyOf(key: number): number {
    const { time, most } = this;
    return key === Key.NO_CLASS || time.size < most || time.has(key) ? key : Key.OTHERS;
  }

  result() {
    const { began, width, length } = this.time;
    const others = [...this.time.rows()].find(([key]) => key === Key.OTHERS)?.[1];
    return {
      ...{ began, width, bins: length, ...coursesOf(this.time.rows(), length) },
      ...(others === undefined ? {} : { others }),
    };
  }
}

/** The same in bins of a given width. */
class Stepping {
  private readonly steps: EqualSteps<number>;

  constructor(width: number) {
    this.steps = new EqualSteps(width);
  }

  add({ reason, classid, length, isElsewhere }: Run, { seconds, nanoseconds }: Frame): void {
    if (isElsewhere) return;
    this.steps.add(reason === null ? classid : Key.NO_CLASS, seconds, nanoseconds, length);
    this.check(this.steps.cells);
  }

  result() {
    const { began, width, length, size } = this.steps;
    this.check(size);
    return { began, width: width / 1000, bins: length, ...coursesOf(this.steps.rows(), length) };
  }

  private check(counts: number): void {
    if (counts <= CELLS) return;
    throw new QuestionError('every', `too short for these captures: more than ${CELLS} counts`);
  }
}

/** The classes in their order, and the packets without one. */
function coursesOf(rows: Iterable<readonly [number, Course]>, length: number) {
  const courses = new Map(rows);
  const none = new Array<number>(length).fill(0);
  const classes = [...courses].filter(([key]) => key >= 0).sort(([a], [b]) => a - b);
  return {
    classes: classes.map(([key, course]) => ({ classid: classText(key), ...course })),
    unclassified: courses.get(Key.NO_CLASS) ?? { packets: none, bytes: none },
  };
}
