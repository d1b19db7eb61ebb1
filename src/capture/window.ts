import type { Cut } from './frame.ts';

/**
 * The bytes of a file that were pushed and not yet consumed: `data[at..end)`, moved to the front at each push.
 * Grows to the largest record plus one chunk; records are bounded by whoever reads them.
 */
export class Window {
  data = new Uint8Array(0);
  view = new DataView(this.data.buffer);
  at = 0;
  end = 0;
  finished = false;
  cut: Cut | null = null;
  /** Where data[0] stands in the file. */
  #base = 0;

  get offset(): number {
    return this.#base + this.at;
  }

  push(chunk: Uint8Array): void {
    const rest = this.end - this.at;
    const size = rest + chunk.length;
    const old = this.data;
    if (size > old.length) {
      this.data = new Uint8Array(Math.max(1 << 16, 2 ** Math.ceil(Math.log2(size))));
      this.view = new DataView(this.data.buffer);
      this.data.set(old.subarray(this.at, this.end));
    } else {
      old.copyWithin(0, this.at, this.end);
    }
    this.data.set(chunk, rest);
    this.#base += this.at;
    this.at = 0;
    this.end = size;
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
