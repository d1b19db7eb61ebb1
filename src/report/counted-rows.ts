import { jhash2 } from '../hash/index.ts';
import { word } from '../u32.ts';

const FIRST_ROWS = 1024;
/** Counters of a row: bytes, then packets by how sure their result is. */
const COUNTERS = 4;
/** Slots for each row that there is room for. */
const SLOTS = 2;

/** What was counted of one row. */
export interface RowCounts {
  readonly bytes: number;
  /** Packets whose result is exact, assumed, unknowable. */
  readonly exact: number;
  readonly assumed: number;
  readonly unknowable: number;
}

/**
 * Packets and bytes by rows of 32-bit words: who, and in the last word where. It costs `width` * 4 + 40 bytes a row, times
 * 1 … 2 as it doubles; no object a row. Beyond `limit` rows it holds a sample of those who are there: the ones whose hash
 * begins with so many zeroes (P. Flajolet, "On adaptive sampling", 1990). All rows of one are held, or none: what is held
 * is exact.
 */
export class CountedRows {
  size = 0;
  /** How many each one that is held stands for: 1, or a power of two once there were too many rows. */
  each = 1;
  private readonly width: number;
  private readonly limit: number;
  private rows: Int32Array;
  private counts: Float64Array;
  /** Number of a row plus 1; 0: free. */
  private slots: Int32Array;

  constructor(width: number, limit: number, rows = FIRST_ROWS) {
    this.width = width;
    this.limit = limit;
    this.rows = new Int32Array(rows * width);
    this.counts = new Float64Array(rows * COUNTERS);
    this.slots = new Int32Array(rows * SLOTS);
  }

  /** Counts a packet. `sure`: 0 exact, 1 assumed, 2 unknowable. */
  add(row: Int32Array, bytes: number, sure: 0 | 1 | 2): void {
    if (!this.holds(row)) return;
    const at = COUNTERS * this.find(row);
    this.counts[at] = (this.counts[at] ?? 0) + bytes;
    this.counts[at + 1 + sure] = (this.counts[at + 1 + sure] ?? 0) + 1;
    if (this.size > this.limit) this.thin();
  }

  /** Calls `visit` with each row, in the order in which they came. The words must not be kept. */
  forEach(visit: (words: Int32Array, counts: RowCounts) => void): void {
    const { width, counts } = this;
    for (let row = 0; row < this.size; row++) {
      const at = row * COUNTERS;
      const [bytes = 0, exact = 0, assumed = 0, unknowable = 0] = counts.subarray(at, at + COUNTERS);
      visit(this.rows.subarray(row * width, (row + 1) * width), { bytes, exact, assumed, unknowable });
    }
  }

  /** By who it is, not where: the upper bits tell, as the lower ones say where a row stands. */
  private holds(row: Int32Array): boolean {
    return this.each === 1 || (jhash2(row, this.width - 1, 0) >>> 0) * this.each < 2 ** 32;
  }

  /** The row's number; a new one where it was not there. */
  private find(row: Int32Array): number {
    const mask = this.slots.length - 1;
    for (let slot = jhash2(row, this.width, 0) & mask; ; slot = (slot + 1) & mask) {
      const number = word(this.slots, slot) - 1;
      if (number >= 0 && this.same(number, row)) return number;
      if (number < 0) return this.append(row, slot);
    }
  }

  private same(number: number, row: Int32Array): boolean {
    const at = number * this.width;
    for (let i = 0; i < this.width; i++) if (word(this.rows, at + i) !== word(row, i)) return false;
    return true;
  }

  private append(row: Int32Array, slot: number): number {
    if ((this.size + 1) * this.width > this.rows.length) {
      this.rebuild(2 * (this.rows.length / this.width));
      return this.find(row);
    }
    this.rows.set(row.subarray(0, this.width), this.size * this.width);
    this.slots[slot] = ++this.size;
    return this.size - 1;
  }

  /** Half of those who are there go, and each of the others stands for twice as many. */
  private thin(): void {
    while (this.size > this.limit && this.each < 2 ** 32) {
      this.each *= 2;
      this.rebuild(this.rows.length / this.width);
    }
  }

  /** Moves the rows that it holds into tables with so much room. */
  private rebuild(room: number): void {
    const { rows, counts, size, width } = this;
    this.rows = new Int32Array(room * width);
    this.counts = new Float64Array(room * COUNTERS);
    this.slots = new Int32Array(room * SLOTS);
    this.size = 0;
    for (let number = 0; number < size; number++) {
      const row = rows.subarray(number * width, (number + 1) * width);
      if (!this.holds(row)) continue;
      this.counts.set(counts.subarray(number * COUNTERS, (number + 1) * COUNTERS), COUNTERS * this.find(row));
    }
  }
}
