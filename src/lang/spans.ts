/** Where a word stands in a source: offset and length, and where that is on the lines of the source. */
export interface Span {
  readonly at: number;
  readonly length: number;
  /** Lines before its own. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

const BLANK = /\s/;
/** Where a shell's command ends, and where a file takes or gives its text: a word of its own, with or without blanks. */
const OPERATOR = /(?:&>>?|;;?|&&?|\|[|&]?)/y;
const isRedirection = (char: string | undefined): boolean => char === '<' || char === '>';

/**
 * Where the words of a source stand, with their quotes. An open quote reaches to the end. `shell`: the operators of a shell
 * are words, `sfq;tc` is three; a redirection begins one and reaches to the next blank.
 */
export function* wordSpans(source: string, shell = false): Generator<Span> {
  let line = 0;
  let lineAt = 0;
  let feed = source.indexOf('\n');
  for (let at = 0; at < source.length; ) {
    const end = (shell ? operatorEnd(source, at) : 0) || wordEnd(source, at, shell);
    if (end > at) yield { at, length: end - at, line, column: at - lineAt + 1 };
    // A blank, or the backslash that joins two lines; newlines in quotes count too.
    const next = end > at ? end : at + 1;
    for (; feed >= 0 && feed < next; feed = source.indexOf('\n', lineAt)) {
      line++;
      lineAt = feed + 1;
    }
    at = next;
  }
}

/** 0: no operator begins here. */
function operatorEnd(source: string, at: number): number {
  OPERATOR.lastIndex = at;
  return OPERATOR.exec(source) === null ? 0 : OPERATOR.lastIndex;
}

/** A descriptor before a redirection. */
const DIGITS = /^\d*$/;

/** `>/dev/null`, `2>&1`, `<<EOF` */
function redirectionEnd(source: string, start: number): number {
  let at = start;
  while (at < source.length && /[<>&|]/.test(source[at] ?? '')) at++;
  return wordEnd(source, at, true);
}

/** `at` itself where no word begins. */
function wordEnd(source: string, start: number, shell: boolean): number {
  let at = start;
  if (shell && isRedirection(source[at])) return redirectionEnd(source, at);
  while (at < source.length) {
    const char = source[at] ?? '';
    if (char === "'") at = behindQuote(source, at);
    else if (char === '"') at = behindDouble(source, at);
    else if (char === '\\' && source[at + 1] !== '\n') at = Math.min(at + 2, source.length);
    else if (char === '\\' || BLANK.test(char)) return at;
    else if (shell && (char === ';' || char === '&' || char === '|')) return at;
    else if (shell && isRedirection(char))
      return DIGITS.test(source.slice(start, at)) ? redirectionEnd(source, at) : at;
    else at++;
  }
  return at;
}

function behindQuote(source: string, at: number): number {
  const close = source.indexOf("'", at + 1);
  return close < 0 ? source.length : close + 1;
}

function behindDouble(source: string, start: number): number {
  for (let at = start + 1; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === '"') return at + 1;
  }
  return source.length;
}
