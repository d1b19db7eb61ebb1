import { FormatError } from '../../src/errors.ts';
import { escapeText } from '../../src/lang/index.ts';
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
  const mark = MARKS.find((row) => row.bytes.every((byte, i) => bytes[i] === byte));
  const wide = mark === undefined ? unmarked(bytes) : mark.name === 'UTF-8' ? null : mark.name;
  if (wide !== null) {
    throw new FormatError(0, `${wide} text, expected UTF-8: iconv -f ${wide} -t UTF-8 converts it`);
  }
  if (mark !== undefined) warn(file, null, 'it begins with a byte order mark (UTF-8), which is skipped');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8', mark?.bytes.length ?? 0);
  return text.includes('\0') ? withoutNuls(text, file, nul) : text;
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
