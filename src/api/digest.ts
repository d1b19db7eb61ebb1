import type { CaptureReader } from '../capture/index.ts';
import { ArgumentError } from '../errors.ts';
import { Xxh64 } from '../hash/index.ts';
import { encodeUtf8, hex8 } from '../lang/index.ts';

/** What was read, so that somebody who repeats the call can see that it is the same. */
export interface InputDigest {
  readonly name: string;
  /** Of a capture: of its (decompressed) bytes, as far as they were read. Of a text: of its UTF-8. */
  readonly bytes: number;
  /** XXH64 of a script, or of the first 4096 bytes of a capture or table: `xxhsum -H64` prints the same. */
  readonly xxh64: string;
}

/** Bytes of a capture or table that are hashed: all of a large one would take longer than what is done with it. */
const HEAD = 4096;

/** The first bytes of what comes by. */
class HeadHash {
  /** Bytes that were hashed. */
  size = 0;
  private readonly hash = new Xxh64();

  get isDone(): boolean {
    return this.size >= HEAD;
  }

  add(bytes: Uint8Array): void {
    const piece = bytes.subarray(0, HEAD - this.size);
    this.hash.update(piece);
    this.size += piece.length;
  }

  get text(): string {
    return digestText(this.hash);
  }
}

/** The digest of a capture, made while its bytes come by. */
export class Head {
  private readonly head = new HeadHash();
  private reader: CaptureReader | null = null;

  /** Call each time that the reader has got more bytes, before any of them is taken. */
  add(reader: CaptureReader): void {
    this.reader = reader;
    const { head } = this;
    const { window } = reader;
    if (window === null || head.isDone) return;
    const start = window.offset - window.at;
    head.add(window.data.subarray(head.size - start, window.end));
  }

  of(name: string): InputDigest {
    return { name, bytes: this.reader?.offset ?? 0, xxh64: this.head.text };
  }
}

/** Of a script. */
export const digestOfText = (name: string, text: string): InputDigest => digestOfBytes(name, encodeUtf8(text));

export function digestOfBytes(name: string, bytes: Uint8Array): InputDigest {
  const hash = new Xxh64();
  hash.update(bytes);
  return { name, bytes: bytes.length, xxh64: digestText(hash) };
}

const digestText = (hash: Xxh64): string => hash.digest().map(hex8).join('');

/** Digests of tables, made while their lines go by: each line counts with a line feed. */
export class Digests {
  readonly inputs: InputDigest[] = [];

  /** The same lines. The digest is there once all of them were taken; a table without any has none. */
  *ofLines(name: string, lines: Iterable<string>): Generator<string> {
    const table = new TableDigest();
    for (const line of lines) {
      if (typeof line !== 'string') throw new ArgumentError(`options.tables.${name}`, 'expected lines of text');
      table.add(line);
      yield line;
    }
    this.inputs.push(...table.of(name));
  }

  /** Of rows as JSON has them, blank ones left out. */
  *ofRows(name: string, rows: Iterable<unknown>): Generator<unknown> {
    const table = new TableDigest();
    for (const row of rows) {
      if (row !== undefined) table.add(rowText(row, `options.tables.${name}`));
      yield row;
    }
    this.inputs.push(...table.of(name));
  }
}

class TableDigest {
  private readonly head = new HeadHash();
  private bytes = 0;

  add(line: string): void {
    if (this.head.isDone) this.bytes += sizeOf(line) + 1;
    else {
      const encoded = encodeUtf8(`${line}\n`);
      this.head.add(encoded);
      this.bytes += encoded.length;
    }
  }

  of(name: string): InputDigest[] {
    return this.bytes === 0 ? [] : [{ name, bytes: this.bytes, xxh64: this.head.text }];
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all that is one byte in UTF-8
const ONE_BYTE_EACH = /^[\x00-\x7f]*$/;

const sizeOf = (line: string): number => (ONE_BYTE_EACH.test(line) ? line.length : encodeUtf8(line).length);

function rowText(row: unknown, field: string): string {
  try {
    return JSON.stringify(row) ?? '';
  } catch {
    throw new ArgumentError(field, 'expected rows as JSON has them');
  }
}
