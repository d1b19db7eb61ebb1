import { type CaptureReader, Frame, openCapture } from '../../src/capture/index.ts';
import { Tracker } from '../../src/conntrack/index.ts';
import { createEnv } from '../../src/env.ts';
import { ERAS } from '../../src/era.ts';
import { FormatError } from '../../src/errors.ts';
import { NO_METADATA } from '../../src/packet/index.ts';
import { planFilter } from '../../src/plan.ts';
import { Replay } from '../../src/replay/index.ts';
import { summarise } from '../../src/report/index.ts';
import { Run } from '../../src/run.ts';
import { partsOf, repeated } from './repeat.ts';

/*
 * One capture through the library, as text: the same call in each Node and, bundled, in a browser. Nothing here may be
 * Node's.
 */

const FILTERS = [
  'map key dst and 0xff',
  "map key proto match 'cmp(u8 at 9 layer network eq 17)' baseclass 1:5 action continue",
  'hash keys nfct-src,src,dst,proto,proto-src,proto-dst,rxhash,vlan-tag divisor 1021',
];
const CHUNK = 64 << 10;

/** `least`: 0: the capture as it is, packet by packet; otherwise made longer, to so many bytes, and only its counts. */
export function answer(file: Uint8Array, least = 0): string {
  if (least === 0) return JSON.stringify([counted([file]), listed(file)]);
  const parts = partsOf(file);
  if (parts === null) return 'no packets';
  const { piece, times } = repeated(parts, least);
  return JSON.stringify(counted([parts.head, ...new Array<Uint8Array>(times).fill(piece), parts.tail]));
}

/** The result's counts, by whichever engine may. */
function counted(pieces: readonly Uint8Array[]): object {
  const run = runOf();
  const replay = new Replay(run, 'auto');
  const end = taken(pieces, openCapture(replay.room), (reader) => replay.take(reader));
  replay.settle();
  const { tally, sharing, fates } = run;
  const names = { filters: run.filterRows(), era: '6.1', seed: 1, errors: [] };
  return { end, ...summarise({ tally, sharing, fates, ...names }) };
}

/** Each packet's class, why it has none, and how far that can be trusted. */
function listed(file: Uint8Array): object {
  const run = runOf();
  const frame = new Frame();
  const packets: string[] = [];
  const end = taken([file], openCapture(), (reader) => {
    while (reader.next(frame)) {
      run.step(frame);
      packets.push([run.classid, run.exactness, run.rests, run.reason, run.length].join(' '));
    }
  });
  return { end, packets };
}

/** How it ended. */
function taken(pieces: readonly Uint8Array[], reader: CaptureReader, take: (reader: CaptureReader) => void): string {
  try {
    for (const piece of pieces) {
      for (let at = 0; at < piece.length; at += CHUNK) {
        reader.push(piece.subarray(at, at + CHUNK));
        take(reader);
      }
    }
    reader.finish();
    take(reader);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return `${error.name} at ${error.offset}: ${error.message}`;
  }
  return reader.cut === null ? 'whole' : `cut at ${reader.cut.offset}: ${reader.cut.message}`;
}

function runOf(): Run {
  const clock = { now: 0 };
  return new Run({
    env: createEnv({ era: ERAS['6.1'], seed: 1, clock }),
    clock,
    device: { hook: 'egress', vlan: 'offload' },
    filters: FILTERS.map((spec) => planFilter(spec)),
    known: { rxhashKey: true, foldKey: true },
    metadata: NO_METADATA,
    tracker: new Tracker(),
    sharing: true,
  });
}
