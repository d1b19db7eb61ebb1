import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pcap } from '../../captures.ts';
import { projectPath } from '../../fuzz/corpus.ts';
import type { Found, Row } from '../row.ts';

const MIB = 1 << 20;
/** The bar: above what Node itself takes. */
const ROOM_MIB = 64;
const PATIENCE_MS = 60_000;
const START = projectPath('dist/node/cli/start.cjs');

/** Loaded before the command line: writes down the largest resident set, as proc(5) has it of this program alone. */
const PEAK = `data:text/javascript,${encodeURIComponent(`
  import { readFileSync, writeFileSync } from 'node:fs';
  process.on('exit', () => writeFileSync(process.env.PEAK, readFileSync('/proc/self/status')));
`)}`;

export const R22: Row = {
  id: 'R22',
  test: 'files that inflate a thousand times and more: gzip, zstd, nested, in many members or frames, with large windows',
  bar: 'stops at a declared limit (500 times, and 16 MiB), below 64 MiB above what Node itself takes, and what the windows of zstd frames take',
  inCi: true,
  run: tryBombs,
};

interface Bomb {
  readonly name: string;
  readonly bytes: () => Uint8Array;
  /** What is said of it; null: it is none, only slow where a reader is careless. */
  readonly says: RegExp | null;
  /** Its window, where that is more than every decompressor takes; or several that V8 has not yet collected. */
  readonly windowMib?: number;
}

const RATIO = /inflates more than 500 times/;
const NESTED = /data inside (?:gzip|zstd) data/;
const HEADER = pcap();
const RECORD = 0xffff;

/** Records of zeros behind a pcap header. */
function zeros(mib: number): Buffer {
  const record = Buffer.alloc(16 + RECORD);
  record.writeUInt32LE(RECORD, 8);
  record.writeUInt32LE(RECORD, 12);
  return Buffer.concat([HEADER, ...Array.from({ length: mib * 16 }, () => record)]);
}

const repeated = (unit: Uint8Array, times: number): Buffer => Buffer.concat(Array.from({ length: times }, () => unit));

/** A zstd frame (RFC 8878, 3.1.1): no checksum, a window of 2^(10+exponent), blocks as they are given. */
function frame(exponent: number, blocks: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from('28b52ffd00', 'hex'), Buffer.from([exponent << 3]), ...blocks]);
}

const BLOCK = 128 << 10;
const RAW = 0;
const RUN = 1;
function block(type: number, size: number, content: Uint8Array, isLast = false): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((size << 3) | (type << 1) | Number(isLast), 0, 3);
  return Buffer.concat([header, content]);
}
const raw = (content: Uint8Array, isLast = false): Buffer => block(RAW, content.length, content, isLast);
const ZERO = Uint8Array.of(0);
const run = (isLast = false): Buffer => block(RUN, BLOCK, ZERO, isLast);
/** A single segment that states 2^60 bytes. */
const STATED = Buffer.from('28b52ffde00000000000000010010000', 'hex');

const BOMBS: readonly Bomb[] = [
  { name: 'one gzip member', bytes: () => gzipSync(zeros(256)), says: RATIO },
  {
    name: 'four thousand gzip members',
    bytes: () => Buffer.concat([gzipSync(HEADER), repeated(gzipSync(zeros(1).subarray(HEADER.length)), 4000)]),
    says: RATIO,
  },
  { name: 'gzip in gzip', bytes: () => gzipSync(gzipSync(zeros(64))), says: NESTED },
  { name: 'zstd in gzip', bytes: () => gzipSync(frame(13, [raw(HEADER), run(true)])), says: NESTED },
  { name: 'gzip in zstd', bytes: () => frame(13, [raw(gzipSync(zeros(16)), true)]), says: NESTED },
  {
    name: 'zstd runs',
    bytes: () => frame(13, [raw(HEADER), repeated(run(), 100_000), run(true)]),
    says: RATIO,
  },
  {
    name: 'zstd frames',
    bytes: () => Buffer.concat([frame(13, [raw(HEADER, true)]), repeated(frame(13, [run(true)]), 50_000)]),
    says: RATIO,
    windowMib: 32,
  },
  {
    name: 'zstd runs of a window of 128 MiB',
    bytes: () => frame(17, [raw(HEADER), repeated(run(), 100_000), run(true)]),
    says: /zstd blocks too small/,
    windowMib: 128,
  },
  { name: 'a zstd window of 2 GiB', bytes: () => frame(21, [raw(HEADER, true)]), says: /zstd window of/ },
  { name: 'a zstd frame that states 2^60 bytes', bytes: () => STATED, says: /zstd window of/ },
  {
    name: 'zstd blocks of nothing',
    bytes: () => frame(17, [raw(HEADER), repeated(raw(new Uint8Array(0)), MIB), raw(new Uint8Array(0), true)]),
    says: /zstd blocks too small/,
    windowMib: 128,
  },
  {
    name: 'a gzip name of 64 MiB',
    bytes: () => Buffer.concat([Buffer.from('1f8b0808000000000003', 'hex'), Buffer.alloc(64 * MIB, 'a')]),
    says: /ends inside a member/,
  },
  {
    name: 'empty gzip members',
    bytes: () => Buffer.concat([gzipSync(pcap()), repeated(gzipSync(new Uint8Array(0)), 50_000)]),
    says: null,
  },
];

interface Ended {
  readonly status: number | null;
  readonly stderr: string;
  readonly mib: number;
}

function tryBombs(): Found {
  if (process.platform !== 'linux') return { figure: '', failures: [], skipped: 'memory is read from /proc: Linux' };
  const folder = mkdtempSync(join(tmpdir(), 'cls-flow-bombs-'));
  const node = ended(folder, ['-e', '0']).mib;
  const failures: string[] = [];
  let [most, which] = [0, ''];
  for (const { name, bytes, says, windowMib = 0 } of BOMBS) {
    const file = join(folder, 'bomb');
    writeFileSync(file, bytes());
    const found = ended(folder, [START, 'classify', file, '--filter', 'hash keys src divisor 16', '--format', 'csv']);
    const above = found.mib - node - windowMib;
    if (above > most) [most, which] = [above, name];
    const wrong = wrongEnd(found, above, says);
    if (wrong !== null) failures.push(`${name}: ${wrong}`);
  }
  rmSync(folder, { recursive: true });
  const figure = `${BOMBS.length} files, at most ${Math.round(most)} MiB above Node's ${Math.round(node)} and windows (${which}); ${failures.length} otherwise than they should`;
  return { figure, failures };
}

function ended(folder: string, args: readonly string[]): Ended {
  const peak = join(folder, 'peak');
  const { status, stderr } = spawnSync(process.execPath, ['--import', PEAK, ...args], {
    encoding: 'utf8',
    timeout: PATIENCE_MS,
    env: { PATH: process.env.PATH, PEAK: peak },
  });
  const [, kib = '0'] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(peak, 'utf8')) ?? [];
  return { status, stderr, mib: Number(kib) / 1024 };
}

function wrongEnd({ status, stderr }: Ended, above: number, says: RegExp | null): string | null {
  if (above > ROOM_MIB) return `${Math.round(above)} MiB above Node's own`;
  if (says === null) return status === 0 ? null : `ended with ${status}: ${stderr}`;
  return status === 1 && says.test(stderr) ? null : `ended with ${status}: ${stderr}`;
}
