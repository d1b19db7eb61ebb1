import type { CaptureReader } from '../capture/index.ts';
import { ArgumentError } from '../errors.ts';
import { Xxh64 } from '../hash/index.ts';
import { encodeUtf8, hex8 } from '../lang/index.ts';

/** What was read, so that somebody who repeats the call can see that it is the same. */
export interface InputDigest {
  readonly name: string;
  /** Of a capture: of its (decompressed) bytes, as far as they were read. Of a text: of its UTF-8. */
  readonly bytes: number;
  /** XXH64 of the text, or of the first 4096 bytes of a capture: `xxhsum -H64` prints the same. */
  readonly xxh64: string;
}

/** Bytes of a capture that are hashed: all of a large one would take longer than classifying it. */
const HEAD = 4096;

/** The first bytes of a capture, while they come by. */
export class Head {
  private readonly hash = new Xxh64();
  private hashed = 0;
  private reader: CaptureReader | null = null;

  /** Call each time that the reader has got more bytes, before any of them is taken. */
  add(reader: CaptureReader): void {
    this.reader = reader;
    const { window } = reader;
    if (window === null || this.hashed >= HEAD) return;
    const start = window.offset - window.at;
    const piece = window.data.subarray(this.hashed - start, Math.min(window.end, HEAD - start));
    this.hash.update(piece);
    this.hashed += piece.length;
  }

  of(name: string): InputDigest {
    return { name, bytes: this.reader?.offset ?? 0, xxh64: digestText(this.hash) };
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
  private readonly hash = new Xxh64();
  private bytes = 0;

  add(line: string): void {
    const encoded = encodeUtf8(`${line}\n`);
    this.hash.update(encoded);
    this.bytes += encoded.length;
  }

  of(name: string): InputDigest[] {
    return this.bytes === 0 ? [] : [{ name, bytes: this.bytes, xxh64: digestText(this.hash) }];
  }
}

function rowText(row: unknown, field: string): string {
  try {
    return JSON.stringify(row) ?? '';
  } catch {
    throw new ArgumentError(field, 'expected rows as JSON has them');
  }
}
