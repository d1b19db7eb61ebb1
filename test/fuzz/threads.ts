import { writeFileSync } from 'node:fs';
import { splitFile } from '../../node/cli/split.ts';
import { readCapture, type Taker } from '../../node/files.ts';
import { setUpScript } from '../../src/command/index.ts';
import { createEnv } from '../../src/env.ts';
import { ERAS } from '../../src/era.ts';
import { FormatError } from '../../src/errors.ts';
import { Netns } from '../../src/kernel/index.ts';
import { NO_METADATA } from '../../src/packet/index.ts';
import { planFilter } from '../../src/plan.ts';
import { Replay } from '../../src/replay/index.ts';
import { Run } from '../../src/run.ts';
import { commonFrame } from './frames.ts';
import { Random } from './random.ts';

/*
 * One thread beside several: a large file, sound or damaged, must come to the same counts, the same error and the same
 * offset.
 */

const LEAST = 3 << 20;
/** Damaged copies that are made of one file. */
const COPIES = 20;
const ENHANCED_PACKET = 6;
const LENGTHS = [
  0, 1, 13, 16, 31, 32, 36, 60, 0x40000, 0x40001, 0x1000000, 0x1000001, 0x7fffffff, 0xfffffffc, 0xffffffff,
];

const FILTERS = [
  ['hash keys src,dst,proto,proto-src,proto-dst divisor 64'],
  ['map key dst and 0xff', 'hash keys mark,src divisor 16'],
  ["map key proto match 'cmp(u8 at 9 layer network eq 6)' baseclass 1:5", 'hash keys src divisor 8'],
];

const TREE = `tc qdisc add dev eth0 root handle 1: htb default 40
tc class add dev eth0 parent 1: classid 1:10 htb rate 1mbit
tc class add dev eth0 parent 1: classid 1:11 htb rate 1mbit
tc filter add dev eth0 parent 1: pref 1 handle 1 protocol all flow map key proto-dst and 0x3 baseclass 1:10`;

interface LargeFile {
  readonly bytes: Uint8Array;
  /** Where records begin. */
  readonly records: readonly number[];
  readonly little: boolean;
}

let large: { readonly seed: number; readonly file: LargeFile } | null = null;

export interface ThreadTrial {
  /** Parts that counted. */
  readonly parts: number;
  /** null: the same. */
  readonly difference: string | null;
}

/** One file, written to `path`. */
export async function tryThreads(seed: number, path: string): Promise<ThreadTrial> {
  const random = new Random(seed);
  const base = seed - (seed % COPIES);
  if (large?.seed !== base) large = { seed: base, file: largeFile(new Random(base)) };
  writeFileSync(path, damaged(random, large.file));
  const filters = random.pick([...FILTERS, null]);
  const threads = 2 + random.below(3);
  const one = await outcome(path, filters, 1);
  const several = await outcome(path, filters, threads);
  const same = one.text === several.text;
  const difference = same ? null : `seed ${seed}, ${threads} threads:\n  ${one.text}\n  ${several.text}`;
  return { parts: several.parts, difference };
}

class CountingReplay extends Replay {
  parts = 0;

  override takeLane(packets: number, memory: ArrayBuffer): void {
    this.parts++;
    super.takeLane(packets, memory);
  }
}

async function outcome(
  path: string,
  filters: readonly string[] | null,
  threads: number,
): Promise<{ readonly text: string; readonly parts: number }> {
  const run = runOf(filters);
  const replay = new CountingReplay(run, 'auto');
  const taker: Taker = {
    room: replay.room,
    split: (file) => splitFile(file, replay, threads),
    take(reader) {
      replay.take(reader);
      return true;
    },
  };
  const end = await endOf(path, taker);
  replay.settle();
  const { number, tally, fates } = run;
  const counts = {
    ...{ end, number, why: replay.why, rows: [...tally.rows()], missed: tally.unclassified() },
    ...{ trust: tally.exactness, rests: [...tally.rests].sort(([a], [b]) => a - b), fates: fates?.rows() ?? null },
  };
  return { text: JSON.stringify(counts), parts: replay.parts };
}

async function endOf(path: string, taker: Taker): Promise<string> {
  try {
    const { cut } = await readCapture(path, taker);
    return cut === null ? 'whole' : `cut at ${cut.offset}: ${cut.message}`;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return `${error.name} at ${error.offset}: ${error.message}`;
  }
}

