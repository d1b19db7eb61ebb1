import { LINK_TYPES, NETWORK_HEADERS, TRANSPORT_HEADERS } from '../../src/packet/index.ts';
import { commonFrame } from './frames.ts';
import { relinked } from './links.ts';
import type { Random } from './random.ts';

/** A frame to be tried: its bytes, and how they are to be read. */
export interface Trial {
  readonly linkType: number;
  readonly bytes: Uint8Array;
}

/** Numbers that lengths and counts go wrong at. */
const EDGES = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 31, 32, 127, 128, 254, 255];
const LINKS = [...LINK_TYPES.map((row) => row.number), 147];
const MAX_RANDOM = 200;

/** One of: random bytes, a chain of plausible headers behind any link header, a common or a real frame; then mutated. */
export function trial(random: Random, corpus: readonly Trial[]): Trial {
  const kind = random.below(10);
  if (kind === 0) return { linkType: random.pick(LINKS), bytes: random.bytes(random.below(MAX_RANDOM)) };
  const start = made(random, kind) ?? random.pick(corpus);
  const linkType = random.oneIn(8) ? random.pick(LINKS) : start.linkType;
  return { linkType, bytes: random.oneIn(6) ? start.bytes : mutated(random, start.bytes) };
}

function made(random: Random, kind: number): Trial | null {
  if (kind <= 3) return { linkType: 1, bytes: headers(random) };
  if (kind === 4) return { linkType: 1, bytes: commonFrame(random) };
  return kind <= 6 ? relinked(random, random.oneIn(2) ? headers(random) : commonFrame(random)) : null;
}

/** A copy with some bits flipped, bytes at an edge, parts cut out, doubled or cut off. */
export function mutated(random: Random, original: Uint8Array): Uint8Array {
  let bytes: Uint8Array = original.slice();
  for (let turns = 1 + random.below(4); turns > 0; turns--) bytes = mutatedOnce(random, bytes);
  return bytes;
}

function mutatedOnce(random: Random, bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) return random.bytes(random.below(8));
  // Headers stand in front: half of all mutations go there.
  const at = random.below(random.oneIn(2) ? Math.min(bytes.length, 64) : bytes.length);
  const old = bytes[at] ?? 0;
  switch (random.below(6)) {
    case 0:
      bytes[at] = old ^ (1 << random.below(8));
      return bytes;
    case 1:
      bytes[at] = random.pick(EDGES);
      return bytes;
    case 2:
      bytes[at] = random.word() & 0xff;
      return bytes;
    case 3:
      return bytes.slice(0, at);
    case 4:
      return joined([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 1 + random.below(8)))]);
    default:
      return joined([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - random.below(48)))]);
  }
}

/** A header: its bytes, and where and how wide the field is that names the next one. */
interface Header {
  readonly bytes: readonly number[];
  readonly next: number;
}

const zeros = (count: number): number[] => new Array<number>(count).fill(0);

/** Headers named by an EtherType, and the positions of the field naming what follows: another EtherType or a protocol. */
const BY_TYPE: Readonly<Record<number, Header>> = {
  2048: { bytes: [0x45, 0, 0, 40, 0, 0, 0, 0, 64, 0, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2], next: 9 },
  34525: { bytes: [0x60, 0, 0, 0, 0, 0, 0, 64, 0x20, 1, ...zeros(13), 1, 0x20, 1, ...zeros(13), 2, 0], next: 6 },
  33024: { bytes: [0x20, 5, 0, 0], next: 2 },
  34984: { bytes: [0x00, 9, 0, 0], next: 2 },
  34916: { bytes: [0x11, 0, 0, 1, 0, 32, 0, 0x21], next: -1 },
  17157: { bytes: [0x40, 15, ...zeros(22)], next: 22 },
  35119: { bytes: zeros(6), next: 4 },
  35067: { bytes: zeros(6), next: 4 },
  35018: { bytes: [0x4e, 8, ...zeros(10), 1, 0, 0, 1], next: -1 },
  34887: { bytes: [0, 6, 0x41, 0x40], next: -1 },
  35078: { bytes: zeros(40), next: -1 },
  35063: { bytes: zeros(40), next: -1 },
};
const TYPES = NETWORK_HEADERS.map(({ type }) => type);

