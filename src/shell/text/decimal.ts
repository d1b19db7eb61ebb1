/**
 * Numbers as C's printf prints them. JavaScript rounds 0.5 up, C to the even digit, and a shell's printf calculates with
 * more bits than JavaScript has: so the digits are made from exact fractions.
 */

/** A number without its sign: `n / d`. */
export interface Fraction {
  readonly negative: boolean;
  readonly n: bigint;
  readonly d: bigint;
}

/** Bits of x86's long double, with which bash's printf and seq calculate. */
const LONG_DOUBLE = 64;

const DECIMAL = /^([-+]?)(\d*)\.?(\d*)(?:[eE]([-+]?\d{1,4}))?$/;

/** The fraction that a finite number of JavaScript stands for. */
export function ofDouble(value: number): Fraction {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const field = Number((bits >> 52n) & 0x7ffn);
  const mantissa = (bits & 0xfffffffffffffn) | (field === 0 ? 0n : 1n << 52n);
  const power = BigInt(Math.max(field, 1) - 1075);
  const negative = bits >> 63n === 1n;
  return power >= 0n ? { negative, n: mantissa << power, d: 1n } : { negative, n: mantissa, d: 1n << -power };
}

/** What a decimal number stands for; null: it is none. */
export function ofDecimal(text: string): Fraction | null {
  const match = DECIMAL.exec(text);
  if (match === null) return null;
  const [, sign = '', whole = '', part = '', power = '0'] = match;
  if (whole === '' && part === '') return null;
  const exponent = BigInt(power) - BigInt(part.length);
  const digits = BigInt(whole + part);
  const negative = sign === '-';
  return exponent >= 0n
    ? { negative, n: digits * 10n ** exponent, d: 1n }
    : { negative, n: digits, d: 10n ** -exponent };
}

const bitLength = (value: bigint): number => value.toString(2).length;

/** `n / d`, the half to the even number. */
function rounded(n: bigint, d: bigint): bigint {
  const whole = n / d;
  const twice = 2n * (n % d);
  return twice > d || (twice === d && (whole & 1n) === 1n) ? whole + 1n : whole;
}

/** The nearest number that has a long double. */
export function toLongDouble({ negative, n, d }: Fraction): Fraction {
  if (n === 0n) return { negative, n, d };
  const shift = BigInt(LONG_DOUBLE - (bitLength(n) - bitLength(d)));
  // One more bit than there may be, or as many.
  const bits = shift >= 0n ? (n << shift) / d : n / (d << -shift);
  const exact = bits >> BigInt(LONG_DOUBLE) === 0n ? shift : shift - 1n;
  const mantissa = exact >= 0n ? rounded(n << exact, d) : rounded(n, d << -exact);
  return exact >= 0n ? { negative, n: mantissa, d: 1n << exact } : { negative, n: mantissa << -exact, d: 1n };
}

/** `digits` behind the point, without the sign. */
export function fixed({ n, d }: Fraction, digits: number): string {
  const text = rounded(n * 10n ** BigInt(digits), d)
    .toString()
    .padStart(digits + 1, '0');
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** The power of ten of the first digit. */
function magnitude(n: bigint, d: bigint): number {
  const guess = n.toString().length - d.toString().length;
  const isLess = guess >= 0 ? n < d * 10n ** BigInt(guess) : n * 10n ** BigInt(-guess) < d;
  return isLess ? guess - 1 : guess;
}

interface Scientific {
  readonly digits: string;
  readonly power: number;
}

/** `count` digits, the first of them before the point. */
function scientific({ n, d }: Fraction, count: number): Scientific {
  if (n === 0n) return { digits: '0'.repeat(count), power: 0 };
  const power = magnitude(n, d);
  const shift = count - 1 - power;
  const scaled = shift >= 0 ? rounded(n * 10n ** BigInt(shift), d) : rounded(n, d * 10n ** BigInt(-shift));
  const digits = scaled.toString();
  return digits.length > count ? { digits: digits.slice(0, count), power: power + 1 } : { digits, power };
}

function withPower(mantissa: string, power: number): string {
  const sign = power < 0 ? '-' : '+';
  return `${mantissa}e${sign}${Math.abs(power).toString().padStart(2, '0')}`;
}

const pointed = (digits: string): string => (digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits);

/** As `%e` prints it, without the sign. */
export function exponential(value: Fraction, digits: number): string {
  const found = scientific(value, digits + 1);
  return withPower(pointed(found.digits), found.power);
}

/** As `%g` prints it, without the sign. */
export function general(value: Fraction, precision: number): string {
  const count = Math.max(precision, 1);
  const { digits, power } = scientific(value, count);
  if (power < -4 || power >= count) return withPower(pointed(digits.replace(/(?<=.)0+$/, '')), power);
  const text = fixed(value, count - 1 - power);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
