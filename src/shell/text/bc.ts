import { parseOptions } from './options.ts';
import { printed, type TextTool, Unsupported } from './tool.ts';

/** `digits / 10^scale`. */
interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

const MOST_DIGITS = 2000;
/** Longer numbers are broken into lines. */
const WIDTH = 68;

const TOKEN =
  /[ \t]*(\/\*[\s\S]*?\*\/|#[^\n]*|\\\n|\n|;|[0-9A-F]+\.?[0-9A-F]*|\.[0-9A-F]+|[a-z][a-z0-9_]*|[-+*/%^]=|\+\+|--|[<>=!]=|&&|\|\||.)/y;

function tokensOf(text: string): string[] {
  TOKEN.lastIndex = 0;
  const found: string[] = [];
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [, token = ''] = match;
    if (!/^(?:\/\*|#|\\\n)/.test(token)) found.push(token);
    if (TOKEN.lastIndex >= text.length) break;
  }
  return found;
}

const power = (exponent: number): bigint => 10n ** BigInt(exponent);

/** With so many digits behind the point; what is cut off is lost. */
function rescaled({ digits, scale }: Decimal, to: number): Decimal {
  return { digits: to >= scale ? digits * power(to - scale) : digits / power(scale - to), scale: to };
}

function aligned(left: Decimal, right: Decimal): [bigint, bigint, number] {
  const scale = Math.max(left.scale, right.scale);
  return [rescaled(left, scale).digits, rescaled(right, scale).digits, scale];
}

function quotient(left: Decimal, right: Decimal, scale: number): Decimal {
  if (right.digits === 0n) throw new Unsupported('a division by zero');
  // Both as whole numbers, and as many digits more as are wanted.
  const [a, b] = aligned(left, right);
  return { digits: (a * power(scale)) / b, scale };
}

function product(left: Decimal, right: Decimal, scale: number): Decimal {
  const exact = { digits: left.digits * right.digits, scale: left.scale + right.scale };
  return rescaled(exact, Math.min(exact.scale, Math.max(scale, left.scale, right.scale)));
}

function remainder(left: Decimal, right: Decimal, scale: number): Decimal {
  const whole = quotient(left, right, scale);
  const wanted = Math.max(scale + right.scale, left.scale);
  const taken = { digits: whole.digits * right.digits, scale: whole.scale + right.scale };
  const [a, b, common] = aligned(left, taken);
  return rescaled({ digits: a - b, scale: common }, wanted);
}

function raised(base: Decimal, exponent: Decimal, scale: number): Decimal {
  const times = Number(rescaled(exponent, 0).digits);
  const size = base.digits.toString().length * Math.abs(times);
  if (exponent.scale > 0 || !(size <= MOST_DIGITS)) throw new Unsupported('such a power');
  const exact = { digits: base.digits ** BigInt(Math.abs(times)), scale: base.scale * Math.abs(times) };
  if (times < 0) return quotient({ digits: 1n, scale: 0 }, exact, scale);
  return rescaled(exact, Math.min(exact.scale, Math.max(scale, base.scale)));
}

function root(value: Decimal, scale: number): Decimal {
  const wanted = Math.max(scale, value.scale);
  if (value.digits < 0n) throw new Unsupported('the root of a negative number');
  const square = rescaled(value, 2 * wanted).digits;
  if (square < 2n) return { digits: square, scale: wanted };
  let guess = 1n << BigInt((square.toString(2).length + 1) >> 1);
  for (let next = (guess + square / guess) >> 1n; next < guess; next = (guess + square / guess) >> 1n) guess = next;
  return { digits: guess, scale: wanted };
}

function textOf({ digits, scale }: Decimal, base: number): string {
  if (digits === 0n) return '0';
  if (base !== 10 && scale > 0) throw new Unsupported('a fraction with obase');
  const sign = digits < 0n ? '-' : '';
  const magnitude = (digits < 0n ? -digits : digits).toString(base).toUpperCase();
  if (scale === 0) return sign + magnitude;
  const all = magnitude.padStart(scale, '0');
  return `${sign}${all.slice(0, all.length - scale)}.${all.slice(all.length - scale)}`;
}

const truth = (is: boolean): Decimal => ({ digits: is ? 1n : 0n, scale: 0 });

const COMPARISONS: Readonly<Record<string, (difference: bigint) => boolean>> = {
  '<': (difference) => difference < 0n,
  '<=': (difference) => difference <= 0n,
  '==': (difference) => difference === 0n,
  '!=': (difference) => difference !== 0n,
  '>=': (difference) => difference >= 0n,
  '>': (difference) => difference > 0n,
};

const NAME = /^[a-z][a-z0-9_]*$/;
/** Statements and functions that are not simulated. */
const WORDS =
  /^(?:if|else|while|for|define|auto|return|print|halt|break|continue|last|read|length|limits|warranty|history)$/;
const ASSIGNMENT = /^(?:=|[-+*/%^]=)$/;

/** Reads and calculates at once. */
class Calculator {
  readonly #tokens: readonly string[];
  readonly #variables = new Map<string, Decimal>();
  #at = 0;
  #out = '';

  constructor(text: string, scale: number) {
    this.#tokens = tokensOf(text);
    this.#set('scale', scale);
    this.#set('ibase', 10);
    this.#set('obase', 10);
  }

  #set(name: string, value: number): void {
    this.#variables.set(name, { digits: BigInt(value), scale: 0 });
  }

  #setting(name: string): number {
    return Number(this.#variables.get(name)?.digits ?? 0n);
  }

  run(): string {
    while (this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at];
      if (token === ';' || token === '\n') this.#at++;
      else if (token === 'quit') break;
      else this.#statement();
    }
    return this.#out;
  }

  #fail(): never {
    throw new Unsupported(`the program at '${this.#tokens[this.#at] ?? 'its end'}'`);
  }

  #statement(): void {
    const isAssigned = NAME.test(this.#tokens[this.#at] ?? '') && ASSIGNMENT.test(this.#tokens[this.#at + 1] ?? '');
    const value = this.#assignment();
    const isCompared = COMPARISONS[this.#tokens[this.#at] ?? ''] !== undefined;
    const result = isCompared ? this.#compared(value) : value;
    const end = this.#tokens[this.#at];
    if (end !== undefined && end !== ';' && end !== '\n') this.#fail();
    if (isCompared || !isAssigned) this.#print(result);
  }

  #print(value: Decimal): void {
    const base = this.#setting('obase');
    if (base < 2 || base > 16) throw new Unsupported(`obase ${base}`);
    const text = textOf(value, base);
    if (text.length > WIDTH) throw new Unsupported('a number that is longer than a line');
    this.#out += `${text}\n`;
  }

  #accept(...tokens: readonly string[]): string | undefined {
    const token = this.#tokens[this.#at];
    if (token === undefined || !tokens.includes(token)) return undefined;
    this.#at++;
    return token;
  }

  #comparison(): Decimal {
    return this.#compared(this.#assignment());
  }

  #compared(left: Decimal): Decimal {
    const operator = this.#accept('<', '<=', '==', '!=', '>=', '>');
    if (operator === undefined) return left;
    const [a, b] = aligned(left, this.#assignment());
    return truth(COMPARISONS[operator]?.(a - b) ?? false);
  }

  #assignment(): Decimal {
    const name = this.#tokens[this.#at] ?? '';
    const operator = this.#tokens[this.#at + 1] ?? '';
    if (!NAME.test(name) || !ASSIGNMENT.test(operator)) return this.#sum();
    if (WORDS.test(name)) this.#fail();
    this.#at += 2;
    const right = this.#assignment();
    const value = operator === '=' ? right : this.#applied(operator.slice(0, -1), this.#variable(name), right);
    if (/^(?:scale|ibase|obase)$/.test(name)) this.#check(name, value);
    this.#variables.set(name, value);
    return value;
  }

  #check(name: string, value: Decimal): void {
    const least = name === 'scale' ? 0n : 2n;
    const most = name === 'scale' ? BigInt(MOST_DIGITS) : 16n;
    if (value.scale > 0 || value.digits < least || value.digits > most) throw new Unsupported(`such a ${name}`);
  }

  #variable(name: string): Decimal {
    return this.#variables.get(name) ?? { digits: 0n, scale: 0 };
  }

  #applied(operator: string, left: Decimal, right: Decimal): Decimal {
    const scale = this.#setting('scale');
    if (operator === '*') return product(left, right, scale);
    if (operator === '/') return quotient(left, right, scale);
    if (operator === '%') return remainder(left, right, scale);
    if (operator === '^') return raised(left, right, scale);
    const [a, b, common] = aligned(left, right);
    return { digits: operator === '+' ? a + b : a - b, scale: common };
  }

  #sum(): Decimal {
    let left = this.#product();
    for (let operator = this.#accept('+', '-'); operator !== undefined; operator = this.#accept('+', '-')) {
      left = this.#applied(operator, left, this.#product());
    }
    return left;
  }

  #product(): Decimal {
    let left = this.#power();
    for (let operator = this.#accept('*', '/', '%'); operator !== undefined; operator = this.#accept('*', '/', '%')) {
      left = this.#applied(operator, left, this.#power());
    }
    return left;
  }

  #power(): Decimal {
    const left = this.#signed();
    return this.#accept('^') === undefined ? left : this.#applied('^', left, this.#power());
  }

  /** A sign binds more than `^`: -2^2 is 4. */
  #signed(): Decimal {
    if (this.#accept('-') === undefined) return this.#operand();
    const { digits, scale } = this.#signed();
    return { digits: -digits, scale };
  }

  #operand(): Decimal {
    if (this.#accept('(') !== undefined) return this.#bracketed();
    const token = this.#tokens[this.#at] ?? '';
    const isCalled = this.#tokens[this.#at + 1] === '(';
    if (token === 'sqrt' && isCalled) {
      this.#at += 2;
      return root(this.#bracketed(), this.#setting('scale'));
    }
    if (/^[0-9A-F.]/.test(token) && token !== '.') {
      this.#at++;
      return this.#number(token);
    }
    const next = this.#tokens[this.#at + 1] ?? '';
    if (!NAME.test(token) || WORDS.test(token) || isCalled || /^(?:\+\+|--|\[)$/.test(next)) this.#fail();
    this.#at++;
    return this.#variable(token);
  }

  #bracketed(): Decimal {
    const value = this.#comparison();
    if (this.#accept(')') === undefined) this.#fail();
    return value;
  }

  #number(token: string): Decimal {
    const base = this.#setting('ibase');
    const [whole = '', part = ''] = token.split('.');
    if (base === 10 && /^[\d.]+$/.test(token)) return { digits: BigInt(whole + part), scale: part.length };
    let value = 0n;
    for (const one of whole) {
      const digit = Number.parseInt(one, 16);
      // A number of one digit is that digit, whatever the base is.
      if (token.includes('.') || (digit >= base && whole.length > 1)) throw new Unsupported(`the number ${token}`);
      value = value * BigInt(base) + BigInt(digit);
    }
    return { digits: value, scale: 0 };
  }
}

/** Digits of `bc -l`. */
const LIBRARY_SCALE = 20;

export const bc: TextTool = ({ args, stdin }) => {
  const parsed = parseOptions(args, { flags: 'lq', long: { mathlib: 'l', quiet: 'q' } });
  if (parsed.operands.length > 0) throw new Unsupported('a file');
  // Some versions refuse such a line.
  if (/[^\n]$/.test(stdin)) throw new Unsupported('a last line without an end');
  return printed(new Calculator(stdin, parsed.has('l') ? LIBRARY_SCALE : 0).run());
};
