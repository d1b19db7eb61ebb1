/** The narrowest bins: powers of two of a second, so that all their borders are exact. */
const NARROWEST = 2 ** -10;
const SECOND = 1_000_000_000;
/** Seconds beyond which times are kept at the end: 140 000 years, that is 2⁵² of the narrowest bins. */
const MOST_SECONDS = 2 ** 42;

/** Packets and bytes of somebody, by bin. */
export interface Course {
  readonly packets: readonly number[];
  readonly bytes: readonly number[];
}

interface Rings {
  packets: Float64Array;
  bytes: Float64Array;
}

/**
 * Packets and bytes over time, by key, in a fixed number of bins. Where time runs out of them each pair becomes one, of
 * twice the width. Bins begin at whole multiples of their width since 1970, so that the result is the same in whatever
 * order packets come: it depends on the first and the last time alone.
 */
export class OverTime<K> {
  readonly bins: number;
  /** Seconds of a bin. */
  width = NARROWEST;
  /** The first bin and the last that hold something, as multiples of the width; none does: Infinity and -Infinity. */
  private first = Number.POSITIVE_INFINITY;
  private last = Number.NEGATIVE_INFINITY;
  /** Bin n stands at n modulo `bins`: they never move. */
  private readonly rings = new Map<K, Rings>();

  /** `bins`: two or more, as the bins on both sides of 1970 never become one. */
  constructor(bins: number) {
    this.bins = bins;
  }

  /** How many keys there are. */
  get size(): number {
    return this.rings.size;
  }

  has(key: K): boolean {
    return this.rings.has(key);
  }

  /** Counts a packet. Nanoseconds count upwards, also before 1970. */
  add(key: K, seconds: number, nanoseconds: number, bytes: number): void {
    const at = this.slot(Math.max(-MOST_SECONDS, Math.min(seconds, MOST_SECONDS)), nanoseconds);
    const ring = this.ringOf(key);
    ring.packets[at] = (ring.packets[at] ?? 0) + 1;
    ring.bytes[at] = (ring.bytes[at] ?? 0) + bytes;
  }

  /** Where the first bin begins, in seconds since 1970; null: nothing was counted. */
  get began(): number | null {
    return this.length === 0 ? null : this.first * this.width;
  }

  /** Bins from the first that holds something to the last. */
  get length(): number {
    return this.last < this.first ? 0 : this.last - this.first + 1;
  }

  /** Each key's bins, from the first to the last of all. */
  *rows(): Generator<readonly [K, Course]> {
    for (const [key, { packets, bytes }] of this.rings) {
      yield [key, { packets: this.unrolled(packets), bytes: this.unrolled(bytes) }];
    }
  }

  /** The index of a time's bin in the rings; makes room for it. */
  private slot(seconds: number, nanoseconds: number): number {
    let bin = binOf(seconds, nanoseconds, this.width);
    while (Math.max(this.last, bin) - Math.min(this.first, bin) >= this.bins) {
      this.widen();
      bin = Math.floor(bin / 2);
    }
    this.first = Math.min(this.first, bin);
    this.last = Math.max(this.last, bin);
    return this.placeOf(bin);
  }

  private placeOf(bin: number): number {
    return ((bin % this.bins) + this.bins) % this.bins;
  }

  private ringOf(key: K): Rings {
    const found = this.rings.get(key);
    if (found !== undefined) return found;
    const ring = { packets: new Float64Array(this.bins), bytes: new Float64Array(this.bins) };
    this.rings.set(key, ring);
    return ring;
  }

  private widen(): void {
    for (const ring of this.rings.values()) {
      ring.packets = this.halved(ring.packets);
      ring.bytes = this.halved(ring.bytes);
    }
    this.width *= 2;
    this.first = Math.floor(this.first / 2);
    this.last = Math.floor(this.last / 2);
  }

  private halved(from: Float64Array): Float64Array {
    const to = new Float64Array(this.bins);
    for (let bin = this.first; bin <= this.last; bin++) {
      const at = this.placeOf(Math.floor(bin / 2));
      to[at] = (to[at] ?? 0) + (from[this.placeOf(bin)] ?? 0);
    }
    return to;
  }

  private unrolled(ring: Float64Array): number[] {
    return Array.from({ length: this.length }, (_, i) => ring[this.placeOf(this.first + i)] ?? 0);
  }
}

/** Exact: neither part comes near 2⁵³. */
function binOf(seconds: number, nanoseconds: number, width: number): number {
  if (width >= 1) return Math.floor(seconds / width);
  return seconds / width + Math.floor(nanoseconds / width / SECOND);
}
