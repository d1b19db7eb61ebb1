import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type CaptureReader, Frame, openCapture, PcapngWriter } from '../../../src/capture/index.ts';
import { Tracker } from '../../../src/conntrack/index.ts';
import { createEnv } from '../../../src/env.ts';
import { ERAS } from '../../../src/era.ts';
import { describeFrame, NO_METADATA } from '../../../src/packet/index.ts';
import { planFilter } from '../../../src/plan.ts';
import { Replay } from '../../../src/replay/index.ts';
import { Run } from '../../../src/run.ts';
import type { Counts, Found, Row, Scale, Trial } from '../row.ts';

const PACKETS: Counts = { ci: 10_000_000, night: 10 ** 9, release: 10 ** 10 };
/** Each answers, so that some of them are established and last for days. */
const CONNECTIONS = 64;
/** Packets of the window that goes by again and again: what the loop takes at once. */
const WINDOW = 8192;
/** Time goes on by a second each time that the window goes by, and is warped each so often. */
const WARPED = 16;
/** What the warps come to together: more than 32 bits of seconds. */
const SECONDS = 2 ** 32 + 2 ** 31;
/** What all frames are said to have had on the wire: more than a double counts one by one. */
const BYTES = 2 ** 53 + 2 ** 52;
const FILTER = 'hash keys nfct-src,nfct-dst,nfct-proto-src,nfct-proto-dst divisor 1024 perturb 10';
/** After a second of CPU time V8 is still making code: half a megabyte, at one packet in a thousand of a release's. */
const GROWTH: Counts = { ci: 0.1, night: 0.05, release: 0.05 };
/** Windows after which it is printed how far it has come. */
const PRINTED = 1 << 15;

export const R19: Row = {
  id: 'R19',
  test: 'soak: generated packets at full speed, time warped so that perturbation and time-outs go on',
  bar: '10^10 packets; heap at 10 % = heap at the end ± 5 %; no counter runs over (past 2^53 bytes, 2^32 seconds)',
  inCi: true,
  run: soak,
};

function soak({ scale, seed, say }: Trial): Found {
  const windows = Math.ceil(PACKETS[scale] / WINDOW);
  const packets = windows * WINDOW;
  const length = Math.ceil(BYTES / packets);
  const traffic = new Window(length, SECONDS / (windows / WARPED));
  const run = runOf(seed);
  const replay = new Replay(run, 'compiled');
  const reader = openCapture(replay.room);
  reader.push(traffic.head);
  const heaps: number[] = [];
  const [drawn] = run.filterRows();
  const began = process.cpuUsage();
  for (let i = 0; i < windows; i++) {
    take(replay, reader, traffic.next(i));
    if (i === Math.floor(windows / 10)) heaps.push(heapNow());
    if (i % PRINTED === PRINTED - 1) say(`${(i + 1) * WINDOW} packets`);
  }
  reader.finish();
  take(replay, reader, new Uint8Array(0));
  replay.settle();
  const { user, system } = process.cpuUsage(began);
  heaps.push(heapNow());
  const isDrawnAnew = run.filterRows()[0]?.hashrnd !== drawn?.hashrnd;
  return found({ scale, run, packets, length, heaps, micros: user + system, isDrawnAnew, seconds: traffic.seconds });
}

function take(replay: Replay, reader: CaptureReader, bytes: Uint8Array): void {
  reader.push(bytes);
  replay.take(reader);
}

function runOf(seed: number): Run {
  const clock = { now: 0 };
  return new Run({
    env: createEnv({ era: ERAS['6.1'], seed, clock }),
    clock,
    device: { hook: 'egress', vlan: 'offload' },
    metadata: NO_METADATA,
    sharing: true,
    tracker: new Tracker(),
    known: { rxhashKey: false, foldKey: false },
    filters: [planFilter(FILTER)],
  });
}

interface Soaked {
  readonly scale: Scale;
  readonly run: Run;
  readonly packets: number;
  readonly length: number;
  readonly heaps: readonly number[];
  /** Of CPU time. */
  readonly micros: number;
  readonly isDrawnAnew: boolean;
  readonly seconds: number;
}

