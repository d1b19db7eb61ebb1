import { FormatError } from '../../src/errors.ts';
import { escapeText } from '../../src/lang/index.ts';
import { tooLong } from './limits.ts';
import { say } from './output.ts';

/** Byte order marks. The one of UTF-32 begins as that of UTF-16 does. */
const MARKS = [
  { name: 'UTF-32', bytes: [0xff, 0xfe, 0, 0] },
  { name: 'UTF-32', bytes: [0, 0, 0xfe, 0xff] },
  { name: 'UTF-16', bytes: [0xff, 0xfe] },
  { name: 'UTF-16', bytes: [0xfe, 0xff] },
  { name: 'UTF-8', bytes: [0xef, 0xbb, 0xbf] },
] as const;

/** What becomes of a NUL: a shell leaves it out, for tc the line of a batch ends there. */
export type Nul = 'left out' | 'the rest of its line is left out';

/**
 * The text of a file in UTF-8, and a warning of what is not as in most files: a byte order mark, which is skipped, and
 * NULs. Throws a FormatError for another encoding.
 */
export function decoded(bytes: Uint8Array, file: string, nul: Nul = 'left out'): string {
  const text = utf8(bytes.subarray(markLength(bytes, file)));
  return text.includes('\0') ? withoutNuls(text, file, nul) : text;
}

const utf8 = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('utf8');

/** The lines of a table as its pieces come, which is never in memory as a whole; else as decoded(). */
export function* decodedLines(pieces: Iterable<Uint8Array>, file: string, longest: number): Generator<string> {
  const warned = { of: 0 };
  let number = 0;
  for (const bytes of wholeLines(pieces, longest, () => tooLong(file, longest, ` in line ${number + 1}`))) {
    const from = number === 0 ? markLength(bytes, file) : 0;
    for (const line of utf8(bytes.subarray(from)).split('\n')) {
      number++;
      if (line.includes('\0')) yield lineWithoutNuls(line, file, number, warned);
      else yield line;
    }
  }
}

/** Bytes that end where a line does, without its newline; behind the last newline, what is there. */
function* wholeLines(pieces: Iterable<Uint8Array>, longest: number, refusal: () => Error): Generator<Uint8Array> {
  let kept: Uint8Array[] = [];
  let length = 0;
  for (const piece of pieces) {
    const end = piece.lastIndexOf(NEWLINE);
    const rest = piece.subarray(end + 1);
    if (end >= 0) {
      yield Buffer.concat([...kept, piece.subarray(0, end)]);
      kept = [];
      length = 0;
    }
    kept.push(rest);
    length += rest.length;
    if (length > longest) throw refusal();
  }
  if (length > 0) yield Buffer.concat(kept);
}

const NEWLINE = 10;

/** The warning is of the first only. */
function lineWithoutNuls(line: string, file: string, number: number, warned: { of: number }): string {
  if (warned.of === 0) warn(file, number, 'a NUL byte: left out');
  warned.of = number;
  return line.replaceAll('\0', '');
}

/** The length of the mark that is skipped, with a warning; 0: there is none. */
function markLength(bytes: Uint8Array, file: string): number {
  const mark = MARKS.find((row) => row.bytes.every((byte, i) => bytes[i] === byte));
  const wide = mark === undefined ? unmarked(bytes) : mark.name === 'UTF-8' ? null : mark.name;
  if (wide !== null) {
    throw new FormatError(0, `${wide} text, expected UTF-8: iconv -f ${wide} -t UTF-8 converts it`);
  }
  if (mark !== undefined) warn(file, null, 'it begins with a byte order mark (UTF-8), which is skipped');
  return mark?.bytes.length ?? 0;
}

/** A script for a shell or a batch of tc. In both a CR counts as a blank here; a shell would not agree. */
export function warnOfCarriageReturns(text: string, file: string): void {
  const at = text.search(/^[^\S\n]*(?:\S*\/)?tc[^\S\n].*\r$/m);
  if (at < 0) return;
  const line = text.slice(0, at).split('\n').length;
  warn(file, line, 'the line ends in CR LF: a shell would hand the CR to tc as part of the last word');
}

/** UTF-16 without a mark: text that is mostly ASCII has a NUL in every second byte. */
function unmarked(bytes: Uint8Array): string | null {
  const [a, b, c, d] = bytes;
  const isLittle = a !== 0 && b === 0 && c !== 0 && d === 0;
  const isBig = a === 0 && b !== 0 && c === 0 && d !== 0;
  if (bytes.length < 4 || !(isLittle || isBig)) return null;
  return isLittle ? 'UTF-16LE' : 'UTF-16BE';
}

function withoutNuls(text: string, file: string, nul: Nul): string {
  const line = text.slice(0, text.indexOf('\0')).split('\n').length;
  warn(file, line, `a NUL byte: ${nul}`);
  return nul === 'left out' ? text.replaceAll('\0', '') : text.replaceAll(/\0[^\n]*/g, '');
}

function warn(file: string, line: number | null, what: string): void {
  const name = file === '-' ? 'standard input' : escapeText(file);
  say(`cls-flow: warning: ${line === null ? name : `${name}:${line}`}: ${what}`);
}
