import { RE2JS } from 're2js';
import { Unsupported } from './tool.ts';

/**
 * Regular expressions of POSIX with GNU's additions, by RE2: of the matches that begin first the longest, as POSIX has it,
 * in linear time. What RE2 cannot do (`\1`) is not simulated.
 */
export interface RegexOptions {
  /** True: as of `grep -E`, false: as of `grep`. */
  readonly isExtended: boolean;
  readonly ignoreCase?: boolean;
  /** `\n`, `\t` and others stand for characters, in brackets too: sed, awk. grep has no such thing. */
  readonly hasEscapes?: boolean;
}

export interface Found {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  /** The whole and the parts in brackets; undefined: took no part. */
  readonly groups: readonly (string | undefined)[];
}

export class Regex {
  readonly #re: RE2JS;
  #anchored: RE2JS | null = null;
  readonly #source: string;

  constructor(source: string, flags: number) {
    this.#source = source;
    this.#re = RE2JS.compile(source, flags);
  }

  test(text: string): boolean {
    return this.#re.test(text);
  }

  /** The first match from this place on; `isAnchored`: at the beginning of the text only. */
  exec(text: string, from = 0, isAnchored = false): Found | null {
    if (isAnchored) this.#anchored ??= RE2JS.compile(`^(?:${this.#source})`, this.#re.flags());
    const matcher = (isAnchored ? this.#anchored : this.#re)?.matcher(text);
    if (matcher === undefined || from > text.length || !matcher.find(from)) return null;
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, at) => matcher.group(at) ?? undefined);
    return { from: matcher.start(), to: matcher.end(), text: groups[0] ?? '', groups };
  }

  get groupCount(): number {
    return this.#re.groupCount();
  }
}

const ESCAPED: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', a: '\x07' };
const WORD = /^\w$/;

/** The character, for RE2, wherever it stands. */
const literal = (one: string): string => (WORD.test(one) ? one : `\\x{${(one.codePointAt(0) ?? 0).toString(16)}}`);

/** Of a bracket expression. */
const CLASSES: readonly string[] = 'alpha digit alnum upper lower space blank punct print graph cntrl xdigit'.split(
  ' ',
);
/** Classes that hold letters, digits and `_` only. */
const WORD_CLASSES = /^(?:alpha|digit|alnum|upper|lower|xdigit)$/;

class Translation {
  readonly #pattern: string;
  readonly #options: RegexOptions;
  #at = 0;
  #out = '';
  /** Nothing stands before: a star is itself. */
  #isStart = true;
  /** What stands before ends in a letter, a digit or `_`. */
  #isWord = false;
  /** What follows has to begin with one of them. */
  #wantsWord = false;
  #depth = 0;

  constructor(pattern: string, options: RegexOptions) {
    this.#pattern = pattern;
    this.#options = options;
  }