function found({
  scale,
  run,
  packets,
  length,
  heaps: [early = 0, late = 0],
  micros,
  isDrawnAnew,
  seconds,
}: Soaked): Found {
  const { tally } = run;
  const bytes = BigInt(packets) * BigInt(length);
  const lost = Math.abs(Number(BigInt(tally.bytes) - bytes));
  const growth = late / early - 1;
  const checks: readonly (readonly [boolean, string])[] = [
    [run.number === packets && tally.packets === packets, `${tally.packets} of ${packets} packets counted`],
    // A sum of doubles beyond 2^53 loses less than a byte each time that something is added.
    [lost <= Number(bytes) * 1e-12, `${tally.bytes} of ${bytes} bytes counted`],
    [Math.abs(growth) <= GROWTH[scale], `heap ${early} at 10 %, ${late} at the end`],
    [tally.unclassified().length === 0, `${JSON.stringify(tally.unclassified())} without a class`],
    [isDrawnAnew, 'no seed was drawn anew'],
    [run.options.tracker?.size === CONNECTIONS, `${run.options.tracker?.size} connections at the end`],
  ];
  const failures = checks.flatMap(([holds, text]) => (holds ? [] : [text]));
  const figure = [
    `${packets} packets, ${(packets / micros).toFixed(1)} million in a second of CPU`,
    `${(Number(bytes) / 2 ** 53).toFixed(2)} · 2^53 bytes (${lost} lost to rounding)`,
    `${(seconds / 2 ** 32).toFixed(2)} · 2^32 seconds`,
    `heap ${(100 * growth).toFixed(1)} %`,
  ];
  return { figure: figure.join(', '), failures };
}

/** One piece of a capture, whose times are written anew each time that it goes by. */
class Window {
  readonly head: Uint8Array;
  /** Since the first packet. */
  seconds = 0;
  private readonly bytes: Uint8Array;
  private readonly words: Int32Array;
  private readonly stride: number;
  private readonly warp: number;

  constructor(length: number, warp: number) {
    const [head, bytes] = written(length);
    this.head = head;
    this.bytes = bytes;
    this.words = new Int32Array(bytes.buffer);
    this.stride = bytes.length / WINDOW / 4;
    this.warp = warp;
  }

  next(turn: number): Uint8Array {
    const { words, stride } = this;
    this.seconds += turn % WARPED === WARPED - 1 ? this.warp : 1;
    const nanoseconds = BigInt(Math.floor(this.seconds)) * 1_000_000_000n;
    const [high, low] = [Number(nanoseconds >> 32n) | 0, Number(nanoseconds & 0xffffffffn) | 0];
    for (let at = TIME; at < words.length; at += stride) {
      words[at] = high;
      words[at + 1] = low;
    }
    return this.bytes;
  }
}

/** Words of a block before its time. */
const TIME = 3;

/** The head of a file, and its packets. */
function written(length: number): [head: Uint8Array<ArrayBuffer>, packets: Uint8Array<ArrayBuffer>] {
  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter([{ linkType: 1, snapLength: 0, name: '' }], (chunk) => chunks.push(chunk.slice()));
  const frames = Array.from({ length: 2 * CONNECTIONS }, (_, i) => frameOf(i >> 1, i % 2 === 1));
  writer.finish();
  const head = Uint8Array.from(Buffer.concat(chunks.splice(0)));
  const frame = Object.assign(new Frame(), { linkType: 1, length });
  for (let i = 0; i < WINDOW; i++) {
    const data = frames[i % frames.length] ?? new Uint8Array(0);
    writer.write(Object.assign(frame, { data, end: data.length }));
  }
  writer.finish();
  return [head, Uint8Array.from(Buffer.concat(chunks))];
}

/** Half of the connections are TCP, half are UDP. */
function frameOf(connection: number, isAnswer: boolean): Uint8Array {
  const proto = connection % 2 === 0 ? 'tcp' : 'udp';
  const [near, far] = [`10.0.0.${connection}:1000`, '192.0.2.1:53'];
  const data = describeFrame(isAnswer ? `${proto} ${far} > ${near}` : `${proto} ${near} > ${far}`);
  if (proto === 'tcp') data.set(ACK, TRANSPORT + 12);
  else data[TRANSPORT + 5] = 8;
  // One length for all blocks.
  const whole = new Uint8Array(56);
  whole.set(data);
  return whole;
}

const TRANSPORT = 14 + 20;
/** Five words of header, and the flag. */
const ACK = [0x50, 0x10];

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Buffers are given back in the course of the next collection. */
function heapNow(): number {
  for (let i = 0; i < 3; i++) collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
