import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { brokenCapture, smallCaptures } from '../fuzz/captures.ts';
import { OWN_CAPTURES, ownFrames, projectFile } from '../fuzz/corpus.ts';
import type { Trial } from '../fuzz/generate.ts';
import { Random } from '../fuzz/random.ts';

/** Puts a file named after its trouble into `directory`; gives its path. */
type Put = (name: string, bytes: Uint8Array) => string;

const MIB = 1 << 20;
const BROKEN_COPIES = 40;

/** Files made to be slow or to fail: returns their paths. */
export function makeBroken(directory: string): string[] {
  const put: Put = (name, bytes) => {
    const file = path.join(directory, name);
    writeFileSync(file, bytes);
    return file;
  };
  return [...brokenCopies(put), ...crowded(put), ...deep(put), ...compressed(put)];
}

/** Our own captures with lengths and bits changed: what a bad disk or an attacker makes of them. */
function brokenCopies(put: Put): string[] {
  const random = new Random(11);
  const small = smallCaptures(
    ownFrames()
      .filter(({ linkType }) => linkType === 1)
      .slice(0, 500),
  );
  const originals = [...OWN_CAPTURES.map((own) => new Uint8Array(projectFile(own))), ...small];
  return Array.from({ length: BROKEN_COPIES }, (_, i) =>
    put(`broken-${i}`, brokenCapture(random, random.pick(originals))),
  );
}

/** As many records, blocks or interfaces as fit into a megabyte. */
function crowded(put: Put): string[] {
  return [
    put('empty-records.pcap', Buffer.concat([pcapHeader(1), Buffer.alloc(MIB)])),
    put('empty-blocks.pcapng', Buffer.concat([SECTION, repeated(block(0x0bad, []), MIB)])),
    put('sections.pcapng', repeated(SECTION, MIB)),
    put('interfaces.pcapng', Buffer.concat([SECTION, repeated(block(1, [1, 0, 0, 0, 0, 0, 0, 0]), 2 * MIB)])),
    put('long-name.pcapng', Buffer.concat([SECTION, longName()])),
  ];
}

/** Frames of 64 KiB that are headers all the way down, by name. */
export function deepFrames(): Record<string, Trial> {
  const macs = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
  const filled = (start: readonly number[], unit: readonly number[]): Buffer =>
    Buffer.concat([Buffer.from([...macs, ...start]), repeated(Buffer.from(unit), 64 << 10)]);
  const ethernet: Record<string, Buffer> = {
    tags: filled([0x81, 0], [0, 1, 0x81, 0]),
    mpls: filled([0x88, 0x47], [0, 0, 0, 64]),
    hsr: filled([0x89, 0x2f], [0, 0, 0, 0, 0x89, 0x2f]),
    extensions: filled(
      [0x86, 0xdd, 0x60, 0, 0, 0, 0xff, 0xff, 60, 64, ...new Array(32).fill(1)],
      [60, 0, 1, 4, 0, 0, 0, 0],
    ),
    ipip: filled([8, 0], [0x45, 0, 0xff, 0xff, 0, 0, 0, 0, 64, 4, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]),
    gre: filled(
      [8, 0],
      [...[0x45, 0, 0xff, 0xff, 0, 0, 0, 0, 64, 47, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2], ...[0, 0, 8, 0]],
    ),
    authenticated: filled(
      [0x86, 0xdd, 0x60, 0, 0, 0, 0xff, 0xff, 51, 64, ...new Array(32).fill(1)],
      [51, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ),
  };
  const others: Record<string, Trial> = {
    nflog: { linkType: 239, bytes: repeated(Buffer.from([4, 0, 99, 0]), 64 << 10) },
    pktap: { linkType: 258, bytes: repeated(Buffer.from([12, 0, 0, 0, 1, 0, 0, 0, 2, 1, 0, 0]), 64 << 10) },
  };
  const frames = Object.entries(ethernet).map(([name, bytes]) => [name, { linkType: 1, bytes }] as const);
  return { ...Object.fromEntries(frames), ...others };
}

/** Records of such a frame. */
function deep(put: Put): string[] {
  return Object.entries(deepFrames()).map(([name, { linkType, bytes }]) =>
    put(`deep-${name}.pcap`, Buffer.concat([pcapHeader(linkType), repeated(record(bytes), 2 * MIB)])),
  );
}

/** Compressed data that is cut, broken inside, or inflates out of all proportion. */
function compressed(put: Put): string[] {
  const own = gzipSync(projectFile(OWN_CAPTURES[0]));
  const turned = Buffer.from(own);
  turned[own.length >> 1] = (turned[own.length >> 1] ?? 0) ^ 0xff;
  return [
    put('cut.pcapng.gz', own.subarray(0, own.length >> 1)),
    put('turned.pcapng.gz', turned),
    put('zeros.pcap.gz', gzipSync(Buffer.concat([pcapHeader(1), Buffer.alloc(64 * MIB)]))),
    put('garbage.zst', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, ...new Random(5).bytes(5000)])),
    put('many-members.gz', repeated(gzipSync(pcapHeader(1)), MIB)),
  ];
}

function pcapHeader(linkType: number): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(linkType, 20);
  return header;
}

function record(frame: Uint8Array): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(frame.length, 8);
  header.writeUInt32LE(frame.length, 12);
  return Buffer.concat([header, frame]);
}

function block(type: number, body: readonly number[]): Buffer {
  const bytes = Buffer.alloc(12 + body.length);
  bytes.writeUInt32LE(type, 0);
  bytes.writeUInt32LE(bytes.length, 4);
  bytes.set(body, 8);
  bytes.writeUInt32LE(bytes.length, bytes.length - 4);
  return bytes;
}

const SECTION = block(0x0a0d0d0a, [0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, ...new Array<number>(8).fill(0xff)]);

/** An interface with some hundred names of 60 KiB: the last of them counts, each has to be passed. */
function longName(): Buffer {
  const option = Buffer.alloc(4 + 60_000, 'x');
  option.writeUInt16LE(2, 0);
  option.writeUInt16LE(60_000, 2);
  return block(1, [1, 0, 0, 0, 0, 0, 0, 0, ...repeated(option, MIB)]);
}

function repeated(unit: Uint8Array, size: number): Buffer {
  return Buffer.concat(new Array<Uint8Array>(Math.floor(size / unit.length)).fill(unit));
}
