import { FormatError, LimitError } from '../errors.ts';
import { le16, le32, u8 } from '../u32.ts';

/** What every decompressor must be able to do (RFC 8878, section 3.1.1.1.2), and what we take at most. */
export const COMMON_WINDOW = 8 << 20;
export const MAX_WINDOW = 128 << 20;
const MAX_BLOCK = 128 << 10;

/**
 * A decompressor may move its whole window once for each block (fzstd does: 10 ms for 128 MiB), so four bytes of file
 * can cost as much as 128 KiB. Bytes so moved, in all, may be this many, and this many more for each byte of the file:
 * full blocks of an 8 MiB window reach it at 512:1, of a 128 MiB window at 32:1.
 */
const FREE_MOVES = 16 * 2 ** 30;
const MOVES_PER_BYTE = 32 << 10;

const FRAME = 0xfd2fb528 | 0;
/** Skippable frames: 0x184d2a50 … 0x184d2a5f. */
const SKIPPABLE = 0x184d2a50;

/** Whether a frame begins so, or with what is left of a file that was cut. */
export function mayBeZstd(head: Uint8Array): boolean {
  return [FRAME, SKIPPABLE].some((magic) => {
    const bytes = [0, 8, 16, 24].map((shift, i) => head[i] ?? (magic >>> shift) & 0xff);
    return isZstd(Uint8Array.from(bytes));
  });
}

/** The bytes of a frame from one of its bytes on, for a decompressor that looks at no checksum. */
export function withoutChecksumFlag(bytes: Uint8Array, descriptorAt: number): Uint8Array {
  if (descriptorAt < 0 || descriptorAt >= bytes.length) return bytes;
  // Not slice(): that of Node's Buffer copies nothing.
  const copy = new Uint8Array(bytes);
  copy[descriptorAt] = u8(copy, descriptorAt) & ~CHECKSUM_FLAG;
  return copy;
}

export function isZstd(head: Uint8Array): boolean {
  return head.length >= 4 && (le32(head, 0) === FRAME || (le32(head, 0) & ~0xf) === SKIPPABLE);
}

type Part = 'magic' | 'skippable' | 'header' | 'block' | 'checksum';

/** The bit of a frame's descriptor that says that a checksum follows. */
const CHECKSUM_FLAG = 0x04;

/**
 * Walks the headers of zstd frames and blocks without inflating anything: a decompressor allocates the window
 * before it has seen a byte of data, so the window must be judged first. RFC 8878, section 3.1.
 */
export class ZstdHeaders {
  readonly warnings: string[] = [];
  /** Where the block, or the header, begins that was looked at last. */
  begins = 0;
  /** Where the frame's descriptor stands. */
  descriptorAt = -1;
  /** How much the frame holds; null: it does not say. */
  contentSize: number | null = null;
  /** The checksum of the frame that just ended; null: it has none. */
  checksum: number | null = null;
  private part: Part = 'magic';
  private readonly held = new Uint8Array(18);
  private holding = 0;
  private need = 5;
  /** Bytes of content still to pass over. */
  private skip = 0;
  private offset = 0;
  private frameBegins = 0;
  private blockLimit = 0;
  private window = 0;
  private moved = 0;
  private movedBefore = 0;
  private hasChecksum = false;
  /** Met behind bytes that are sound: thrown once they are gone. */
  private failure: FormatError | null = null;

  /** True between two frames: the data may end here. */
  get whole(): boolean {
    return this.part === 'magic' && this.holding === 0 && this.skip === 0;
  }

  /** What comes next is a checksum, and not for a decompressor. */
  get atChecksum(): boolean {
    return this.part === 'checksum' && this.skip === 0;
  }

  /** Forgets the frame that began last. */
  restart(): void {
    this.offset = this.frameBegins;
    this.moved = this.movedBefore;
    this.skip = 0;
    this.failure = null;
    this.expect('magic', 5);
  }

  /**
   * Looks through the next compressed bytes, at most to the end of a frame or to its checksum, or only to the end of a
   * block, and returns how many they were. Throws before a decompressor is given what it should not see.
   */
  check(chunk: Uint8Array, byBlock = false): number {
    if (this.failure !== null) throw this.failure;
    if (this.whole) {
      this.checksum = null;
      this.frameBegins = this.offset;
      this.movedBefore = this.moved;
    }
    const { atChecksum } = this;
    /** Where what is held begins in the chunk. */
    let begins = 0;
    for (let at = 0; at < chunk.length; ) {
      const passed = Math.min(this.skip, chunk.length - at);
      at += passed;
      this.skip -= passed;
      this.offset += passed;
      if (passed === 0) {
        if (this.holding === 0) [begins, this.begins] = [at, this.offset];
        this.held[this.holding++] = u8(chunk, at++);
        this.offset++;
        if (this.holding < this.need) continue;
        this.tryToTake(begins);
        if (this.failure !== null) return begins;
      }
      if (this.skip > 0) continue;
      if (this.whole || this.atChecksum !== atChecksum) return at;
      if (byBlock && this.part === 'block' && this.holding === 0) return at;
    }
    return chunk.length;
  }

