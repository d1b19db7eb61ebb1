import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Frame, PcapWriter } from '../../../src/capture/index.ts';
import { CONNTRACK_MAX } from '../../../src/conntrack/index.ts';
import { describeFrame } from '../../../src/packet/index.ts';
import type { Counts, Found, Row, Trial } from '../row.ts';

const CLI = fileURLToPath(new URL('../../../node/cli/start.cjs', import.meta.url));
const ARGS = ['classify', '-', '--filter', 'hash keys nfct-src,nfct-dst divisor 1024', '--format', 'json'];

const GB = 1e9;
const BYTES: Counts = { ci: 0.15 * GB, night: 10 * GB, release: 100 * GB };
/** Of each so many blocks one is of a flood: SYNs, each from another sender. */
const FLOODED: Counts = { ci: 5, night: 64, release: 64 };
/** Senders of the flood, again and again: flows of four million are kept one by one, and are what takes memory. */
const SENDERS = 2_000_000;
const MAX_MIB = 300;

const FRAME = 1514;
const TALKS = 250;
/** Packets of a block: of frames that are full, and of the flood. */
const PACKETS = { talk: 680, flood: 14_000 } as const;

export const R20: Row = {
  id: 'R20',
  test: 'memory: `classify` of a stream that is generated and not stored, connections followed, flows and hosts counted',
  bar: '100 GB, with a flood of more senders than there is room for connections: RSS < 300 MiB',
  inCi: true,
  run: stream,
};

async function stream({ scale, say }: Trial): Promise<Found> {
  if (process.platform !== 'linux')
    return { figure: '', failures: [], skipped: 'only Linux says what a process takes' };
  const child = spawn(process.execPath, [CLI, ...ARGS], { stdio: ['pipe', 'pipe', 'pipe'] });
  const printed = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  const sent = await send(child, scale === 'ci' ? null : say, BYTES[scale], FLOODED[scale]);
  const [output, complaint, [status]] = await printed;
  if (status !== 0) return { figure: 'none', failures: [`exit ${status}: ${complaint.trim()}`] };
  return found(JSON.parse(output), sent);
}

interface Sent {
  readonly bytes: number;
  readonly packets: number;
  readonly senders: number;
  readonly peakMib: number;
}