  get out(): string {
    while (this.#at < this.#pattern.length) this.#one();
    if (this.#depth > 0 || this.#wantsWord) this.#fail();
    return this.#out;
  }

  #fail(): never {
    throw new Unsupported(`the pattern '${this.#pattern}'`);
  }

  #one(): void {
    const one = String.fromCodePoint(this.#pattern.codePointAt(this.#at) ?? 0);
    this.#at += one.length;
    if (one === '\\') this.#escape();
    else if (one === '[') this.#bracket();
    else if (one === '.') this.#atom('.', false);
    else if (one === '*') this.#star();
    else if (one === '^') this.#caret();
    else if (one === '$') this.#dollar();
    else if (this.#options.isExtended && '+?(){|'.includes(one)) this.#special(one);
    else this.#atom(literal(one), WORD.test(one));
  }

  #atom(text: string, isWord: boolean): void {
    if (this.#wantsWord && !isWord) this.#fail();
    this.#wantsWord = false;
    this.#out += text;
    this.#isStart = false;
    this.#isWord = isWord;
  }

  /** What is special with or without a backslash, as the kind of expression has it. */
  #special(one: string): void {
    if (one === '(') this.#open();
    else if (one === ')') this.#close();
    else if (one === '|') this.#alternative();
    else if (one === '{') this.#interval();
    else this.#quantifier(one, one === '+');
  }

  #open(): void {
    if (this.#wantsWord) this.#fail();
    this.#out += '(';
    this.#depth++;
    this.#isStart = true;
  }

  #close(): void {
    if (this.#depth === 0 || this.#wantsWord) this.#fail();
    this.#depth--;
    this.#out += ')';
    this.#isStart = false;
    this.#isWord = false;
  }

  #alternative(): void {
    if (this.#wantsWord) this.#fail();
    this.#out += '|';
    this.#isStart = true;
    this.#isWord = false;
  }

  #quantifier(text: string, keepsWord: boolean): void {
    if (this.#isStart || this.#wantsWord) this.#fail();
    // RE2 takes `a*?` for a lazy star.
    if (/(?<!\\)[*+?}]$/.test(this.#out) && !/\\x\{[0-9a-f]+\}$/.test(this.#out)) this.#fail();
    this.#out += text;
    this.#isWord &&= keepsWord;
  }

  #star(): void {
    if (!this.#isStart) this.#quantifier('*', false);
    else if (this.#options.isExtended) this.#fail();
    else this.#atom(literal('*'), false);
  }

  #interval(): void {
    const close = this.#options.isExtended ? '\\}' : '\\\\\\}';
    const form = new RegExp(`(\\d*)(,?)(\\d*)${close}`, 'y');
    form.lastIndex = this.#at;
    const match = form.exec(this.#pattern);
    if (match === null || match[0].length < 2 || (match[1] === '' && match[2] === '')) this.#fail();
    this.#at += match[0].length;
    const least = match[1] === '' ? '0' : (match[1] ?? '0');
    this.#quantifier(`{${least}${match[2]}${match[3]}}`, least !== '0');
  }

  #caret(): void {
    const isBehind = /(?:^|\\\(|\\\||\n)\^$/.test(this.#pattern.slice(0, this.#at));
    if (!this.#options.isExtended && !isBehind) {
      this.#atom(literal('^'), false);
      return;
    }
    if (this.#wantsWord) this.#fail();
    this.#out += '^';
    // A star behind it is a star.
    this.#isStart = true;
  }

  #dollar(): void {
    const rest = this.#pattern.slice(this.#at);
    if (!this.#options.isExtended && !/^(?:$|\\\)|\\\||\n)/.test(rest)) this.#atom(literal('$'), false);
    else this.#atom('$', false);
  }

  #escape(): void {
    const one = this.#pattern[this.#at++];
    if (one === undefined) this.#fail();
    const { isExtended, hasEscapes } = this.#options;
    if (!isExtended && '(){|+?'.includes(one)) {
      if (one === '}') this.#fail();
      this.#special(one);
    } else if ('wWsSB'.includes(one)) this.#atom(`\\${one}`, one === 'w');
    else if (one === 'b') this.#boundary();
    else if (one === '<') {
      this.#boundary();
      this.#wantsWord = true;
    } else if (one === '>') {
      if (!this.#isWord) this.#fail();
      this.#boundary();
    } else if (hasEscapes && ESCAPED[one] !== undefined) this.#atom(literal(ESCAPED[one]), false);
    else if (/[0-9a-zA-Z`']/.test(one) || one.charCodeAt(0) > 0x7f) this.#fail();
    else this.#atom(literal(one), one === '_');
  }

  #boundary(): void {
    this.#out += '\\b';
    this.#isStart = false;
  }

  #bracket(): void {
    const isNegative = this.#pattern[this.#at] === '^';
    if (isNegative) this.#at++;
    const first = this.#at;
    let set = '';
    let isWord = !isNegative;
    for (;;) {
      const rest = this.#pattern.slice(this.#at);
      if (rest === '') this.#fail();
      if (rest.startsWith(']') && this.#at > first) break;
      const named = /^\[:([a-z]+):\]/.exec(rest);
      if (named?.[1] !== undefined) {
        if (!CLASSES.includes(named[1])) this.#fail();
        set += named[0];
        isWord &&= WORD_CLASSES.test(named[1]);
        this.#at += named[0].length;
        continue;
      }
      const from = this.#member();
      const isRange = /^-[^\]]/.test(this.#pattern.slice(this.#at));
      if (isRange) this.#at++;
      const to = isRange ? this.#member() : from;
      if (to < from) this.#fail();
      set += isRange ? `${literal(from)}-${literal(to)}` : literal(from);
      isWord &&= isRange ? /^(?:[0-9]{2}|[a-z]{2}|[A-Z]{2})$/.test(from + to) : WORD.test(from);
    }
    this.#at++;
    this.#atom(`[${isNegative ? '^' : ''}${set}]`, isWord);
  }

  /** One character of a bracket expression. */
  #member(): string {
    const one = String.fromCodePoint(this.#pattern.codePointAt(this.#at) ?? 0);
    this.#at += one.length;
    const next = this.#pattern[this.#at] ?? '';
    if (one === '[' && /[.=:]/.test(next)) this.#fail();
    if (one !== '\\' || this.#options.hasEscapes !== true) return one;
    const escaped = ESCAPED[next];
    if (escaped !== undefined) this.#at++;
    return escaped ?? one;
  }
}

export function translated(pattern: string, options: RegexOptions): string {
  return new Translation(pattern, options).out;
}

export function compiled(pattern: string, options: RegexOptions): Regex {
  return regexOf(translated(pattern, options), pattern, options.ignoreCase === true);
}

/** Of a source in RE2's own notation; `pattern`: how the user wrote it. */
export function regexOf(source: string, pattern: string, ignoreCase: boolean): Regex {
  const flags = RE2JS.DOTALL | RE2JS.LONGEST_MATCH | (ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  try {
    return new Regex(source, flags);
  } catch {
    throw new Unsupported(`the pattern '${pattern}'`);
  }
}

/** A text that stands for itself. */
export const quotedRegex = (text: string): string => [...text].map(literal).join('');
