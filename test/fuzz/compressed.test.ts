import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { Xxh64 } from '../../src/hash/index.ts';
import { damagedBytes, unpackTwice } from './compressed.ts';
import { OWN_CAPTURES, projectFile } from './corpus.ts';
import { Random } from './random.ts';

const [CAPTURE = ''] = OWN_CAPTURES;
const CONTENT = Buffer.from(projectFile(CAPTURE).subarray(0, 200_000));

const TURNS = 60;

/** A zstd frame of raw blocks with a checksum (RFC 8878, section 3.1.1). */
function frame(random: Random, data: Uint8Array): Buffer {
  const hash = new Xxh64();
  hash.update(data);
  const parts = [Buffer.from('28b52ffd0458', 'hex')];
  for (let at = 0; at < data.length || at === 0; ) {
    const block = data.subarray(at, at + 1 + random.below(random.oneIn(2) ? 100 : 100_000));
    const header = Buffer.alloc(3);
    at += block.length || 1;
    header.writeUIntLE((block.length << 3) | (at >= data.length ? 1 : 0), 0, 3);
    parts.push(header, Buffer.from(block));
  }
  const checksum = Buffer.alloc(4);
  checksum.writeInt32LE(hash.digest()[1]);
  return Buffer.concat([...parts, checksum]);
}

/** The captured bytes in pieces of any size, each packed. */
function packed(random: Random, pack: (piece: Uint8Array) => Buffer): Part[] {
  const found: Part[] = [];
  for (let at = 0; at < CONTENT.length; ) {
    const content = CONTENT.subarray(at, at + random.below(random.oneIn(4) ? 200 : 90_000));
    found.push({ content, bytes: pack(content) });
    at += content.length;
  }
  return found;
}

interface Part {
  readonly content: Uint8Array;
  readonly bytes: Buffer;
}

const SOUND = '["",null,[]]';

test.each([
  ['gzip members', (random: Random, piece: Uint8Array) => gzipSync(piece, { level: random.below(10) })],
  ['zstd frames', frame],
])('%s give the same from a file and from a pipe, and all that comes before the damaged one', async (_, pack) => {
  const random = new Random(1);
  for (let turn = 0; turn < TURNS; turn++) {
    const parts = packed(random, (piece) => pack(random, piece));
    const whole = Buffer.concat(parts.map(({ bytes }) => bytes));
    const damaged = Buffer.from(damagedBytes(random, whole));
    const { bytes, end } = await unpackTwice(random, damaged);
    const least = Buffer.concat(soundParts(parts, damaged).map(({ content }) => content));
    expect(bytes.subarray(0, least.length).equals(least), `turn ${turn}: ${end}`).toBe(true);
    if (damaged.equals(whole)) expect({ size: bytes.length, end }).toEqual({ size: CONTENT.length, end: SOUND });
    else if (!bytes.equals(CONTENT)) expect(end, `turn ${turn}`).not.toBe(SOUND);
  }
});

/** The parts before the first that is damaged. */
function soundParts(parts: readonly Part[], damaged: Buffer): readonly Part[] {
  let at = 0;
  const first = parts.findIndex(({ bytes }) => {
    const isSound = damaged.subarray(at, at + bytes.length).equals(bytes);
    at += bytes.length;
    return !isSound;
  });
  return first < 0 ? parts : parts.slice(0, first);
}
