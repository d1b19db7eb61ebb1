import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeAtomically } from '../node/write.ts';
import type { Sink } from '../src/capture/index.ts';
import { type Mix, Traffic } from './traffic.ts';

/** Files that are made once: captures of hundreds of megabytes, the yardstick's program. */
export const CACHE = fileURLToPath(new URL('../../.cache/bench', import.meta.url));

/** A capture of our own making: everything follows from these values. */
export interface Workload extends Mix {
  readonly name: string;
  readonly format: 'pcap' | 'pcapng';
  readonly packets: number;
}

const SMALL = { format: 'pcap', flows: 200_000, sizes: 'small', popularity: 'skewed' } as const;

export const W00: Workload = { ...SMALL, name: 'W00', packets: 100_000 };
export const W0: Workload = { ...SMALL, name: 'W0', packets: 1_000_000 };
/** The main job: ten million packets without much payload to copy. */
export const W1: Workload = { ...SMALL, name: 'W1', packets: 10_000_000 };
/** Frames of 64, 576 and 1514 bytes, 7 : 4 : 1. */
export const W2: Workload = { ...SMALL, name: 'W2', packets: 5_700_000, sizes: 'imix' };
export const W3: Workload = { ...SMALL, name: 'W3', packets: 10_000_000, format: 'pcapng' };

export const pathOf = ({ name, format }: Workload): string => path.join(CACHE, `${name.toLowerCase()}.${format}`);

/** Writes the workload's file unless it is there. */
export async function provide(workload: Workload): Promise<void> {
  const file = pathOf(workload);
  if (existsSync(file)) return;
  console.error(`bench: writing ${path.basename(file)}, once`);
  mkdirSync(CACHE, { recursive: true });
  await writeAtomically(file, (sink) => writeCapture(workload, sink));
}

/** As many bytes as are written at once. */
const CHUNK = 1 << 20;
/** The longest record: a frame, its head, padding and trailer. */
const RECORD = 2048;

/** The capture's bytes, in chunks that are only good until the next one. */
export function writeCapture(workload: Workload, sink: Sink): void {
  const { head, record } = RECORDS[workload.format];
  const traffic = new Traffic(workload);
  const chunk = Buffer.alloc(CHUNK + RECORD);
  let end = 0;
  for (const word of head) end = chunk.writeUInt32LE(word, end);
  for (let i = 0; i < workload.packets; i++) {
    traffic.next();
    end = record(traffic, chunk, end);
    if (end < CHUNK) continue;
    sink(chunk.subarray(0, end));
    end = 0;
  }
  sink(chunk.subarray(0, end));
}

interface Records {
  /** What the file begins with, in little-endian words. */
  readonly head: readonly number[];
  /** Writes the frame's record at `at`; returns its end. */
  record(traffic: Traffic, chunk: Buffer, at: number): number;
}

const ETHERNET = 1;
const SNAP_LENGTH = 65535;

/** By the formats' specifications and not through our own writers, which are what is to be measured one day. */
const RECORDS: Readonly<Record<Workload['format'], Records>> = {
  pcap: {
    head: [0xa1b2c3d4, 0x00040002, 0, 0, SNAP_LENGTH, ETHERNET],
    record({ data, length, microseconds }, chunk, at) {
      chunk.writeUInt32LE(Math.floor(microseconds / 1e6), at);
      chunk.writeUInt32LE(microseconds % 1e6, at + 4);
      chunk.writeUInt32LE(length, at + 8);
      const body = chunk.writeUInt32LE(length, at + 12);
      data.copy(chunk, body, 0, length);
      return body + length;
    },
  },
  pcapng: {
    // A section header of unknown length, and one interface without options.
    head: [0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, 28, 1, 20, ETHERNET, SNAP_LENGTH, 20],
    record({ data, length, microseconds }, chunk, at) {
      const padding = -length & 3;
      const total = 32 + length + padding;
      chunk.writeUInt32LE(6, at);
      chunk.writeUInt32LE(total, at + 4);
      chunk.writeUInt32LE(0, at + 8);
      chunk.writeUInt32LE(Math.floor(microseconds / 2 ** 32), at + 12);
      chunk.writeUInt32LE(microseconds % 2 ** 32, at + 16);
      chunk.writeUInt32LE(length, at + 20);
      const body = chunk.writeUInt32LE(length, at + 24);
      data.copy(chunk, body, 0, length);
      chunk.fill(0, body + length, body + length + padding);
      return chunk.writeUInt32LE(total, body + length + padding);
    },
  },
};
