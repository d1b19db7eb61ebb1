/** More words than this are no list that anybody wrote. */
const MOST = 100_000;

/** Braces as bash expands them before all else, on the text of the word: `{a,b}`, `{1..8}`. null: too many words. */
export function expandBraces(text: string): string[] | null {
  const open = firstBrace(text);
  if (open === null) return [text];
  const { from, to, parts } = open;
  const before = text.slice(0, from);
  const rests = expandBraces(text.slice(to));
  if (rests === null) return null;
  const words: string[] = [];
  for (const part of parts) {
    const middles = expandBraces(part);
    if (middles === null || words.length + middles.length * rests.length > MOST) return null;
    for (const middle of middles) for (const rest of rests) words.push(`${before}${middle}${rest}`);
  }
  return words;
}

interface Brace {
  readonly from: number;
  readonly to: number;
  readonly parts: readonly string[];
}

/** The first braces that are a list or a sequence. */
function firstBrace(text: string): Brace | null {
  for (let at = 0; at < text.length; at++) {
    at = behindQuotes(text, at);
    if (text[at] !== '{' || text[at - 1] === '$') continue;
    const found = braceAt(text, at);
    if (found !== null) return found;
  }
  return null;
}

function braceAt(text: string, from: number): Brace | null {
  const parts: string[] = [];
  let start = from + 1;
  let depth = 0;
  for (let at = from + 1; at < text.length; at++) {
    at = behindQuotes(text, at);
    const char = text[at];
    if (char === '{') depth++;
    else if (char === ',' && depth === 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    } else if (char === '}' && depth > 0) depth--;
    else if (char === '}') {
      const last = text.slice(start, at);
      const all = parts.length > 0 ? [...parts, last] : sequence(last);
      return all === null ? null : { from, to: at + 1, parts: all };
    }
  }
  return null;
}

/** Where the next character stands that no quote, substitution or backslash covers. */
function behindQuotes(text: string, start: number): number {
  let at = start;
  for (;;) {
    const char = text[at];
    if (char === '\\') at += 2;
    else if (char === "'" || char === '`') at = closing(text, at, char);
    else if (char === '"') at = closing(text, at, char);
    else if (char === '$' && (text[at + 1] === '{' || text[at + 1] === '(')) at = behindGroup(text, at + 1);
    else return at;
  }
}

function closing(text: string, from: number, quote: string): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\' && quote !== "'") at++;
    else if (text[at] === quote) return at + 1;
  }
  return text.length;
}

function behindGroup(text: string, from: number): number {
  const open = text[from] ?? '';
  const close = open === '{' ? '}' : ')';
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const char = text[at] ?? '';
    if (char === '\\') at++;
    else if (char === "'" || char === '"') at = closing(text, at, char) - 1;
    else if (char === open) depth++;
    else if (char === close && --depth === 0) return at + 1;
  }
  return text.length;
}

/** `1..8`, `01..10..3`, `a..e`; null: it is none. */
function sequence(text: string): string[] | null {
  const numbers = /^(-?\d{1,15})\.\.(-?\d{1,15})(?:\.\.(-?\d{1,15}))?$/.exec(text);
  if (numbers !== null) return numbersIn(numbers[1] ?? '', numbers[2] ?? '', numbers[3]);
  const letters = /^([A-Za-z])\.\.([A-Za-z])(?:\.\.(-?\d{1,15}))?$/.exec(text);
  if (letters === null) return null;
  const codes = steps(code(letters[1]), code(letters[2]), Number(letters[3] ?? 1));
  return codes.map((one) => String.fromCharCode(one));
}

const code = (letter = ''): number => letter.charCodeAt(0);

function numbersIn(first: string, last: string, step = '1'): string[] {
  const isPadded = [first, last].some((one) => /^-?0\d/.test(one));
  const width = isPadded ? Math.max(first.length, last.length) : 0;
  return steps(Number(first), Number(last), Number(step)).map((value) => {
    const digits = String(Math.abs(value));
    return value < 0 ? `-${digits.padStart(width - 1, '0')}` : digits.padStart(width, '0');
  });
}

function steps(first: number, last: number, typed: number): number[] {
  const step = Math.max(1, Math.abs(typed)) * (first <= last ? 1 : -1);
  const count = Math.min(MOST + 1, Math.floor((last - first) / step) + 1);
  return Array.from({ length: count }, (_, i) => first + i * step);
}
