import { closeSync, openSync, readSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type CaptureReader, Frame, findRecord } from '../../src/capture/index.ts';
import { FormatError } from '../../src/errors.ts';
import type { LaneWork, Replaying } from '../../src/replay/index.ts';
import type { CaptureFile, Split } from '../files.ts';
import { startWorker } from './workers.ts';

/** What a lane is started with: bytes from … to of a file. */
export interface LaneData {
  readonly path: string;
  readonly from: number;
  readonly to: number;
  readonly work: LaneWork;
}

/** Where a record stands in the file. */
export interface PlainRecord {
  readonly offset: number;
  readonly size: number;
}

/** What it comes to. */
export interface LaneDone {
  /** Offset in the file of the first record that it left alone. */
  readonly end: number;
  readonly packets: number;
  /** Records that are the plain engine's. */
  readonly plain: readonly PlainRecord[];
  /** Memory below the room: the counters. */
  readonly memory: ArrayBuffer;
}

/** Smaller files are done before a second thread would be worth its start: it costs 15 % more CPU time. */
const LEAST = 512 << 20;
/** What one lane reads while another starts: 40 ms at 4 GiB a second. */
const HEAD_START = 160 << 20;
const LANES_MAX = 4;
/** No lane gets less than what a boundary is looked for in: there would be none, or the same one twice. */
const LANE_LEAST = 1 << 20;
/** Bytes in which a boundary is looked for. */
const SEARCHED = 1 << 20;

/** How many threads a file of this size is worth; `threads`: what was asked for, and no more than there are processors. */
function lanesFor(size: number, threads: number | null): number {
  const processors = availableParallelism();
  if (threads === null) return size < LEAST ? 1 : Math.min(LANES_MAX, processors);
  return Math.min(threads, Math.max(LANES_MAX, processors), Math.floor(size / LANE_LEAST));
}

interface Lane {
  readonly data: LaneData;
  /** null: it failed. */
  readonly done: Promise<LaneDone | null>;
  stop(): void;
}

/**
 * Has workers take the later parts of a file where each packet's answer is its own affair. Where a part begins is a
 * guess that counts once the part before has ended just there; if it has not, this thread goes on from there.
 */
export function splitFile(file: CaptureFile, replay: Replaying, threads: number | null): Split | null {
  const { path, total, reader } = file;
  const count = total === null ? 1 : lanesFor(total, threads);
  const work = count > 1 ? replay.lane(reader) : null;
  if (work === null || total === null) return null;
  const head = Math.min(HEAD_START, total / count);
  const even = (total - head) / count;
  const places = Array.from({ length: count - 1 }, (_, i) => Math.floor(head + (i + 1) * even));
  // What was read already is this thread's.
  const cuts = cutsOf(path, places, work).filter((cut) => cut > file.read);
  const [until] = cuts;
  if (until === undefined) return null;
  const lanes = cuts.map((from, i) => start({ path, from, to: cuts[i + 1] ?? total, work }));
  const parts = new Parts(lanes, reader, replay, work);
  return { until, finish: (descriptor) => parts.finish(descriptor), stop: () => parts.stop() };
}

/** The next boundary behind each place; none where none is found. */
function cutsOf(path: string, places: readonly number[], work: LaneWork): number[] {
  const descriptor = openSync(path, 'r');
  try {
    const piece = new Uint8Array(SEARCHED);
    return places.flatMap((place) => {
      const from = place - (place % 4);
      const size = readSync(descriptor, piece, 0, SEARCHED, from);
      const at = findRecord(piece.subarray(0, size), work);
      return at < 0 ? [] : [from + at];
    });
  } finally {
    closeSync(descriptor);
  }
}

function start(data: LaneData): Lane {
  const worker = startWorker('lane.cjs', data);
  // This thread then goes on at the part's beginning by itself.
  if (worker === null) return { data, done: Promise.resolve(null), stop: () => {} };
  const stop = (): void => void worker.terminate();
  const done = new Promise<LaneDone | null>((resolve) => {
    worker.once('message', resolve);
    // Whatever it lacks (memory, the file), this thread meets it by itself or does without.
    worker.once('error', () => resolve(null));
    worker.once('exit', () => resolve(null));
  }).finally(stop);
  return { data, done, stop };
}

/** The parts of a file that lanes take, and what is made of their results. */
class Parts {
  private readonly lanes: readonly Lane[];
  private readonly reader: CaptureReader;
  private readonly replay: Replaying;
  private readonly work: LaneWork;
  private readonly frame = new Frame();

  constructor(lanes: readonly Lane[], reader: CaptureReader, replay: Replaying, work: LaneWork) {
    this.lanes = lanes;
    this.reader = reader;
    this.replay = replay;
    this.work = work;
  }

  stop(): void {
    for (const { stop } of this.lanes) stop();
  }

  /**
   * A part counts if the one before has ended just where it begins, records stand there as the lane was told, and those
   * that it left to this thread are sound: behind a broken one nothing counts.
   */
  async finish(descriptor: number): Promise<number> {
    let position = this.reader.offset;
    for (const { data, done } of this.lanes) {
      if (position !== data.from || !this.isAsTold()) break;
      const result = await done;
      if (result === null || !result.plain.every((record) => this.isSound(record, descriptor))) break;
      this.replay.takeLane(result.packets, result.memory);
      for (const record of result.plain) {
        this.seek(record, descriptor);
        this.replay.takePlain(this.reader);
      }
      position = result.end;
    }
    this.stop();
    await Promise.all(this.lanes.map(({ done }) => done));
    return position;
  }

  /** Sections of pcapng may have begun since then, with other interfaces. */
  private isAsTold(): boolean {
    const { layout } = this.reader;
    const { format, little, unit, ethernet } = this.work;
    if (layout === null) return false;
    const isAlike = layout.format === format && layout.little === little && layout.unit === unit;
    return isAlike && (layout.ethernet & ethernet) === ethernet;
  }

  private isSound(record: PlainRecord, descriptor: number): boolean {
    try {
      this.seek(record, descriptor);
      return this.reader.next(this.frame);
    } catch (error) {
      if (error instanceof FormatError) return false;
      throw error;
    }
  }

  private seek({ offset, size }: PlainRecord, descriptor: number): void {
    const { reader } = this;
    reader.window?.seek(offset);
    reader.filled(readSync(descriptor, reader.room(size), 0, size, offset));
  }
}
