import { FormatError } from '../errors.ts';
import { Xxh64 } from '../hash/index.ts';
import { isTrailing } from './garbage.ts';
import type { Input } from './input.ts';
import { Fresh, SLICE, type Unpackers, type UnpackNotes } from './unpackers.ts';
import { mayBeZstd, withoutChecksumFlag, ZstdHeaders } from './zstd.ts';

/** Bytes of a frame's beginning that are looked at together. */
const LEAST = 5;

/** What all frames of a zstd file hold, one after the other (RFC 8878), each held against its checksum. */
export async function* unzstd(input: Input, { zstd }: Unpackers, notes: UnpackNotes): AsyncGenerator<Uint8Array> {
  const frames = new Frames(input, notes);
  for (const byBlock of [false, true]) {
    try {
      for await (const piece of zstd(frames.slices(byBlock))) {
        const fresh = frames.take(piece);
        if (fresh !== null) yield fresh;
      }
      return;
    } catch (error) {
      if (error instanceof FormatError || input.failed) throw error;
      // What goes wrong after the last byte was handed over is that there are no more of them.
      if (frames.isOver) return;
      if (byBlock || !(await frames.rewind())) throw new FormatError(frames.at, 'zstd data: this block is damaged');
    }
  }
}

const FRAME_END = new Uint8Array(0);

class Frames {
  /** Nothing more comes. */
  isOver = false;
  /** The frame that comes now came before. */
  private isAgain = false;
  private readonly input: Input;
  private readonly notes: UnpackNotes;
  private readonly headers = new ZstdHeaders();
  private readonly fresh = new Fresh();
  private readonly hash = new Xxh64();

  constructor(input: Input, notes: UnpackNotes) {
    this.input = input;
    this.notes = notes;
  }

  /** Where the block begins that was handed over last. */
  get at(): number {
    return this.headers.begins;
  }

  /** A piece of the frame, and null where it came before. */
  take(piece: Uint8Array): Uint8Array | null {
    const fresh = this.fresh.of(piece);
    if (fresh !== null) this.hash.update(fresh);
    return fresh;
  }

  /** Back to where the frame begins; false: its bytes are gone. */
  async rewind(): Promise<boolean> {
    this.isAgain = true;
    this.fresh.again();
    this.headers.restart();
    return this.input.rewind();
  }

  /** Compressed bytes of one frame each, or of one block; headers are judged before, checksums left out. */
  async *slices(byBlock: boolean): AsyncGenerator<Uint8Array> {
    const { input, headers, notes } = this;
    while (!(await this.ends())) {
      const view = await input.view(1, SLICE);
      const { atChecksum } = headers;
      const size = headers.check(view, byBlock);
      const slice = withoutChecksumFlag(view.subarray(0, size), headers.descriptorAt - input.offset);
      notes.warnings.push(...headers.warnings.splice(0));
      input.take(size);
      if (!atChecksum && size > 0) yield slice;
      if (headers.whole) yield FRAME_END;
      if (headers.checksum !== null) this.expectChecksum(headers.checksum);
      if (headers.whole) this.expectSize(headers.contentSize);
    }
    this.isOver = true;
  }

  private async ends(): Promise<boolean> {
    const { input, headers, notes } = this;
    const view = await input.view(headers.whole ? LEAST : 1, LEAST);
    if (headers.whole) {
      if (view.length === 0 || (input.offset > 0 && (await isTrailing(input, mayBeZstd, 'zstd', notes)))) return true;
      this.begin();
    } else if (view.length === 0) {
      notes.cut = { offset: input.offset, message: 'zstd data cut off: it ends inside a frame' };
      return true;
    }
    return false;
  }

  /** Nothing of the frame came before. */
  private begin(): void {
    if (this.isAgain) {
      this.isAgain = false;
      return;
    }
    this.input.mark();
    this.fresh.clear();
    this.hash.reset();
  }

  /** A decompressor may pass over damage that changes it. */
  private expectSize(stated: number | null): void {
    const { size } = this.fresh;
    if (stated === null || stated === size) return;
    throw new FormatError(
      this.input.offset,
      `zstd data: frame of ${size} bytes, expected the ${stated} that it states`,
    );
  }

  private expectChecksum(stated: number): void {
    const [, low] = this.hash.digest();
    if (low === stated) return;
    const [is, said] = [low, stated].map((word) => `0x${(word >>> 0).toString(16)}`);
    throw new FormatError(this.at, `zstd data: checksum ${said}, expected ${is} of what the frame holds`);
  }
}