  /** What is wrong with a header is said once the bytes of the chunk before it are gone. */
  private tryToTake(begins: number): void {
    try {
      this.take();
    } catch (error) {
      if (begins === 0 || !(error instanceof FormatError)) throw error;
      this.failure = error;
    }
  }

  private expect(part: Part, need: number): void {
    this.part = part;
    this.need = need;
    if (part === 'magic' || part === 'block' || part === 'checksum') this.holding = 0;
  }

  private fail(message: string): never {
    throw new FormatError(this.offset - this.holding, `zstd data: ${message}`);
  }

  private take(): void {
    const held = this.held;
    switch (this.part) {
      case 'magic':
        if (le32(held, 0) === FRAME) this.expect('header', 5 + headerSize(u8(held, 4)));
        else if (isZstd(held)) this.skippable();
        else this.fail('expected a frame');
        return;
      case 'skippable':
        this.skip = le32(held, 4) >>> 0;
        this.expect('magic', 5);
        return;
      case 'header':
        this.frame();
        this.expect('block', 3);
        return;
      case 'block':
        this.block(le16(held, 0) | (u8(held, 2) << 16));
        return;
      case 'checksum':
        this.checksum = le32(held, 0);
        this.expect('magic', 5);
    }
  }

  private skippable(): void {
    this.contentSize = null;
    this.expect('skippable', 8);
  }

  /** Frame_Header: descriptor, window descriptor or (single segment) content size. */
  private frame(): void {
    const held = this.held;
    const descriptor = u8(held, 4);
    const single = (descriptor & 0x20) !== 0;
    this.descriptorAt = this.frameBegins + 4;
    if (descriptor & 0x08) this.fail('expected the reserved bit of the frame descriptor to be zero');
    if (descriptor & 0x03) this.fail('expected a frame without a dictionary');
    this.contentSize = contentSize(held, descriptor);
    const window = single ? (this.contentSize ?? 0) : windowSize(u8(held, 5));
    if (window > MAX_WINDOW) {
      throw new LimitError(
        this.offset - this.holding,
        `zstd window of ${window} bytes, expected at most ${MAX_WINDOW}`,
      );
    }
    if (window > COMMON_WINDOW) {
      this.warnings.push(`zstd window of ${window} bytes: more than the ${COMMON_WINDOW} every decompressor takes`);
    }
    this.hasChecksum = (descriptor & CHECKSUM_FLAG) !== 0;
    this.blockLimit = Math.min(window, MAX_BLOCK);
    this.window = window;
    this.move();
  }

  private move(): void {
    this.moved += this.window;
    if (this.moved > FREE_MOVES + MOVES_PER_BYTE * this.offset) {
      throw new LimitError(this.offset - this.holding, `zstd blocks too small for a window of ${this.window} bytes`);
    }
  }

  private block(header: number): void {
    const last = (header & 1) !== 0;
    const type = (header >>> 1) & 3;
    const size = header >>> 3;
    if (type === 3) this.fail('expected a block type');
    if (size > this.blockLimit) this.fail(`block of ${size} bytes, expected at most ${this.blockLimit}`);
    this.move();
    // A run-length block holds one byte, however long it becomes.
    this.skip = type === 1 ? 1 : size;
    if (!last) this.expect('block', 3);
    else if (this.hasChecksum) this.expect('checksum', 4);
    else this.expect('magic', 5);
  }
}

/** Bytes of the frame header behind its descriptor. */
function headerSize(descriptor: number): number {
  const single = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  return (single ? 0 : 1) + dictionary + sizeBytes(descriptor);
}

function sizeBytes(descriptor: number): number {
  const flag = descriptor >>> 6;
  if (flag === 0) return (descriptor & 0x20) !== 0 ? 1 : 0;
  return 1 << flag;
}

function windowSize(byte: number): number {
  const base = 2 ** (10 + (byte >>> 3));
  return base + (base / 8) * (byte & 7);
}

/** Frame_Content_Size of a frame without a dictionary; null: it is not stated. */
function contentSize(held: Uint8Array, descriptor: number): number | null {
  const at = (descriptor & 0x20) !== 0 ? 5 : 6;
  switch (sizeBytes(descriptor)) {
    case 0:
      return null;
    case 1:
      return u8(held, at);
    case 2:
      return le16(held, at) + 256;
    case 4:
      return le32(held, at) >>> 0;
    default:
      return (le32(held, at) >>> 0) + (le32(held, at + 4) >>> 0) * 0x100000000;
  }
}
