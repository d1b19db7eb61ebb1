import { jhash2 } from '../hash/index.ts';
import { word } from '../u32.ts';

const FIRST_ROWS = 1024;

/**
 * A set of rows of 32-bit words, for counting what is distinct: open addressing in one Int32Array, no object a row.
 * It costs (width + 1) * 4 bytes * 2 … 4 a row, as it is kept at most half full and doubles. Beyond `limit` rows it
 * holds a sample: those whose hash begins with so many zeroes (P. Flajolet, "On adaptive sampling", 1990).
 */
export class WordSet {
  size = 0;
  /** How many rows each that is held stands for: 1, or a power of two once there were too many. */
  each = 1;
  private readonly limit: number;
  private readonly width: number;
  /** Rows of `width` words behind a word that says whether the row is taken. */
  private rows: Int32Array;
  private mask: number;

  /** `rows`: room at first, a power of two; where there are many sets, they had better be small. `limit`: rows at most. */
  constructor(width: number, rows = FIRST_ROWS, limit = Number.POSITIVE_INFINITY) {
    this.width = width;
    this.limit = limit;
    this.mask = rows - 1;
    this.rows = new Int32Array(rows * (width + 1));
  }

  /** Adds the first `width` words of `row`; false if they were there already, or are not in the sample. */
  add(row: Int32Array): boolean {
    const hash = jhash2(row, this.width, 0);
    if (!this.holds(hash)) return false;
    const at = this.find(this.rows, this.mask, row, hash);
    if (word(this.rows, at) !== 0) return false;
    this.rows[at] = 1;
    for (let i = 0; i < this.width; i++) this.rows[at + 1 + i] = word(row, i);
    this.size++;
    if (this.size > this.limit) this.thin();
    else if (2 * this.size > this.mask) this.grow(2 * this.mask + 1);
    return true;
  }

  /** The upper bits tell: the lower ones say where a row stands. */
  private holds(hash: number): boolean {
    return this.each === 1 || (hash >>> 0) * this.each < 2 ** 32;
  }

  /** Half of the rows go, and each of the others stands for twice as many. */
  private thin(): void {
    while (this.size > this.limit && this.each < 2 ** 32) {
      this.each *= 2;
      this.grow(this.mask);
    }
  }

  /** Whether the first `width` words of `row` were added. */
  has(row: Int32Array): boolean {
    return word(this.rows, this.find(this.rows, this.mask, row, jhash2(row, this.width, 0))) !== 0;
  }

  /** Calls `visit` with each row: where it begins in an array that must not be kept. A view a row would cost 100 bytes. */
  forEach(visit: (words: Int32Array, at: number) => void): void {
    const stride = this.width + 1;
    for (let at = 0; at < this.rows.length; at += stride) {
      if (word(this.rows, at) !== 0) visit(this.rows, at + 1);
    }
  }

  /** Where the row stands, or the free place where it would. */
  private find(rows: Int32Array, mask: number, row: Int32Array, hash: number): number {
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const at = slot * (this.width + 1);
      if (word(rows, at) === 0 || this.same(rows, at + 1, row)) return at;
    }
  }

  private same(rows: Int32Array, at: number, row: Int32Array): boolean {
    for (let i = 0; i < this.width; i++) if (word(rows, at + i) !== word(row, i)) return false;
    return true;
  }

  /** Moves the rows that it holds. One is copied out at a time: a view of each left 100 bytes of garbage behind. */
  private grow(mask: number): void {
    this.size = 0;
    const rows = new Int32Array((mask + 1) * (this.width + 1));
    const row = new Int32Array(this.width);
    this.forEach((words, from) => {
      for (let i = 0; i < this.width; i++) row[i] = word(words, from + i);
      const hash = jhash2(row, this.width, 0);
      if (!this.holds(hash)) return;
      const to = this.find(rows, mask, row, hash);
      rows[to] = 1;
      rows.set(row, to + 1);
      this.size++;
    });
    this.rows = rows;
    this.mask = mask;
  }
}
