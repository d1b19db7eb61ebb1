/**
 * UTF-8 without TextDecoder. Names in messages and captures are bytes, not promises: a byte that is no part of
 * well-formed UTF-8 (RFC 3629) becomes the lone surrogate U+DC00 + byte and turns back into that byte, so
 * encodeUtf8(decodeUtf8(bytes)) gives the same bytes for any input. escapeText() shows such a byte as `\xNN`.
 */

const RAW = 0xdc00;

/** Bytes the sequence that `lead` begins has in all; 0: it begins none (C0, C1 and F5… never do). */
function sequenceLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return 2;
  if (lead < 0xf0) return 3;
  return lead < 0xf5 ? 4 : 0;
}

/** The code point at `at`, or -1 where no well-formed sequence of `length` bytes stands there. */
function codePointAt(bytes: Uint8Array, at: number, length: number): number {
  let point = (bytes[at] ?? 0) & (length === 1 ? 0x7f : 0x7f >> length);
  for (let i = 1; i < length; i++) {
    const next = bytes[at + i] ?? 0;
    if ((next & 0xc0) !== 0x80) return -1;
    point = (point << 6) | (next & 0x3f);
  }
  const overlong = (length === 3 && point < 0x800) || (length === 4 && point < 0x10000);
  const surrogate = point >= 0xd800 && point < 0xe000;
  return overlong || surrogate || point > 0x10ffff ? -1 : point;
}

export function decodeUtf8(bytes: Uint8Array, at = 0, end = bytes.length): string {
  const parts: string[] = [];
  for (let i = at; i < end; ) {
    const length = sequenceLength(bytes[i] ?? 0);
    const point = length === 0 || i + length > end ? -1 : codePointAt(bytes, i, length);
    parts.push(point < 0 ? String.fromCharCode(RAW + (bytes[i] ?? 0)) : String.fromCodePoint(point));
    i += point < 0 ? 1 : length;
  }
  return parts.join('');
}

export function encodeUtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0;
    if (point >= RAW + 0x80 && point <= RAW + 0xff) bytes.push(point - RAW);
    else pushPoint(bytes, point >= 0xd800 && point < 0xe000 ? 0xfffd : point);
  }
  return Uint8Array.from(bytes);
}

function pushPoint(bytes: number[], point: number): void {
  if (point < 0x80) bytes.push(point);
  else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 0x3f));
  else if (point < 0x10000) bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f));
  else {
    bytes.push(
      0xf0 | (point >> 18),
      0x80 | ((point >> 12) & 0x3f),
      0x80 | ((point >> 6) & 0x3f),
      0x80 | (point & 0x3f),
    );
  }
}
