/**
 * Makes text from a capture, a message or a file name safe to print: what could move the cursor, colour the
 * screen, end the line or turn the reading direction becomes a visible escape. Everything else stays as it is.
 */

/**
 * Controls; formats (direction marks, overrides and isolates, joiners, soft hyphens, tags); line and paragraph separators;
 * lone surrogates; and all else that is drawn as nothing.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeChar(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  // A byte that was no UTF-8 travels as U+DC00 + byte (utf8.ts).
  const byte = code >= 0xdc80 && code <= 0xdcff ? code - 0xdc00 : code;
  return SHORT[char] ?? (byte < 0x100 ? `\\x${byte.toString(16).padStart(2, '0')}` : `\\u{${byte.toString(16)}}`);
}

export function escapeText(text: string): string {
  return text.replace(UNSAFE, escapeChar);
}

/** The same of text that has lines and columns of our own: newlines and tabs stay. */
export function escapeLines(text: string): string {
  return text.replace(UNSAFE, (char) => (char === '\n' || char === '\t' ? char : escapeChar(char)));
}

/** The colours that the command line prints: node/cli/output.ts. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the colours' own
const COLOUR = /\x1b\[(?:0|1|2|22|31|33|36|39)m/y;

function isOurs(char: string, at: number, text: string): boolean {
  if (char !== '\u001b') return char === '\n' || char === '\t';
  COLOUR.lastIndex = at;
  return COLOUR.test(text);
}

/** Almost all that is printed is plain: nothing is to be escaped in it. */
const PLAIN = /^[\n\t -~]*$/;

/**
 * The last look at what is printed: JSON, which has escapes of its own for C0 only. Newlines, tabs and colours are ours
 * (outside of strings JSON has no others, and in strings it has none).
 */
export function escapeRest(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(UNSAFE, (char, at: number) => (isOurs(char, at, text) ? char : jsonEscape(char)));
}

/** A \u escape for each unit of UTF-16. */
function jsonEscape(char: string): string {
  return Array.from({ length: char.length }, (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
    '',
  );
}
