import { ofDecimal, toLongDouble } from './decimal.ts';
import { DIRECTIVE, type Directive, directive, formatFloat, formatInteger, formatText, padded } from './directive.ts';
import { Unsupported } from './tool.ts';

/** What the shell's printf gives. `stderr` has no name of a shell in front. */
export interface Formatted {
  readonly text: string;
  readonly exit: number;
  readonly stderr: string;
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  E: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '?': '?',
};
const ESCAPE = /\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|(.))/gsu;
/** In an argument of `%b` an octal number may have a zero in front. */
const ESCAPE_B = /\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|(0?[0-7]{1,3})|(.))/gsu;

/** One byte that is no ASCII would have to be joined with its neighbours. */
function character(code: number, isByte: boolean): string {
  if (isByte && code > 0x7f) throw new Unsupported('bytes beyond ASCII written as numbers');
  return String.fromCodePoint(code);
}

function unescaped(text: string, pattern: RegExp): string {
  return text.replace(pattern, (all, hex?: string, short?: string, long?: string, octal?: string, other?: string) => {
    if (hex !== undefined) return character(Number.parseInt(hex, 16), true);
    if (octal !== undefined) return character(Number.parseInt(octal, 8) & 0xff, true);
    const code = short ?? long;
    if (code !== undefined) return character(Number.parseInt(code, 16), false);
    return ESCAPES[other ?? ''] ?? all;
  });
}

const MAX = (1n << 63n) - 1n;
const MIN = -(1n << 63n);
const MAX_UNSIGNED = (1n << 64n) - 1n;
const INTEGER = /^[ \t\n\v\f\r]*([-+]?)(0[xX][0-9a-fA-F]+|\d+)/;

interface Parsed<T> {
  readonly value: T;
  /** What is behind the number is none. */
  readonly isWhole: boolean;
}

function integerOf(text: string): Parsed<bigint> {
  const match = INTEGER.exec(text);
  if (match === null) return { value: 0n, isWhole: text === '' };
  const [all, sign, digits = ''] = match;
  const isOctal = /^0[0-9]/.test(digits);
  const octal = /^0[0-7]*/.exec(digits)?.[0] ?? '';
  const magnitude = isOctal ? BigInt(octal === '0' ? 0 : `0o${octal.slice(1)}`) : BigInt(digits);
  const length = isOctal ? all.length - digits.length + octal.length : all.length;
  return { value: sign === '-' ? -magnitude : magnitude, isWhole: length === text.length };
}

/** What bash says of text that is no number. */
function wrongNumber(text: string): string {
  if (/^0[xX]/.test(text)) return 'invalid hex number';
  return /^0[0-9]/.test(text) ? 'invalid octal number' : 'invalid number';
}

const FLOAT = /^[ \t\n\v\f\r]*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)/;

/** One pass of a format over the arguments that are left, and what it has printed so far. */
class Printing {
  readonly #args: readonly string[];
  #next = 0;
  #text = '';
  #messages = '';
  #exit = 0;
  /** `\c`, or a format that cannot be read: nothing follows. */
  #isOver = false;

  constructor(args: readonly string[]) {
    this.#args = args;
  }

  run(format: string): Formatted {
    do {
      const before = this.#next;
      this.#pass(format);
      if (this.#next === before) break;
    } while (this.#next < this.#args.length && !this.#isOver);
    return { text: this.#text, exit: this.#exit, stderr: this.#messages };
  }

  #pass(format: string): void {
    for (let at = 0; at < format.length && !this.#isOver; ) {
      const percent = format.indexOf('%', at);
      const end = percent < 0 ? format.length : percent;
      this.#text += unescaped(format.slice(at, end), ESCAPE);
      at = end;
      if (percent >= 0) at += this.#directive(format, percent);
    }
  }

  #take(): string | undefined {
    return this.#args[this.#next] === undefined ? undefined : this.#args[this.#next++];
  }

  #fail(message: string): void {
    this.#messages += `printf: ${message}\n`;
    this.#exit = 1;
  }

