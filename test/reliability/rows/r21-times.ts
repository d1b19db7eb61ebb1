import { timeText } from '../../../src/api/index.ts';
import { Frame, openCapture, PcapWriter } from '../../../src/capture/index.ts';
import { Tracker } from '../../../src/conntrack/index.ts';
import { createEnv } from '../../../src/env.ts';
import { ERAS } from '../../../src/era.ts';
import { describeFrame, NO_METADATA } from '../../../src/packet/index.ts';
import { planFilter } from '../../../src/plan.ts';
import { type EngineName, Replay } from '../../../src/replay/index.ts';
import { Run } from '../../../src/run.ts';
import { ETHERNET, frameOf } from '../../frames.ts';
import { Random } from '../../fuzz/random.ts';
import type { Counts, Found, Row, Trial } from '../row.ts';

const FILES: Counts = { ci: 100, night: 2000, release: 10_000 };
const PACKETS = 12;
/** Seconds that are odd: zero, around 2038, around 2106. */
const SECONDS = [0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff] as const;
const FRACTIONS = [0, 1, 999_999, 1_000_000, 999_999_999, 1_000_000_000, 0xffffffff] as const;
/** if_tsresol: powers of ten and (from 0x80) of two. */
const RESOLUTIONS = [0, 3, 6, 9, 12, 0x80, 0x8a, 0x94] as const;
/** if_tsoffset: in front of 1970, and behind 2106. */
const OFFSETS = [0n, -1n, -(2n ** 31n), -(2n ** 40n), 2n ** 32n, 2n ** 40n] as const;
const FILTERS = [
  'hash keys src perturb 1 divisor 16',
  'hash keys nfct-src perturb 3 divisor 8',
  'map key src',
] as const;

export const R21: Row = {
  id: 'R21',
  test: 'capture times that go back, stand still, or lie before 1970, at 0, or after 2038 and 2106; every unit of time',
  bar: '10^4 files: no NaN, no endless loop, one result by both engines',
  inCi: true,
  run: tried,
};

function tried({ scale, seed, say }: Trial): Found {
  const random = new Random(seed);
  const failures: string[] = [];
  const count = FILES[scale];
  let packets = 0;
  for (let file = 0; file < count; file++) {
    const bytes = random.oneIn(2) ? pcap(random) : pcapng(random);
    const filter = random.pick(FILTERS);
    packets += PACKETS;
    const failure = troubleOf(bytes, filter);
    if (failure !== null) failures.push(`file ${file}, ${filter}: ${failure}\n${Buffer.from(bytes).toString('hex')}`);
    if ((file + 1) % 10_000 === 0) say(`${file + 1} files`);
  }
  return { figure: `${count} files, ${packets} packets, ${failures.length} with trouble`, failures };
}

/** What is wrong with a capture's results; null: nothing. */
function troubleOf(bytes: Uint8Array, filter: string): string | null {
  try {
    const plain = resultOf(bytes, filter, 'plain');
    const auto = resultOf(bytes, filter, 'auto');
    if (plain.text !== auto.text) return `the engines differ: ${plain.text}, ${auto.text}`;
    return plain.trouble;
  } catch (error) {
    return error instanceof Error ? String(error.stack) : String(error);
  }
}

interface Result {
  readonly text: string;
  readonly trouble: string | null;
}

function resultOf(bytes: Uint8Array, spec: string, engine: EngineName): Result {
  const clock = { now: 0 };
  const run = new Run({
    env: createEnv({ era: ERAS['6.1'], seed: 1, clock }),
    clock,
    device: { hook: 'egress', vlan: 'offload' },
    filters: [planFilter(spec)],
    known: { rxhashKey: true, foldKey: true },
    metadata: NO_METADATA,
    tracker: new Tracker(),
    sharing: false,
  });
  const replay = new Replay(run, engine);
  const reader = openCapture(replay.room);
  reader.push(bytes);
  reader.finish();
  replay.take(reader);
  replay.settle();
  const [at] = run.filters;
  const rows = [...run.tally.rows()].map(({ classid, packets, bytes }) => [classid, packets, bytes]);
  const text = JSON.stringify([run.number, rows, at?.filter.epoch, at?.filter.hashrnd]);
  return {
    text,
    trouble: run.number === PACKETS ? (wrongEpoch(at?.filter.epoch) ?? wrongTime(bytes)) : `${run.number} packets`,
  };
}

/** Above 2^53 periods, which is 285 million years of seconds, it is rounded. */
const wrongEpoch = (epoch = 0): string | null => (Number.isInteger(epoch) && epoch >= 0 ? null : `period ${epoch}`);

/** Every time is whole seconds and nanoseconds upwards from them, and is printed as such. */
function wrongTime(bytes: Uint8Array): string | null {
  const reader = openCapture();
  const frame = new Frame();
  reader.push(bytes);
  reader.finish();
  while (reader.next(frame)) {
    const { seconds, nanoseconds } = frame;
    const isWhole = Number.isInteger(seconds) && Number.isInteger(nanoseconds);
    const text = timeText(seconds, nanoseconds);
    if (!isWhole || nanoseconds < 0 || nanoseconds >= 1e9 || !/^-?\d+\.\d{9}$/.test(text)) return `time ${text}`;
  }
  return null;
}

const PACKET = describeFrame('udp 192.0.2.1:53 > 198.51.100.1:53');

/** A time of each kind: odd ones, those around them, any. */
const word = (random: Random, odd: readonly number[]): number => (random.oneIn(3) ? random.word() : random.pick(odd));

/** Microseconds or nanoseconds, whose fraction may be longer than a second. */
function pcap(random: Random): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapWriter({ linkType: ETHERNET, unit: random.oneIn(2) ? 'us' : 'ns' }, (chunk) =>
    chunks.push(chunk),
  );
  for (let i = 0; i < PACKETS; i++) writer.write(frameOf(PACKET));
  writer.finish();
  const bytes = Buffer.concat(chunks);
  for (let at = 24; at < bytes.length; at += 16 + PACKET.length) {
    bytes.writeUInt32LE(word(random, SECONDS), at);
    bytes.writeUInt32LE(word(random, FRACTIONS), at + 4);
  }
  return bytes;
}

function pcapng(random: Random): Uint8Array {
  const section = block(0x0a0d0d0a, Buffer.from('4d3c2b1a01000000ffffffffffffffff', 'hex'));
  const offset = Buffer.alloc(8);
  offset.writeBigInt64LE(random.pick(OFFSETS));
  const options = [
    Buffer.from([ETHERNET, 0, 0, 0, 0, 0, 0, 0]),
    Buffer.from([9, 0, 1, 0, random.pick(RESOLUTIONS), 0, 0, 0, 14, 0, 8, 0]),
    Buffer.concat([offset, Buffer.alloc(4)]),
  ];
  const blocks = [section, block(1, Buffer.concat(options))];
  for (let i = 0; i < PACKETS; i++) {
    const head = Buffer.alloc(20);
    head.writeUInt32LE(word(random, SECONDS), 4);
    head.writeUInt32LE(word(random, SECONDS), 8);
    head.writeUInt32LE(PACKET.length, 12);
    head.writeUInt32LE(PACKET.length, 16);
    blocks.push(block(6, Buffer.concat([head, PACKET, Buffer.alloc(-PACKET.length & 3)])));
  }
  return Buffer.concat(blocks);
}

function block(type: number, body: Uint8Array): Buffer {
  const ends = Buffer.alloc(8);
  ends.writeUInt32LE(type, 0);
  ends.writeUInt32LE(12 + body.length, 4);
  return Buffer.concat([ends, body, ends.subarray(4)]);
}