/** Headers named by a protocol number. GRE is made apart. */
const BY_PROTOCOL: Readonly<Record<number, Header>> = {
  0: { bytes: zeros(8), next: 0 },
  43: { bytes: zeros(8), next: 0 },
  44: { bytes: zeros(8), next: 0 },
  60: { bytes: zeros(8), next: 0 },
  4: { bytes: [], next: -1 },
  41: { bytes: [], next: -1 },
  137: { bytes: [], next: -1 },
  6: { bytes: [1, 2, 3, 4, ...zeros(16)], next: -1 },
  17: { bytes: [1, 2, 3, 4, 0, 8, 0, 0], next: -1 },
  50: { bytes: [1, 2, 3, 4], next: -1 },
  51: { bytes: [6, 4, 0, 0, 1, 2, 3, 4], next: -1 },
  132: { bytes: [1, 2, 3, 4, ...zeros(8)], next: -1 },
  1: { bytes: [8, 0, 0, 0, 0, 1, 0, 2], next: -1 },
};
const PROTOCOLS = TRANSPORT_HEADERS.map(({ number }) => number);
/** Of a header without a sample here. */
const UNKNOWN: Header = { bytes: [...zeros(2), 1, 2, 3, 4, ...zeros(34)], next: -1 };
const GRE_TYPES = [0x0800, 0x86dd, 0x6558, 0x880b, 0x8847, 0x8100];
const FLAG_BITS = [0x8000, 0x4000, 0x2000, 0x1000, 0x0080];
const MAX_HEADERS = 24;

/** An Ethernet frame of headers that mostly name each other rightly, up to more of them than any dissector passes. */
function headers(random: Random): Uint8Array {
  const parts: number[][] = [[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0, 0]];
  let type = name(parts[0] ?? [], 12, random.pick(TYPES), 2);
  let protocol = -1;
  for (let left = 1 + random.below(MAX_HEADERS); left > 0; left--) {
    if (protocol === 47) {
      type = gre(random, parts);
      protocol = -1;
      continue;
    }
    const row = (protocol >= 0 ? BY_PROTOCOL[protocol] : BY_TYPE[type]) ?? UNKNOWN;
    const bytes = [...row.bytes];
    parts.push(bytes);
    if (protocol === 4 || protocol === 41) {
      type = protocol === 4 ? 0x0800 : 0x86dd;
      protocol = -1;
    } else if (row.next < 0) {
      if (type !== 0x8864 || protocol >= 0) break;
      type = 0x0800;
    } else if (protocol >= 0 || type === 0x0800 || type === 0x86dd) {
      protocol = name(bytes, row.next, random.pick(PROTOCOLS), 1);
    } else {
      type = name(bytes, row.next, random.pick(TYPES), 2);
    }
  }
  return Uint8Array.from(parts.flat());
}

function gre(random: Random, parts: number[][]): number {
  const flags = FLAG_BITS.reduce((all, bit) => (random.oneIn(3) ? all | bit : all), random.oneIn(3) ? 1 : 0);
  const type = (flags & 1) === 1 && !random.oneIn(4) ? 0x880b : random.pick(GRE_TYPES);
  const optional = FLAG_BITS.filter((bit) => bit !== 0x4000 && (flags & bit) !== 0).length;
  const ppp = type === 0x880b ? [0xff, 0x03, 0x00, 0x21] : [];
  parts.push([flags >>> 8, flags & 0xff, type >>> 8, type & 0xff, ...zeros(4 * optional), ...ppp]);
  if (type !== 0x6558) return type === 0x880b ? 0x0800 : type;
  const inner = zeros(14);
  parts.push(inner);
  return name(inner, 12, random.pick(TYPES), 2);
}

/** Writes a number into a header and gives it back. */
function name(bytes: number[], at: number, value: number, width: 1 | 2): number {
  if (width === 2) bytes[at] = value >>> 8;
  bytes[at + width - 1] = value & 0xff;
  return value;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
