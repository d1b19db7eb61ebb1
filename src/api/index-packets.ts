import { anything } from '../argument.ts';
import { type CaptureReader, Frame } from '../capture/index.ts';
import { type CaptureProblem, type IndexedEnd, NumberedEnds, PacketIndex } from '../report/index.ts';
import type { Run } from '../run.ts';
import { fullTableNotes } from './full-table.ts';
import { askOneByOne } from './one-by-one.ts';
import { checkOptions } from './options.ts';
import { type Question, whole } from './question.ts';
import { type ReadOptions, readSources } from './read.ts';
import { type CallRecord, recordOfRun } from './record.ts';
import type { Source } from './source.ts';

/** Packets that are indexed unless a limit is given: 145 MB. */
const LIMIT = 5_000_000;
const MOST = 100_000_000;

export interface IndexOptions extends ReadOptions {
  /** Packets at most, 29 bytes each. Default: 5 000 000; most: 100 000 000. */
  readonly limit?: number;
}

/** A capture of the index. */
export interface IndexedCapture {
  readonly name: string;
  /** Number of its first packet. */
  readonly first: number;
  /** It has seen all that was read: after `reader.seek(offset)` it goes on with the bytes from there. */
  readonly reader: CaptureReader;
}

/** What `indexPackets` returns. */
export interface IndexedPackets {
  /** False if a capture could not be read to its end, or there are more packets than the limit. */
  readonly complete: boolean;
  /** There are more packets than the limit: nothing was read behind it. */
  readonly limited: boolean;
  /** Packets by number, from 1 on over all captures. */
  readonly index: PacketIndex;
  /** What the numbers in the index's column `end` mean. */
  readonly ends: readonly IndexedEnd[];
  /** Those of which something was read, in order: a packet is of the last whose `first` is not above its number. */
  readonly captures: readonly IndexedCapture[];
  readonly errors: readonly CaptureProblem[];
  readonly record: CallRecord;
}

/**
 * Where each packet stands in its capture, and what became of it: time, length, class, end and exactness in columns, for
 * tables of millions of packets. Any of them can be read again: its reader goes on at its offset.
 *
 * @param source captures: bytes, chunks of any size, a Blob, or several with names; pcap or pcapng
 * @param question the filters or the script, and what else is known
 * @returns the index, and the names of ends by number; `complete` is false beyond `options.limit` packets
 * @throws QuestionError with the field that is wrong; CancelledError after `options.signal`
 * @example
 * const { index, captures } = await indexPackets(blob, { filters: ['hash keys src divisor 16'] });
 * const { offset } = index.row(4711);
 * captures[0].reader.seek(offset);
 * captures[0].reader.push(new Uint8Array(await blob.slice(offset, offset + 65536).arrayBuffer()));
 */
export async function indexPackets(
  source: Source,
  question: Question,
  options: IndexOptions = {},
): Promise<IndexedPackets> {
  checkOptions(options, { limit: anything });
  const { limit = LIMIT } = options;
  const most = whole(1, MOST)(limit, 'limit');
  const { settled, run } = await askOneByOne(question, options);
  const indexing = new Indexing(run, most);
  const { errors, inputs } = await readSources(
    source,
    { packets: () => run.number, take: (reader, name) => indexing.take(reader, name) },
    options,
  );
  for (const note of fullTableNotes(run)) options.note?.(note);
  const { index, ends, captures, limited } = indexing;
  return {
    ...{ complete: errors.length === 0 && !limited, limited },
    ...{ index, ends: ends.rows, captures, errors },
    record: recordOfRun('indexPackets', settled, inputs, { limit }),
  };
}

class Indexing {
  readonly index = new PacketIndex();
  readonly captures: IndexedCapture[] = [];
  readonly ends: NumberedEnds;
  limited = false;
  private readonly run: Run;
  private readonly limit: number;
  private readonly frame = new Frame();

  constructor(run: Run, limit: number) {
    this.run = run;
    this.limit = limit;
    this.ends = new NumberedEnds(run.kernel.netns);
  }

  /** All that the reader has; false: the limit is reached. */
  take(reader: CaptureReader, name: string): boolean {
    const { run, frame, captures } = this;
    if (captures.at(-1)?.reader !== reader) captures.push({ name, first: run.number + 1, reader });
    while (reader.next(frame)) {
      this.limited = run.number === this.limit;
      if (this.limited) return false;
      run.step(frame);
      this.add(reader.record);
    }
    return true;
  }

  private add(offset: number): void {
    const { run, frame, index, ends } = this;
    const { seconds, nanoseconds } = frame;
    const { length, reason, exactness } = run;
    const classid = reason === null ? run.classid : null;
    index.add({ offset, seconds, nanoseconds, length, classid, end: ends.of(run.end, reason), exactness });
  }
}