function runOf(filters: readonly string[] | null): Run {
  const clock = { now: 0 };
  const env = createEnv({ era: ERAS['6.1'], seed: 1, clock });
  const fresh = (): Netns => new Netns({ env, devices: [{ name: 'eth0', ifindex: 1 }] });
  const tree = filters === null ? setUpScript(TREE, fresh) : null;
  return new Run({
    ...{ env, clock, metadata: NO_METADATA, sharing: false, tracker: null },
    device: { hook: 'egress', vlan: 'offload' },
    known: { rxhashKey: true, foldKey: true },
    filters: (filters ?? []).map((spec) => planFilter(spec)),
    kernel: tree === null ? undefined : { netns: tree.netns, place: { dev: 'eth0', hook: 'egress' } },
  });
}

function largeFile(random: Random): LargeFile {
  const little = !random.oneIn(4);
  const [isNg, isLong] = [random.oneIn(2), random.oneIn(4)];
  const pieces: Uint8Array[] = isNg
    ? section(little)
    : [words(little, [0xa1b2c3d4, little ? 0x40002 : 0x20004, 0, 0, 0x40000, 1])];
  const records: number[] = [];
  let size = pieces.reduce((sum, { length }) => sum + length, 0);
  const frames = Array.from({ length: 500 }, () => commonFrame(random));
  for (let i = 0; size < LEAST; i++) {
    const frame = anyFrame(random, frames, isLong);
    const record = isNg ? block(little, i, frame) : pcapRecord(little, i, frame);
    const more = isNg && random.oneIn(4000) ? section(little, random.oneIn(2)) : [];
    records.push(size + more.reduce((sum, { length }) => sum + length, 0));
    pieces.push(...more, record);
    size += [...more, record].reduce((sum, { length }) => sum + length, 0);
  }
  return { bytes: new Uint8Array(Buffer.concat(pieces)), records, little };
}

/** Now and then one that is the plain engine's, or longer than any buffer. */
function anyFrame(random: Random, frames: readonly Uint8Array[], isLong: boolean): Uint8Array {
  if (isLong && random.oneIn(1500))
    return new Uint8Array(random.pick([0x3ffff, 0x40000, 0x50000, 0xfffff, 0x180000])).fill(0x88);
  if (random.oneIn(300)) return random.bytes(14 + random.below(60));
  const bytes = new Uint8Array(random.pick([0, 100, 300, 1400]) + 60);
  bytes.set(random.pick(frames).subarray(0, bytes.length));
  return bytes;
}

function words(little: boolean, values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  for (const [i, value] of values.entries()) view.setUint32(4 * i, value, little);
  return new Uint8Array(view.buffer);
}

function pcapRecord(little: boolean, i: number, frame: Uint8Array): Uint8Array {
  return Buffer.concat([words(little, [1_700_000_000 + i, i % 1000, frame.length, frame.length]), frame]);
}

function block(little: boolean, i: number, frame: Uint8Array): Uint8Array {
  const size = 32 + Math.ceil(frame.length / 4) * 4;
  const head = words(little, [ENHANCED_PACKET, size, i % 97 === 0 ? 1 : 0, 0x60000, i, frame.length, frame.length]);
  return Buffer.concat([head, frame, new Uint8Array(size - 32 - frame.length), words(little, [size])]);
}

/** A section header and two interfaces: Ethernet and raw IP, or the other way round. */
function section(little: boolean, isTurned = false): Uint8Array[] {
  const interfaceOf = (linkType: number): Uint8Array =>
    words(little, [1, 20, little ? linkType : linkType << 16, 0, 20]);
  const version = little ? 1 : 0x10000;
  return [
    words(little, [0x0a0d0d0a, 28, 0x1a2b3c4d, version, 0xffffffff, 0xffffffff, 28]),
    interfaceOf(isTurned ? 101 : 1),
    interfaceOf(isTurned ? 1 : 101),
  ];
}

/** One in eight as it is. */
function damaged(random: Random, { bytes, records, little }: LargeFile): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  const at = random.below(copy.length - 2000);
  switch (random.below(8)) {
    case 0:
      return copy;
    case 1:
      return copy.subarray(0, at);
    case 2:
      copy.fill(random.pick([0, 0xff]), at, at + random.below(2000));
      return copy;
    case 3:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + 1 + random.below(200))]);
    case 4:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(random.below(copy.length))]);
    default:
      for (let turns = random.below(3); turns >= 0; turns--) {
        const field = random.pick(records) + 4 * (random.below(9) - 1);
        if (field + 4 > copy.length) continue;
        if (random.oneIn(3)) copy[field] = (copy[field] ?? 0) ^ (1 << random.below(8));
        else view.setUint32(field, random.pick(LENGTHS), little);
      }
      return copy;
  }
}
