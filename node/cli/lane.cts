/**
 * A worker that runs the compiled loop over its part of a capture. It needs nothing of the library, and so is there
 * in 20 ms: the loop comes as a compiled module, and records that are the plain engine's go back by their places.
 * node/cli/split.ts starts it.
 */
const { closeSync, openSync, readSync } = require('node:fs') as typeof import('node:fs');
const { parentPort, workerData } = require('node:worker_threads') as typeof import('node:worker_threads');

import type { LaneData, LaneDone, PlainRecord } from './split.ts' with { 'resolution-mode': 'import' };

interface Loop {
  readonly exports: { run(at: number, limit: number): number };
}
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Instance: new (module: unknown, imports: object) => Loop;
};

const CHUNK = 256 << 10;
/** Records left to the plain engine; a capture of which so many are is none for lanes. */
const PLAIN_MAX = 1 << 16;

function work({ path, from, to, work: { module, pages, head, room, size, format, little } }: LaneData): LaneDone {
  const memory = new WebAssembly.Memory({ initial: pages });
  const { run } = new WebAssembly.Instance(module, { m: { m: memory } }).exports;
  const bytes = new Uint8Array(memory.buffer);
  const view = new DataView(memory.buffer);
  bytes.set(head);
  const descriptor = openSync(path, 'r');
  const plain: PlainRecord[] = [];
  let [offset, at, end] = [from, room, room];
  let packets = 0;
  try {
    for (;;) {
      at = run(at, end);
      packets += view.getUint32(0, true);
      const next = at + sizeAt(at);
      // Whole, and the plain engine's: a record of a usual kind and size. Others end the lane.
      if (next <= end && next > at && plain.length < PLAIN_MAX) {
        plain.push({ offset: offset + at - room, size: next - at });
        at = next;
        continue;
      }
      const rest = end - at;
      if (rest + CHUNK > size || next <= at) break;
      offset += at - room;
      bytes.copyWithin(room, at, end);
      [at, end] = [room, room + rest];
      const read = readSync(descriptor, bytes, end, Math.min(CHUNK, to - offset - rest), offset + rest);
      if (read === 0) break;
      end += read;
    }
  } finally {
    closeSync(descriptor);
  }
  return { end: offset + at - room, packets, plain, memory: memory.buffer.slice(0, room) };

  /** Bytes of the record at an address; 0: it is no packet's, or its size is not there yet. */
  function sizeAt(address: number): number {
    if (address + 16 > end) return Number.POSITIVE_INFINITY;
    if (format === 'pcap') return 16 + view.getUint32(address + 8, little);
    return view.getUint32(address, little) === 6 ? view.getUint32(address + 4, little) : 0;
  }
}

const done = work(workerData as LaneData);
parentPort?.postMessage(done, [done.memory]);
