import { exponential, type Fraction, fixed, general } from './decimal.ts';
import { Unsupported } from './tool.ts';

/** One `%…` of a format, with its stars replaced. */
export interface Directive {
  readonly flags: string;
  readonly width: number;
  /** null: none is given. */
  readonly precision: number | null;
  readonly conversion: string;
}

/** Flags, width, precision, conversion. */
export const DIRECTIVE = /%([-+ #0]*)(\*|\d+)?(?:\.(\*|\d*))?[hjlLtz]*(.?)/suy;

/** More would only fill the memory. */
const WIDEST = 100;

/** A width that is negative stands for the flag `-`. */
export function directive(flags: string, width: number, precision: number | null, conversion: string): Directive {
  if (!(Math.abs(width) <= WIDEST && (precision ?? 0) <= WIDEST)) throw new Unsupported('such a width');
  const isLeft = width < 0;
  return {
    flags: isLeft ? `${flags}-` : flags,
    width: Math.abs(width),
    precision: precision !== null && precision < 0 ? null : precision,
    conversion,
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
const ASCII = /^[\x00-\x7f]*$/;

export function padded(text: string, { flags, width }: Directive): string {
  const missing = width - text.length;
  if (missing <= 0) return text;
  return flags.includes('-') ? text + ' '.repeat(missing) : ' '.repeat(missing) + text;
}

export function formatText(text: string, about: Directive): string {
  // Some count bytes, some characters.
  const isCounted = about.width > 0 || about.precision !== null;
  if (isCounted && !ASCII.test(text)) throw new Unsupported('a width for text that is not ASCII');
  return padded(about.precision === null ? text : text.slice(0, about.precision), about);
}

/** With zeros between `sign` and digits where the flag `0` asks for them. */
function signed(sign: string, digits: string, about: Directive, mayFill: boolean): string {
  if (!mayFill || !about.flags.includes('0') || about.flags.includes('-')) return padded(sign + digits, about);
  return sign + digits.padStart(about.width - sign.length, '0');
}

function signOf(negative: boolean, flags: string): string {
  if (negative) return '-';
  if (flags.includes('+')) return '+';
  return flags.includes(' ') ? ' ' : '';
}

const RADIX: Readonly<Record<string, number>> = { x: 16, X: 16, o: 8, u: 10, d: 10, i: 10 };

/** `%d %i %u %x %X %o`, of 64 bits. */
export function formatInteger(value: bigint, about: Directive): string {
  const { flags, precision, conversion } = about;
  const isSigned = conversion === 'd' || conversion === 'i';
  const magnitude = isSigned ? (value < 0n ? -value : value) : BigInt.asUintN(64, value);
  const plain = magnitude === 0n && precision === 0 ? '' : magnitude.toString(RADIX[conversion] ?? 10);
  const digits = (conversion === 'X' ? plain.toUpperCase() : plain).padStart(precision ?? 1, '0');
  const hasPrefix = flags.includes('#');
  if (conversion === 'o' && hasPrefix && !digits.startsWith('0'))
    return signed('', `0${digits}`, about, precision === null);
  const prefix = hasPrefix && magnitude !== 0n && /x/i.test(conversion) ? `0${conversion}` : '';
  return signed(isSigned ? signOf(value < 0n, flags) : prefix, digits, about, precision === null);
}

const FLOAT = { f: fixed, e: exponential, g: general };

/** `%f %F %e %E %g %G`. Not finite: the text that stands for it, as `inf`. */
export function formatFloat(
  value: Fraction | { readonly negative: boolean; readonly text: string },
  about: Directive,
): string {
  const { conversion, flags, precision } = about;
  if (flags.includes('#')) throw new Unsupported(`%#${conversion}`);
  const sign = signOf(value.negative, flags);
  const isUpper = conversion !== conversion.toLowerCase();
  const kind = conversion.toLowerCase() as keyof typeof FLOAT;
  const text = 'text' in value ? value.text : FLOAT[kind](value, precision ?? 6);
  return signed(sign, isUpper ? text.toUpperCase() : text, about, !('text' in value));
}