  /** Prints what the directive at this place stands for; how long it is. */
  #directive(format: string, at: number): number {
    DIRECTIVE.lastIndex = at;
    const [all = '', flags = '', width, precision, conversion = ''] = DIRECTIVE.exec(format) ?? [];
    if (all === '%%') {
      this.#text += '%';
      return 2;
    }
    const wide = width === '*' ? Number(this.#integer()) : Number(width ?? 0);
    const exact = precision === '*' ? Number(this.#integer()) : precision === undefined ? null : Number(precision);
    this.#convert(directive(flags, wide, exact, conversion), all);
    return all.length;
  }

  #convert(about: Directive, all: string): void {
    const { conversion } = about;
    if (/^[diuxXo]$/.test(conversion)) this.#text += formatInteger(this.#integer(conversion), about);
    else if (/^[feEgG]$/.test(conversion) || conversion === 'F') this.#text += this.#float(about);
    else if (conversion === 's') this.#text += formatText(this.#take() ?? '', about);
    else if (conversion === 'c') this.#text += padded([...(this.#take() ?? '')][0] ?? '\0', about);
    else if (conversion === 'b') this.#expanded(about);
    else if (conversion === 'q') this.#text += formatText(quoted(this.#take() ?? ''), about);
    else if (/^[(aAnQ']$/.test(conversion)) throw new Unsupported(`printf ${all}`);
    else this.#refuse(conversion, all);
  }

  #refuse(conversion: string, all: string): void {
    this.#isOver = true;
    this.#fail(
      conversion === '' ? `\`${all}': missing format character` : `\`${conversion}': invalid format character`,
    );
  }

  #expanded(about: Directive): void {
    const text = this.#take() ?? '';
    const end = /(?<!\\)(?:\\\\)*\\c/.exec(text);
    this.#text += formatText(unescaped(end ? text.slice(0, end.index + end[0].length - 2) : text, ESCAPE_B), about);
    if (end) this.#isOver = true;
  }

  /** A number for any of the conversions of whole numbers. */
  #integer(conversion = 'd'): bigint {
    const text = this.#take();
    if (text === undefined) return 0n;
    if (/^['"]/.test(text)) return BigInt(text.codePointAt(1) ?? 0);
    const { value, isWhole } = integerOf(text);
    if (!isWhole) this.#fail(`${text}: ${wrongNumber(text)}`);
    const isSigned = /[di]/.test(conversion);
    const within =
      value > (isSigned ? MAX : MAX_UNSIGNED) ? (isSigned ? MAX : MAX_UNSIGNED) : value < MIN ? MIN : value;
    if (within !== value) this.#messages += `printf: warning: ${text}: Numerical result out of range\n`;
    return within;
  }

  #float(about: Directive): string {
    const text = this.#take() ?? '0';
    if (/^['"]/.test(text)) return formatFloat({ negative: false, n: BigInt(text.codePointAt(1) ?? 0), d: 1n }, about);
    if (/^\s*[-+]?(?:0[xX]|inf|nan)/i.test(text)) throw new Unsupported(`printf %${about.conversion} of ${text}`);
    const [all = '', number = '0'] = FLOAT.exec(text) ?? [];
    if (all.length !== text.length) this.#fail(`${text}: invalid number`);
    const value = ofDecimal(number);
    if (value === null) throw new Unsupported(`printf %${about.conversion} of ${text}`);
    return formatFloat(toLongDouble(value), about);
  }
}

const SPECIAL = /[\s!"#$&'()*,;<=>?@[\\\]^`{|}~]/;

/** As `%q` writes a word: it can be read again by a shell. */
function quoted(word: string): string {
  if (word === '') return "''";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\x00-\x1f\x7f]/.test(word)) return dollarQuoted(word);
  // A tilde and a hash matter at the beginning only.
  return [...word]
    .map((one, at) => (!SPECIAL.test(one) || (/[~#]/.test(one) && at > 0) || /[=@]/.test(one) ? one : `\\${one}`))
    .join('');
}

const NAMES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\x1b': '\\E',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  "'": "\\'",
};

function dollarQuoted(word: string): string {
  const inner = [...word].map((one) => {
    const code = one.charCodeAt(0);
    return NAMES[one] ?? (code < 0x20 || code === 0x7f ? `\\${code.toString(8).padStart(3, '0')}` : one);
  });
  return `$'${inner.join('')}'`;
}

/** The shell's printf. It throws `Unsupported` where what bash prints is not known. */
export function formatPrintf(format: string, args: readonly string[]): Formatted {
  return new Printing(args).run(format);
}
