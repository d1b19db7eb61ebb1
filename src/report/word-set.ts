import { jhash2 } from '../hash/index.ts';
import { word } from '../u32.ts';

const FIRST_ROWS = 1024;

/**
 * A set of rows of 32-bit words, for counting what is distinct: open addressing in one Int32Array, no object a row.
 * It costs (width + 1) * 4 bytes * 2 … 4 a row, as it is kept at most half full and doubles.
 */
export class WordSet {
  size = 0;
  private readonly width: number;
  /** Rows of `width` words behind a word that says whether the row is taken. */
  private rows: Int32Array;
  private mask: number;

  /** `rows`: room at first, a power of two; where there are many sets, they had better be small. */
  constructor(width: number, rows = FIRST_ROWS) {
    this.width = width;
    this.mask = rows - 1;
    this.rows = new Int32Array(rows * (width + 1));
  }

  /** Adds the first `width` words of `row`; false if they were there already. */
  add(row: Int32Array): boolean {
    const at = this.find(this.rows, this.mask, row);
    if (word(this.rows, at) !== 0) return false;
    this.rows[at] = 1;
    for (let i = 0; i < this.width; i++) this.rows[at + 1 + i] = word(row, i);
    this.size++;
    if (2 * this.size > this.mask) this.grow(2 * this.mask + 1);
    return true;
  }

  /** Makes room for this many more rows at once: growing by doubling moves every row twice. */
  reserve(rows: number): void {
    let mask = this.mask;
    while (2 * (this.size + rows) > mask) mask = 2 * mask + 1;
    if (mask !== this.mask) this.grow(mask);
  }

  /** Whether the first `width` words of `row` were added. */
  has(row: Int32Array): boolean {
    return word(this.rows, this.find(this.rows, this.mask, row)) !== 0;
  }

  /** Calls `visit` with each row: where it begins in an array that must not be kept. A view a row would cost 100 bytes. */
  forEach(visit: (words: Int32Array, at: number) => void): void {
    const stride = this.width + 1;
    for (let at = 0; at < this.rows.length; at += stride) {
      if (word(this.rows, at) !== 0) visit(this.rows, at + 1);
    }
  }

  /** Where the row stands, or the free place where it would. */
  private find(rows: Int32Array, mask: number, row: Int32Array): number {
    for (let slot = jhash2(row, this.width, 0) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * (this.width + 1);
      if (word(rows, at) === 0 || this.same(rows, at + 1, row)) return at;
    }
  }

  private same(rows: Int32Array, at: number, row: Int32Array): boolean {
    for (let i = 0; i < this.width; i++) if (word(rows, at + i) !== word(row, i)) return false;
    return true;
  }

  /** One row is copied out at a time: a view of each left 100 bytes of garbage behind. */
  private grow(mask: number): void {
    const rows = new Int32Array((mask + 1) * (this.width + 1));
    const row = new Int32Array(this.width);
    this.forEach((words, from) => {
      for (let i = 0; i < this.width; i++) row[i] = word(words, from + i);
      const to = this.find(rows, mask, row);
      rows[to] = 1;
      rows.set(row, to + 1);
    });
    this.rows = rows;
    this.mask = mask;
  }
}
