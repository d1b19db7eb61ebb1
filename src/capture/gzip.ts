import { FormatError } from '../errors.ts';
import { le16, le32, u8 } from '../u32.ts';
import { isTrailing } from './garbage.ts';
import type { Input } from './input.ts';
import { carefully, type Unpackers, type UnpackNotes } from './unpackers.ts';

const HEADER = 10;
const TRAILER = 8;
const DEFLATE = 8;
const Flag = { HEADER_CRC: 2, EXTRA: 4, NAME: 8, COMMENT: 16, RESERVED: 0xe0 } as const;

/** Whether a member begins so, or with what is left of a file that was cut. */
function mayBeGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && (head.length === 1 || head[1] === 0x8b);
}

/** What all members of a gzip file hold, one after the other (RFC 1952). */
export async function* gunzipped(input: Input, unpackers: Unpackers, notes: UnpackNotes): AsyncGenerator<Uint8Array> {
  const member = new Member(input, unpackers);
  do {
    if (await member.readHeader()) yield* member.content();
    if (input.ended) {
      notes.cut = { offset: input.offset, message: 'gzip data cut off: it ends inside a member' };
      return;
    }
  } while (!(await isTrailing(input, mayBeGzip, 'gzip', notes)));
}

class Member {
  private readonly input: Input;
  private readonly unpackers: Unpackers;
  private headerCrc = 0;

  constructor(input: Input, unpackers: Unpackers) {
    this.input = input;
    this.unpackers = unpackers;
  }

  /** False: the file ends in it. */
  async readHeader(): Promise<boolean> {
    const { input } = this;
    const { offset } = input;
    this.headerCrc = 0;
    const fixed = await this.take(HEADER);
    if (fixed.length < HEADER) return false;
    const [method, flags] = [u8(fixed, 2), u8(fixed, 3)];
    if (!mayBeGzip(fixed)) throw new FormatError(offset, 'gzip data: expected a member');
    if (method !== DEFLATE) throw new FormatError(offset + 2, `gzip data: method ${method}, expected ${DEFLATE}`);
    if (flags & Flag.RESERVED) throw new FormatError(offset + 3, 'gzip data: expected reserved flags to be zero');
    if (flags & Flag.EXTRA) {
      const size = await this.take(2);
      if (size.length === 2) await this.take(le16(size, 0));
    }
    if (flags & Flag.NAME) await this.passText();
    if (flags & Flag.COMMENT) await this.passText();
    if (flags & Flag.HEADER_CRC) await this.checkHeader();
    return !input.ended;
  }

  /** What is compressed, and whether it comes to what the trailer says. */
  async *content(): AsyncGenerator<Uint8Array> {
    const { input } = this;
    const { deflate, crc32 } = this.unpackers;
    let [crc, length] = [0, 0];
    for await (const piece of carefully(input, deflate)) {
      crc = crc32(piece, crc);
      length = (length + piece.length) % 2 ** 32;
      yield piece;
    }
    if (input.ended) return;
    const { offset } = input;
    const trailer = await input.bytes(TRAILER);
    if (trailer.length < TRAILER) return;
    expectSame(offset, 'checksum', crc, le32(trailer, 0));
    expectSame(offset + 4, 'length', length, le32(trailer, 4));
  }

  private async checkHeader(): Promise<void> {
    const { input, headerCrc } = this;
    const { offset } = input;
    const stated = await input.bytes(2);
    if (stated.length === 2) expectSame(offset, 'header checksum', headerCrc & 0xffff, le16(stated, 0));
  }

  private async take(size: number): Promise<Uint8Array> {
    const bytes = await this.input.bytes(size);
    this.headerCrc = this.unpackers.crc32(bytes, this.headerCrc);
    return bytes;
  }

  /** Up to a zero: names and comments have no stated length. */
  private async passText(): Promise<void> {
    for (;;) {
      const view = await this.input.view(1, 1 << 16);
      const zero = view.indexOf(0);
      await this.take(zero < 0 ? view.length : zero + 1);
      if (zero >= 0 || view.length === 0) return;
    }
  }
}

function expectSame(offset: number, what: string, found: number, stated: number): void {
  if (found >>> 0 === stated >>> 0) return;
  const [is, said] = [found, stated].map((word) =>
    what === 'length' ? `${word >>> 0}` : `0x${(word >>> 0).toString(16)}`,
  );
  throw new FormatError(offset, `gzip data: ${what} ${said}, expected ${is} of what it holds`);
}
