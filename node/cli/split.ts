import { closeSync, openSync, readSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type CaptureReader, findRecord } from '../../src/capture/index.ts';
import type { LaneWork, Replay } from '../../src/replay.ts';
import type { CaptureFile, Split } from '../files.ts';
import { startWorker } from './workers.ts';

/** What a lane is started with: bytes from … to of a file. */
export interface LaneData {
  readonly path: string;
  readonly from: number;
  readonly to: number;
  readonly work: LaneWork;
}

/** What it comes to. */
export interface LaneDone {
  /** Offset in the file of the first record that it left alone. */
  readonly end: number;
  readonly packets: number;
  /** Offsets of records that are the plain engine's. */
  readonly plain: readonly number[];
  /** Memory below the room: the counters. */
  readonly memory: ArrayBuffer;
}

/** Smaller files are done before a second thread would be worth its start: it costs 15 % more CPU time. */
const LEAST = 512 << 20;
/** What one lane reads while another starts: 40 ms at 4 GiB a second. */
const HEAD_START = 160 << 20;
const LANES_MAX = 4;
/** Bytes in which a boundary is looked for. */
const SEARCHED = 1 << 20;
const CHUNK = 256 << 10;

/** How many threads a file of this size is worth; `threads`: what was asked for. */
function lanesFor(size: number, threads: number | null): number {
  if (threads !== null) return threads;
  return size < LEAST ? 1 : Math.min(LANES_MAX, availableParallelism());
}

interface Lane {
  readonly data: LaneData;
  readonly done: Promise<LaneDone>;
}

/**
 * Has workers take the later parts of a file where each packet's answer is its own affair. Where a part begins is a
 * guess that counts once the part before has ended just there; if it has not, this thread goes on from there.
 */
export function splitFile(file: CaptureFile, replay: Replay, threads: number | null): Split | null {
  const { path, total, reader } = file;
  const count = total === null ? 1 : lanesFor(total, threads);
  const work = count > 1 ? replay.lane(reader) : null;
  if (work === null || total === null) return null;
  const head = Math.min(HEAD_START, total / count);
  const even = (total - head) / count;
  const cuts = cutsOf(
    path,
    Array.from({ length: count - 1 }, (_, i) => Math.floor(head + (i + 1) * even)),
    work,
  );
  const [until] = cuts;
  if (until === undefined) return null;
  const lanes = cuts.map((from, i) => start({ path, from, to: cuts[i + 1] ?? total, work }));
  return { until, finish: (descriptor) => finish(lanes, descriptor, reader, replay) };
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
  const done = new Promise<LaneDone>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  }).finally(() => worker.terminate());
  // Told by finish(), if the lane counts at all.
  done.catch(() => {});
  return { data, done };
}

async function finish(
  lanes: readonly Lane[],
  descriptor: number,
  reader: CaptureReader,
  replay: Replay,
): Promise<number> {
  let position = reader.offset;
  for (const { data, done } of lanes) {
    if (position !== data.from) break;
    const { end, packets, plain, memory } = await done;
    replay.takeLane(packets, memory);
    for (const offset of plain) takePlain(offset, descriptor, reader, replay);
    position = end;
  }
  await Promise.allSettled(lanes.map(({ done }) => done));
  return position;
}

function takePlain(offset: number, descriptor: number, reader: CaptureReader, replay: Replay): void {
  reader.window?.seek(offset);
  reader.filled(readSync(descriptor, reader.room(CHUNK), 0, CHUNK, offset));
  replay.takePlain(reader);
}
