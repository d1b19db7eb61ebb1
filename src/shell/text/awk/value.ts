import { ofDouble } from '../decimal.ts';
import { DIRECTIVE, directive, formatFloat, formatInteger, formatText, padded } from '../directive.ts';
import { Unsupported } from '../tool.ts';

/** What came from outside and looks like a number counts as both. Never set: `''` and 0. */
export interface Both {
  readonly text: string;
  readonly number: number;
}

export type Value = string | number | Both;

export const UNSET: Both = { text: '', number: 0 };

/** A field that the record does not have. */
export const ABSENT: Both = { text: '', number: 0 };

const LOOKS_NUMERIC = /^[ \t\n]*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?[ \t\n]*$/;
const PREFIX = /^[ \t\n]*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/;
/** Numbers for some of the programs called awk. */
const DISPUTED = /^[ \t\n]*[-+]?(?:0[xX][0-9a-fA-F]|nan|inf)/i;

/** Beyond it one prints 4294967296 and another 4.29497e+09. */
const GREATEST = 0x7fffffff;

export function fromOutside(text: string): Value {
  return LOOKS_NUMERIC.test(text) ? { text, number: Number(text) } : text;
}

export function numberOf(value: Value): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return value.number;
  if (DISPUTED.test(value)) throw new Unsupported(`'${value}' as a number`);
  return Number(PREFIX.exec(value)?.[0] ?? 0);
}

export function textOf(value: Value, format: string): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'number') return value.text;
  if (!Number.isFinite(value) || Object.is(value, -0)) throw new Unsupported(`the number ${value}`);
  if (!Number.isInteger(value)) return formatted(format, [value]);
  if (Math.abs(value) > GREATEST)
    throw new Unsupported('whole numbers beyond 2147483647: not every awk prints the same');
  return String(value);
}

export function isTrue(value: Value): boolean {
  if (typeof value === 'number') return value !== 0;
  if (typeof value === 'string') return value !== '';
  // What came from outside and is 0 is false; what was never set, too.
  return value.number !== 0;
}

const ordered = <T>(left: T, right: T): number => (left === right ? 0 : left < right ? -1 : 1);

export function compared(left: Value, right: Value, format: string): number {
  const asTexts = (): number => ordered(textOf(left, format), textOf(right, format));
  if (typeof left === 'string' || typeof right === 'string') return asTexts();
  const order = ordered(numberOf(left), numberOf(right));
  // For some it is 0, for others an empty text.
  const isDisputed = left === ABSENT || right === ABSENT;
  if (isDisputed && order !== asTexts()) throw new Unsupported('a missing field compared with a number');
  return order;
}

function integerOf(value: Value, isSigned: boolean): bigint {
  const number = Math.trunc(numberOf(value));
  if (!(Math.abs(number) <= GREATEST) || (number < 0 && !isSigned)) {
    throw new Unsupported(`${number} as a whole number: not every awk prints the same`);
  }
  return BigInt(number);
}

function characterOf(value: Value): string {
  if (typeof value !== 'number') return [...textOf(value, '')][0] ?? '';
  if (!(value >= 1 && value < 0x80)) throw new Unsupported(`%c of ${value}`);
  return String.fromCharCode(value);
}

/** As `printf` and `sprintf` of awk. */
export function formatted(format: string, args: readonly Value[]): string {
  let next = 0;
  const take = (): Value => {
    const value = args[next++];
    if (value === undefined) throw new Unsupported('a format with too few values');
    return value;
  };
  return format.replace(
    new RegExp(DIRECTIVE.source, 'gsu'),
    (all, flags: string, width?: string, precision?: string, conversion = '') => {
      if (all === '%%') return '%';
      const wide = width === '*' ? numberOf(take()) : Number(width ?? 0);
      const exact = precision === '*' ? numberOf(take()) : precision === undefined ? null : Number(precision);
      const about = directive(flags, wide, exact, conversion);
      if (/^[diouxX]$/.test(conversion)) return formatInteger(integerOf(take(), /[di]/.test(conversion)), about);
      if (/^[feEgG]$/.test(conversion)) return formatFloat(finite(numberOf(take())), about);
      if (conversion === 's') return formatText(textOf(take(), '%.6g'), about);
      if (conversion === 'c') return padded(characterOf(take()), about);
      throw new Unsupported(`the format ${all}`);
    },
  );
}

function finite(value: number): ReturnType<typeof ofDouble> {
  if (!Number.isFinite(value)) throw new Unsupported(`the number ${value}`);
  return ofDouble(value);
}
