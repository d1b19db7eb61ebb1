import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { Xxh64 } from '../../src/hash/index.ts';
import type { CommandJob } from './one-process.ts';
import { partsOf, repeated } from './repeat.ts';
import type { Source } from './sources.ts';

/** How a capture comes in. */
export type Way = 'file' | 'pipe' | 'gz' | 'zst';

type Pack = (bytes: Uint8Array) => Uint8Array;

const zstd = zstdMaker();

/** Compression is the same in all members and frames, one after the other. */
export const PACK: Readonly<Record<Exclude<Way, 'pipe'>, Pack>> = {
  file: (bytes) => bytes,
  gz: (bytes) => zlib.gzipSync(bytes),
  zst: zstd.pack,
};

/** What makes the zstd files. */
export const zstdMadeBy = zstd.name;

interface ZstdMaker {
  readonly name: string;
  readonly pack: Pack;
}

/** node:zlib from Node 22.15 on, or the program, or frames of raw blocks. */
function zstdMaker(): ZstdMaker {
  const { zstdCompressSync } = zlib as { zstdCompressSync?: Pack };
  if (zstdCompressSync !== undefined) return { name: 'node:zlib', pack: zstdCompressSync };
  const program: Pack = (bytes) => execFileSync('zstd', ['-q'], { input: bytes, maxBuffer: 1 << 30 });
  try {
    program(new Uint8Array(1));
    return { name: 'zstd', pack: program };
  } catch {
    return { name: 'raw blocks', pack: rawFrame };
  }
}

const BLOCK = 100_000;

/** A frame of raw blocks with a checksum (RFC 8878, section 3.1.1). */
function rawFrame(bytes: Uint8Array): Uint8Array {
  const parts = [Buffer.from('28b52ffd0458', 'hex')];
  for (let at = 0; at < bytes.length || at === 0; at += BLOCK) {
    const block = bytes.subarray(at, at + BLOCK);
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | (at + BLOCK >= bytes.length ? 1 : 0), 0, 3);
    parts.push(header, Buffer.from(block));
  }
  const hash = new Xxh64();
  hash.update(bytes);
  const checksum = Buffer.alloc(4);
  checksum.writeInt32LE(hash.digest()[1]);
  return Buffer.concat([...parts, checksum]);
}

/** A run of the command line on a file. */
export interface Tried {
  readonly way: string;
  readonly path: string;
  readonly job: CommandJob;
}

const TREE = `tc qdisc add dev eth0 root handle 1: htb default 40
tc class add dev eth0 parent 1: classid 1:10 htb rate 1mbit
tc class add dev eth0 parent 1: classid 1:11 htb rate 1mbit
tc filter add dev eth0 parent 1: pref 1 handle 1 protocol all flow map key proto-dst and 0x3 baseclass 1:10
`;

/** What is asked of a capture: options of `classify`. One counts flows: the memory for them is most of a small run's work. */
function questions(folder: string): readonly (readonly string[])[] {
  const script = join(folder, 'tree.sh');
  writeFileSync(script, TREE);
  return [
    ['--filter', 'hash keys src,dst,proto,proto-src,proto-dst divisor 64', '--seed', '1'],
    ['--filter', 'map key dst and 0xff', '--filter', 'hash keys mark,src divisor 16', '--no-flows'],
    [
      '--filter',
      'hash keys nfct-src,nfct-dst,nfct-proto-src divisor 1024',
      '--nat',
      'masquerade 192.168.0.0/16 to 203.0.113.2',
      // Of a file it would be guessed, of a pipe it cannot be.
      ...['--captured', 'here', '--no-flows'],
    ],
    ['--script', script, '--no-flows'],
  ];
}

/** A record for each packet, of captures up to this size. */
const LISTED = 64 << 10;
const THREADS = [1, 4];
const MORE_THREADS = [2, 16];

/** Writes captures in each way, and what is to be run on them. */
export class Ways {
  private readonly folder: string;
  private readonly questions: readonly (readonly string[])[];

  constructor(folder: string) {
    this.folder = folder;
    this.questions = questions(folder);
  }

  /** `turn`: chooses the question, so that all are asked of some. The first of each question is what others are held against. */
  small(source: Source, turn: number): Tried[][] {
    const question = this.questions[turn % this.questions.length] ?? [];
    const isListed = source.bytes.length <= LISTED && !(source.isDamaged && turn % 2 === 1);
    const listed = isListed ? [[...question, '--packets']] : [];
    const files = this.waysOf(source).map(([way, bytes]) => [way, this.write(way, bytes)] as const);
    return [question, ...listed].map((words) =>
      files.flatMap(([way, path]) =>
        way === 'file' ? [file(path, words), pipe(path, words)] : [file(path, words, way)],
      ),
    );
  }

  /** The bytes themselves, and what is in them compressed: once only, as twice is refused. */
  private waysOf({ bytes, content, isDamaged }: Source): (readonly [Exclude<Way, 'pipe'>, Uint8Array])[] {
    const itself = ['file', bytes] as const;
    if (isDamaged && bytes !== content) return [itself];
    return [itself, ['gz', PACK.gz(content)], ['zst', PACK.zst(content)]];
  }

  /**
   * At least so many bytes of it; null: it has no packet. On one and four threads, and in one other way by turn; `isThorough`:
   * in all of them.
   */
  large({ content }: Source, turn: number, least: number, isThorough: boolean): Tried[] | null {
    const parts = partsOf(content);
    if (parts === null) return null;
    const question = this.questions[turn % this.questions.length] ?? [];
    const { piece, times } = repeated(parts, least);
    const threads = isThorough ? [...THREADS, ...MORE_THREADS] : THREADS;
    const written = (way: Exclude<Way, 'pipe'>): string => {
      const [head, body, tail] = [parts.head, piece, parts.tail].map((part) => packedLoosely(part, way));
      return this.write(`large.${way}`, ...[head, ...new Array(times).fill(body), tail].filter(isThere));
    };
    const path = written('file');
    const others = [
      () => ({ ...pipe(path, question), way: 'large, pipe' }),
      () => file(written('gz'), question, 'large, gz'),
      () => file(written('zst'), question, 'large, zst'),
    ];
    return [
      ...threads.map((count) => file(path, [...question, '--threads', `${count}`], `large, ${count} threads`)),
      ...others.filter((_, i) => isThorough || i === turn % others.length).map((make) => make()),
    ];
  }

  private write(name: string, ...pieces: readonly Uint8Array[]): string {
    const path = join(this.folder, `capture.${name}`);
    writeFileSync(path, Buffer.concat(pieces));
    return path;
  }
}

/** What is more than so many times as long as its compressed form is refused for a bomb: src/capture/unpack.ts, MAX_RATIO. */
const RATIO = 400;

function packedLoosely(bytes: Uint8Array, way: Exclude<Way, 'pipe'>): Uint8Array {
  if (bytes.length === 0) return bytes;
  const packed = PACK[way](bytes);
  if (packed.length * RATIO > bytes.length) return packed;
  return way === 'zst' ? rawFrame(bytes) : zlib.gzipSync(bytes, { level: 0 });
}

const isThere = (bytes: Uint8Array | undefined): bytes is Uint8Array => bytes !== undefined;

function file(path: string, words: readonly string[], way = 'file'): Tried {
  return { way, path, job: { args: ['classify', path, '--format', 'json', ...words], stdin: null } };
}

function pipe(path: string, words: readonly string[]): Tried {
  return { way: 'pipe', path, job: { args: ['classify', '-', '--format', 'json', ...words], stdin: path } };
}