/** Writes blocks until there are so many bytes; what the process takes is asked before its input ends. */
async function send(child: ChildProcess, say: Trial['say'] | null, most: number, flooded: number): Promise<Sent> {
  const { stdin } = child;
  if (stdin === null) throw new Error('no pipe');
  const talk = new Block(PACKETS.talk, talks());
  const flood = new Block(PACKETS.flood, [syn()]);
  let [bytes, packets, senders] = [0, 0, 0];
  const write = async (chunk: Uint8Array): Promise<void> => {
    bytes += chunk.length;
    await new Promise<void>((resolve, reject) => {
      stdin.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
  };
  await write(talk.head);
  for (let i = 1; bytes < most; i++) {
    const isFlood = i % flooded === 0;
    const block = isFlood ? flood : talk;
    // A hundred blocks a second.
    block.setSeconds(Math.floor(i / 100));
    if (isFlood) senders = block.setSenders(senders);
    packets += block.packets;
    await write(block.bytes);
    if (i % 10_000 === 0) say?.(`${(bytes / GB).toFixed(1)} GB, at most ${peakMib(child).toFixed(0)} MiB`);
  }
  const peak = await settled(child);
  stdin.end();
  return { bytes, packets, senders, peakMib: peak };
}

/** What it takes once it waits for more: it has read what was written. */
async function settled(child: ChildProcess): Promise<number> {
  for (let peak = peakMib(child); ; ) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const now = peakMib(child);
    if (now === peak) return now;
    peak = now;
  }
}

/** VmHWM: the most that was resident so far. */
function peakMib({ pid }: ChildProcess): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

interface Printed {
  readonly packets: number;
  readonly complete: boolean;
  readonly estimated?: true;
  readonly results: { readonly exact: number };
  readonly fullTable?: { readonly max: number; readonly evicted: number; readonly dropped: number };
}

function found(printed: Printed, { bytes, packets, senders, peakMib: peak }: Sent): Found {
  const { fullTable = { max: 0, evicted: 0, dropped: 0 } } = printed;
  const { max, evicted, dropped } = fullTable;
  const checks: readonly (readonly [boolean, string])[] = [
    [printed.complete && printed.packets === packets, `${printed.packets} of ${packets} packets`],
    [peak < MAX_MIB, `${peak.toFixed(0)} MiB`],
    [max === CONNTRACK_MAX && evicted > 0, `${evicted} connections gave way at ${max}`],
    [printed.results.exact === 0, `${printed.results.exact} results are called exact`],
    [printed.estimated === undefined, 'flows are estimated'],
  ];
  const figure = [
    `${(bytes / GB).toFixed(1)} GB, ${packets} packets`,
    `flood of ${senders} senders, ${evicted} connections gave way, ${dropped} packets dropped`,
    `${peak.toFixed(0)} MiB`,
  ];
  return { figure: figure.join('; '), failures: checks.flatMap(([holds, words]) => (holds ? [] : [words])) };
}

/** Packets of a pcap file, written once; times and senders are changed in place. */
class Block {
  readonly head: Uint8Array;
  readonly bytes: Uint8Array;
  readonly packets: number;
  private readonly view: DataView;
  private readonly stride: number;

  constructor(packets: number, frames: readonly Uint8Array[]) {
    const chunks: Uint8Array[] = [];
    const writer = new PcapWriter({ linkType: 1 }, (chunk) => chunks.push(chunk.slice()));
    const frame = Object.assign(new Frame(), { linkType: 1 });
    for (let i = 0; i < packets; i++) {
      const data = frames[i % frames.length] ?? new Uint8Array(0);
      writer.write(Object.assign(frame, { data, end: data.length, length: data.length }));
    }
    writer.finish();
    const all = Uint8Array.from(Buffer.concat(chunks));
    this.head = all.subarray(0, FILE_HEADER);
    this.bytes = all.subarray(FILE_HEADER);
    this.packets = packets;
    this.view = new DataView(all.buffer, FILE_HEADER);
    this.stride = this.bytes.length / packets;
  }

  setSeconds(seconds: number): void {
    for (let at = 0; at < this.bytes.length; at += this.stride) this.view.setUint32(at, START + seconds, true);
  }

  /** Numbers the senders from `first` on; returns the next. */
  setSenders(first: number): number {
    let sender = first;
    for (let at = RECORD_HEADER + SOURCE; at < this.bytes.length; at += this.stride) {
      this.view.setUint32(at, FLOOD + (sender++ % SENDERS));
    }
    return sender;
  }
}

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const START = 1_700_000_000;
const SOURCE = 14 + 12;
/** 16.0.0.0 */
const FLOOD = 0x10000000;
const TCP_LENGTH = 14 + 20 + 12;
/** Five words of header, and the flags. */
const [SYN, ACK] = [
  [0x50, 0x02],
  [0x50, 0x10],
];

/** A SYN of 54 bytes. */
function syn(): Uint8Array {
  const data = describeFrame('tcp 16.0.0.1:1000 > 192.0.2.1:80');
  data.set(SYN ?? [], TCP_LENGTH);
  return data;
}

/** Full frames of connections that go both ways. */
function talks(): Uint8Array[] {
  return Array.from({ length: 2 * TALKS }, (_, i) => {
    const [near, far] = [`10.0.0.${i >> 1}:1000`, '192.0.2.1:80'];
    const data = new Uint8Array(FRAME);
    data.set(describeFrame(i % 2 === 0 ? `tcp ${near} > ${far}` : `tcp ${far} > ${near}`));
    data.set(ACK ?? [], TCP_LENGTH);
    return data;
  });
}
