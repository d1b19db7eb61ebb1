export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Bytes of a pipe that are kept for a second look at them. */
const HISTORY = 32 << 20;

/** The chunks of a file, taken byte by byte and counted. What was taken can be taken again: see rewind(). */
export class Input {
  /** Bytes taken so far. */
  offset = 0;
  /** Bytes taken so far, also of those that were given back. */
  furthest = 0;
  /** Somebody wanted more than there was. */
  ended = false;
  /** The bytes themselves could not be read. */
  failed = false;
  private chunk: Uint8Array = new Uint8Array(0);
  private at = 0;
  private source: Iterator<Uint8Array> | AsyncIterator<Uint8Array>;
  private readonly again: ((offset: number) => Chunks) | null;
  /** Where rewind() goes back to; what was taken since then, where it cannot be read again. */
  private marked = 0;
  private history: Uint8Array[] = [];
  private kept = 0;

  /** `again`: the chunks from an offset on, where they can be read a second time. */
  constructor(chunks: Chunks, again: ((offset: number) => Chunks) | null = null) {
    this.source = iteratorOf(chunks);
    this.again = again;
  }

  /** The next bytes: at least so many, unless there are fewer, and at most so many. They are not taken yet. */
  async view(least: number, most: number): Promise<Uint8Array> {
    while (this.chunk.length - this.at < least) {
      const { done, value } = await this.next();
      if (done) {
        this.ended = true;
        break;
      }
      const rest = this.chunk.subarray(this.at);
      this.chunk = rest.length === 0 ? value : joined([rest, value]);
      this.at = 0;
    }
    return this.chunk.subarray(this.at, this.at + most);
  }

  /** Takes bytes that view() gave. */
  take(size: number): void {
    if (this.again === null && size > 0) this.keep(this.chunk.subarray(this.at, this.at + size));
    this.at += size;
    this.offset += size;
    this.furthest = Math.max(this.furthest, this.offset);
  }

  /** Gives the last of them back. */
  giveBack(size: number): void {
    this.at -= size;
    this.offset -= size;
    let rest = this.again === null ? size : 0;
    while (rest > 0) {
      const last = this.history.pop();
      if (last === undefined) return;
      if (last.length > rest) this.history.push(last.subarray(0, last.length - rest));
      this.kept -= Math.min(rest, last.length);
      rest -= Math.min(rest, last.length);
    }
  }

  /** Takes so many bytes, or what there is. */
  async bytes(size: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(await this.view(size, size));
    this.take(bytes.length);
    return bytes;
  }

  /** Everything that is left, chunk by chunk, in pieces of at most so many bytes. */
  async *rest(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const view = await this.view(1, Number.POSITIVE_INFINITY);
      if (view.length === 0) return;
      this.at += view.length;
      this.offset += view.length;
      yield view;
    }
  }

  /** rewind() will come back here. */
  mark(): void {
    this.marked = this.offset;
    this.history = [];
    this.kept = 0;
  }

  /** Back to the mark; false: what was taken since then is gone. */
  async rewind(): Promise<boolean> {
    if (this.again !== null) {
      await this.source.return?.();
      this.source = iteratorOf(this.again(this.marked));
      this.chunk = new Uint8Array(0);
    } else if (this.kept === this.offset - this.marked) {
      this.chunk = joined([...this.history, this.chunk.subarray(this.at)]);
    } else return false;
    this.at = 0;
    this.offset = this.marked;
    this.ended = false;
    this.mark();
    return true;
  }

  async close(): Promise<void> {
    await this.source.return?.();
  }

  private async next(): Promise<IteratorResult<Uint8Array>> {
    try {
      return await this.source.next();
    } catch (error) {
      this.failed = true;
      throw error;
    }
  }

  private keep(taken: Uint8Array): void {
    if (this.kept + taken.length > HISTORY) {
      this.history = [];
      this.kept = Number.NaN;
    }
    if (Number.isNaN(this.kept)) return;
    // Not slice(): that of Node's Buffer copies nothing.
    this.history.push(new Uint8Array(taken));
    this.kept += taken.length;
  }
}

function iteratorOf(chunks: Chunks): Iterator<Uint8Array> | AsyncIterator<Uint8Array> {
  return Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
