/** Packets of one chunk. */
const CHUNK = 1 << 16;
/** How far a result can be trusted, by the lowest two bits of a packet's flags. */
const EXACTNESS = ['exact', 'assumed', 'unknowable'] as const;
/** Flag of a packet that got a class. */
const HAS_CLASS = 4;
/** In the column of ends: there is nothing to be said of it. */
export const NO_END = -1;

const SECOND = 1_000_000_000n;
/** Seconds whose nanoseconds 64 bits hold: from 1677 to 2262. */
const MOST_SECONDS = 9_223_372_035;

/** A packet of the index. */
export interface IndexedPacket {
  /** Where its record begins in the decompressed capture: what seek() of its reader takes. */
  readonly offset: number;
  /** Since 1970; times before 1677 and after 2262 are kept as the first and the last between them. */
  readonly seconds: number;
  readonly nanoseconds: number;
  /** Bytes on the wire. */
  readonly length: number;
  /** null: it has no class. */
  readonly classid: number | null;
  /** Number of its end; null: there is nothing to be said but its class. */
  readonly end: number | null;
  readonly exactness: (typeof EXACTNESS)[number];
}

/** Packets in columns, which all lie in one buffer: that alone is to be transferred to another thread. */
export interface PacketColumns {
  readonly buffer: ArrayBuffer;
  /** Rows that are used. */
  packets: number;
  readonly offset: Float64Array;
  /** Nanoseconds since 1970. */
  readonly time: BigInt64Array;
  readonly length: Uint32Array;
  readonly classid: Uint32Array;
  /** NO_END where there is none. */
  readonly end: Int32Array;
  /** Bits 0 and 1: 0 exact, 1 assumed, 2 unknowable. Bit 2: `classid` holds. */
  readonly flags: Uint8Array;
}

function emptyColumns(): PacketColumns {
  const buffer = new ArrayBuffer(29 * CHUNK);
  return {
    buffer,
    packets: 0,
    offset: new Float64Array(buffer, 0, CHUNK),
    time: new BigInt64Array(buffer, 8 * CHUNK, CHUNK),
    length: new Uint32Array(buffer, 16 * CHUNK, CHUNK),
    classid: new Uint32Array(buffer, 20 * CHUNK, CHUNK),
    end: new Int32Array(buffer, 24 * CHUNK, CHUNK),
    flags: new Uint8Array(buffer, 28 * CHUNK, CHUNK),
  };
}

/**
 * Where each packet stands and what became of it: 29 bytes a packet, in chunks of 65536 that are never copied. Another
 * thread makes the same of the chunks that were transferred to it.
 */
export class PacketIndex {
  readonly chunks: PacketColumns[];

  constructor(chunks: readonly PacketColumns[] = []) {
    this.chunks = [...chunks];
  }

  /** How many packets there are. */
  get packets(): number {
    const { length } = this.chunks;
    return length === 0 ? 0 : (length - 1) * CHUNK + (this.chunks[length - 1]?.packets ?? 0);
  }

  add({ offset, seconds, nanoseconds, length, classid, end, exactness }: IndexedPacket): void {
    const chunk = this.lastChunk();
    const at = chunk.packets++;
    chunk.offset[at] = offset;
    chunk.time[at] = nanosecondsOf(seconds, nanoseconds);
    chunk.length[at] = length;
    chunk.classid[at] = classid ?? 0;
    chunk.end[at] = end ?? NO_END;
    chunk.flags[at] = EXACTNESS.indexOf(exactness) | (classid === null ? 0 : HAS_CLASS);
  }

  /** A packet by its number, from 1 on; null: it is not in the index. */
  row(number: number): IndexedPacket | null {
    const at = (number - 1) % CHUNK;
    const chunk = this.chunks[(number - 1 - at) / CHUNK];
    if (chunk === undefined || !Number.isInteger(at) || at < 0 || at >= chunk.packets) return null;
    const flags = chunk.flags[at] ?? 0;
    const time = chunk.time[at] ?? 0n;
    const nanoseconds = ((time % SECOND) + SECOND) % SECOND;
    const end = chunk.end[at] ?? NO_END;
    return {
      offset: chunk.offset[at] ?? 0,
      seconds: Number((time - nanoseconds) / SECOND),
      nanoseconds: Number(nanoseconds),
      length: chunk.length[at] ?? 0,
      classid: (flags & HAS_CLASS) === 0 ? null : (chunk.classid[at] ?? 0),
      end: end === NO_END ? null : end,
      exactness: EXACTNESS[flags & 3] ?? 'unknowable',
    };
  }

  private lastChunk(): PacketColumns {
    const last = this.chunks.at(-1);
    if (last !== undefined && last.packets < CHUNK) return last;
    const chunk = emptyColumns();
    this.chunks.push(chunk);
    return chunk;
  }
}

function nanosecondsOf(seconds: number, nanoseconds: number): bigint {
  const near = Math.max(-MOST_SECONDS, Math.min(seconds, MOST_SECONDS));
  return BigInt(near) * SECOND + BigInt(nanoseconds);
}
