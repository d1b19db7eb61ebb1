import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UNPACKERS } from '../../node/files.ts';
import { compressionOf, Frame, openCapture, UnpackNotes, unpacked } from '../../src/capture/index.ts';
import { FormatError } from '../../src/errors.ts';
import { brokenCapture, smallCaptures } from '../fuzz/captures.ts';
import { damagedBytes } from '../fuzz/compressed.ts';
import { OWN_CAPTURES, ownFrames, projectPath } from '../fuzz/corpus.ts';
import { Random } from '../fuzz/random.ts';
import { PACK } from './ways.ts';

/** A file that is read in several ways. */
export interface Source {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What is in it, up to where it is damaged; the same bytes where it is not compressed. */
  readonly content: Uint8Array;
  /** Nobody's capture any more: it is not made longer. */
  readonly isDamaged: boolean;
}

const CAPTURE = /\.(?:pcap|pcapng|cap)(?:\.gz|\.zst)?$/;

/** All captures of CAPTURES, a folder, or the project's own. */
export async function captures(): Promise<Source[]> {
  const { CAPTURES } = process.env;
  const paths = CAPTURES === undefined ? OWN_CAPTURES.map(projectPath) : filesIn(CAPTURES);
  return Promise.all(paths.map((path) => sourceOf(path, new Uint8Array(readFileSync(path)))));
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => CAPTURE.test(name))
    .sort()
    .map((name) => join(folder, name));
}

async function sourceOf(name: string, bytes: Uint8Array, isDamaged = false): Promise<Source> {
  const content = compressionOf(bytes) === null ? bytes : await contentOf(bytes);
  return { name, bytes, content, isDamaged };
}

async function contentOf(file: Uint8Array): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of unpacked([file], UNPACKERS, new UnpackNotes())) pieces.push(piece.slice());
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
  }
  return new Uint8Array(Buffer.concat(pieces));
}

/** Larger captures are damaged rarely where it matters. */
const LARGEST = 100_000;
const FRAMES = 60;

/** So many damaged files: as they are, gzip and zstd in turn. */
export async function damaged(count: number, seed: number, sound: readonly Source[]): Promise<Source[]> {
  const own = smallCaptures(ownFrames(97).slice(0, FRAMES));
  const whole = [
    ...own,
    ...sound.map(({ content }) => content).filter(({ length }) => length > 24 && length < LARGEST),
  ];
  const made: Source[] = [];
  for (let i = 0; i < count; i++) made.push(await damagedOne(new Random(seed * 1_000_003 + i), i, whole));
  return made;
}

function damagedOne(random: Random, i: number, whole: readonly Uint8Array[]): Promise<Source> {
  const bytes = random.pick(whole);
  const way = (['file', 'gz', 'zst'] as const)[i % 3] ?? 'file';
  const broken = way === 'file' ? brokenCapture(random, bytes) : damagedBytes(random, PACK[way](bytes));
  return sourceOf(`damaged ${i} (${way})`, new Uint8Array(broken), true);
}

/** Packets that a reader takes from it before it ends or is broken. */
export function packetsIn({ content }: Source): number {
  const reader = openCapture();
  const frame = new Frame();
  let packets = 0;
  try {
    reader.push(content);
    reader.finish();
    while (reader.next(frame)) packets++;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
  }
  return packets;
}
