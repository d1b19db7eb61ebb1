import type { TextCall, TextResult } from '../text-tools.ts';
import { type Fraction, fixed, ofDecimal } from './decimal.ts';
import { directive, formatFloat } from './directive.ts';
import { printed, Refused, type TextTool, Unsupported } from './tool.ts';

interface Settings {
  readonly separator: string;
  readonly isWide: boolean;
  /** null: the digits of the operands decide. */
  readonly format: string | null;
  readonly operands: readonly string[];
}

/** More lines would fill the memory of whoever waits for them. */
const MOST_LINES = 100_000;

function settingsOf(args: readonly string[]): Settings {
  let separator = '\n';
  let isWide = false;
  let format: string | null = null;
  let at = 0;
  for (; at < args.length; at++) {
    const arg = args[at] ?? '';
    // A number with a sign is no option.
    if (!arg.startsWith('-') || /^-[\d.]/.test(arg) || arg === '-') break;
    if (arg === '--') {
      at++;
      break;
    }
    if (arg === '-w' || arg === '--equal-width') isWide = true;
    else if (arg === '-s' || arg === '--separator') separator = args[++at] ?? '';
    else if (arg.startsWith('--separator=')) separator = arg.slice('--separator='.length);
    else if (arg === '-f' || arg === '--format') format = args[++at] ?? '';
    else if (arg.startsWith('--format=')) format = arg.slice('--format='.length);
    else if (arg.startsWith('-s')) separator = arg.slice(2);
    else throw new Unsupported(`option ${arg}`);
  }
  return { separator, isWide, format, operands: args.slice(at) };
}

const digitsOf = (text: string): number => /\.(\d*)$/.exec(text)?.[1]?.length ?? 0;

function scaled(text: string, digits: number): bigint {
  const { negative, n, d } = fractionOf(text);
  const value = (n * 10n ** BigInt(digits)) / d;
  return negative ? -value : value;
}

function fractionOf(text: string): Fraction {
  const found = ofDecimal(text);
  if (found === null)
    throw new Refused(`invalid floating point argument: ‘${text}’\nTry 'seq --help' for more information.`);
  if (/[eE]/.test(text)) throw new Unsupported(`the number ${text}`);
  return found;
}

/** Unsigned text of the number with as many digits behind the point. */
function textOf(value: bigint, digits: number): string {
  const magnitude = value < 0n ? -value : value;
  const text = fixed({ negative: false, n: magnitude, d: 10n ** BigInt(digits) }, digits);
  return value < 0n ? `-${text}` : text;
}

function widened(text: string, width: number): string {
  return text.startsWith('-') ? `-${text.slice(1).padStart(width - 1, '0')}` : text.padStart(width, '0');
}

export const seq: TextTool = ({ args }: TextCall): TextResult => {
  const { separator, isWide, format, operands } = settingsOf(args);
  const [one, two, three, extra] = operands;
  if (one === undefined) throw new Refused("missing operand\nTry 'seq --help' for more information.");
  if (extra !== undefined) throw new Refused(`extra operand ‘${extra}’\nTry 'seq --help' for more information.`);
  const from = two === undefined ? '1' : one;
  const step = three === undefined ? '1' : (two ?? '1');
  const to = three ?? two ?? one;
  for (const operand of operands) fractionOf(operand);
  const all = Math.max(...operands.map(digitsOf), 0);
  // The last number's digits only say where to stop, and with -w how wide.
  const digits = Math.max(digitsOf(from), digitsOf(step));
  return printed(
    lines(
      { from: scaled(from, all), step: scaled(step, all), to: scaled(to, all), all, digits, isWide, format, separator },
      [from, to],
    ),
  );
};

interface Row {
  readonly from: bigint;
  readonly step: bigint;
  readonly to: bigint;
  readonly all: number;
  readonly digits: number;
  readonly isWide: boolean;
  readonly format: string | null;
  readonly separator: string;
}

/** A text with one `%f`, `%g` or `%e` in it. */
const FORMAT = /^([^%]*)%([-+ 0]*)(\d*)(?:\.(\d*))?([feg])([^%]*)$/;

function formatted(value: bigint, all: number, format: string): string {
  const match = FORMAT.exec(format);
  if (match === null) throw new Unsupported(`the format ${format}`);
  const [, before = '', flags = '', width = '', precision, conversion = '', behind = ''] = match;
  const about = directive(flags, Number(width), precision === undefined ? null : Number(precision), conversion);
  const negative = value < 0n;
  return before + formatFloat({ negative, n: negative ? -value : value, d: 10n ** BigInt(all) }, about) + behind;
}

function lines({ from, step, to, all, digits, isWide, format, separator }: Row, ends: readonly string[]): string {
  if (step === 0n) throw new Refused("invalid Zero increment value: ‘0’\nTry 'seq --help' for more information.");
  if ((to - from) / step >= BigInt(MOST_LINES)) throw new Unsupported(`more than ${MOST_LINES} numbers`);
  const unit = 10n ** BigInt(all - digits);
  const found: string[] = [];
  for (let value = from; step > 0n ? value <= to : value >= to; value += step) {
    found.push(format === null ? textOf(value / unit, digits) : formatted(value, all, format));
  }
  if (found.length === 0) return '';
  const width = Math.max(...ends.map((end) => textOf(scaled(end, digits), digits).length));
  const texts = isWide && format === null ? found.map((text) => widened(text, width)) : found;
  return `${texts.join(separator)}\n`;
}
