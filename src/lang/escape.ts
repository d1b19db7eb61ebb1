/**
 * Makes text from a capture, a message or a file name safe to print: what could move the cursor, colour the
 * screen, end the line or turn the reading direction becomes a visible escape. Everything else stays as it is.
 */

/** C0, DEL and C1; line and paragraph separator; direction marks, overrides and isolates; invisible joiners; lone surrogates. */
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeChar(char: string): string {
  const code = char.charCodeAt(0);
  // A byte that was no UTF-8 travels as U+DC00 + byte (utf8.ts).
  const byte = code >= 0xdc80 && code <= 0xdcff ? code - 0xdc00 : code;
  return SHORT[char] ?? (byte < 0x100 ? `\\x${byte.toString(16).padStart(2, '0')}` : `\\u{${byte.toString(16)}}`);
}

export function escapeText(text: string): string {
  return text.replace(UNSAFE, escapeChar);
}
