import { bytes, checkWhole } from '../argument.ts';

/** Where a capture ends in the middle of something, and in what. */
export interface Cut {
  readonly offset: number;
  readonly message: string;
}

/** A chunk is at most so long. */
export const MOST_ROOM = 1 << 30;

/**
 * The bytes of a file that were pushed and not yet consumed: `data[at..end)`, moved to the front when room is short.
 * Grows to four times the largest record and a chunk; records are bounded by whoever reads them.
 */
export class Window {
  data: Uint8Array;
  view: DataView;
  at = 0;
  end = 0;
  finished = false;
  cut: Cut | null = null;
  /** Where data[0] stands in the file. */
  private base = 0;

  /** `data`: what to begin with; a record that does not fit has the window grow out of it. */
  constructor(data: Uint8Array = new Uint8Array(0)) {
    this.data = data;
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  get offset(): number {
    return this.base + this.at;
  }

  push(chunk: Uint8Array): void {
    bytes(chunk, 'chunk');
    this.reserve(chunk.length);
    this.data.set(chunk, this.end);
    this.end += chunk.length;
  }

  /** Where the next bytes may be put, at least `size`; who puts them there calls filled(). */
  room(size: number): Uint8Array {
    checkWhole(size, 0, MOST_ROOM, 'size');
    this.reserve(size);
    return this.data.subarray(this.end);
  }

  private reserve(size: number): void {
    const rest = this.end - this.at;
    // What is left of a chunk is mostly a part of one record: moved to the front, the same half a MiB stays in the cache.
    if (this.end + size > this.data.length || 4 * rest < size) this.makeRoom(size);
  }

  /** So many bytes were put where room() said. */
  filled(size: number): void {
    checkWhole(size, 0, this.data.length - this.end, 'size');
    this.end += size;
  }

  /** Moves what is left to the front, of a buffer twice as large if it fills this one: a byte moves a few times at most. */
  private makeRoom(more: number): void {
    const rest = this.data.subarray(this.at, this.end);
    const size = rest.length + more;
    if (2 * rest.length > this.data.length || size > this.data.length) {
      this.data = new Uint8Array(Math.max(1 << 16, 2 ** Math.ceil(Math.log2(2 * size))));
      this.view = new DataView(this.data.buffer);
    }
    this.data.set(rest);
    this.base += this.at;
    this.at = 0;
    this.end = rest.length;
  }

  /** Forgets what is there: the next bytes are those from `offset` of the file on. */
  seek(offset: number): void {
    this.at = this.end = 0;
    this.base = offset;
    this.finished = false;
    this.cut = null;
  }

  /** Whether `size` bytes are there; if not and no more will come, the `what` that began here is cut off. */
  has(size: number, what: string): boolean {
    const there = this.end - this.at;
    if (there >= size) return true;
    if (this.finished && there > 0) {
      this.cut = { offset: this.offset, message: `${what} cut off: ${there} of ${size} bytes` };
    }
    return false;
  }
}
