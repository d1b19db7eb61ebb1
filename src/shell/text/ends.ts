import type { TextCall, TextResult } from '../text-tools.ts';
import { needAscii } from './bytes.ts';
import { type Input, inputsOf, result } from './input.ts';
import { type Parsed, parseOptions } from './options.ts';
import { type TextTool, Unsupported } from './tool.ts';

const NAMES = { flags: 'qv', values: 'nc', long: { lines: 'n', bytes: 'c', quiet: 'q', silent: 'q', verbose: 'v' } };

interface Amount {
  readonly unit: 'n' | 'c';
  readonly sign: string;
  readonly count: number;
}

function amountOf(parsed: Parsed): Amount {
  const [unit, text] = parsed.options.findLast(([name]) => name === 'n' || name === 'c') ?? ['n', '10'];
  const match = /^([-+]?)(\d+)$/.exec(text);
  if (match === null) throw new Unsupported(`the number ${text}`);
  return { unit: unit === 'c' ? 'c' : 'n', sign: match[1] ?? '', count: Number(match[2]) };
}

/** Lines with their ends, or characters. */
function unitsOf(text: string, unit: Amount['unit']): readonly string[] {
  if (unit === 'n') return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  needAscii(text, 'bytes');
  return [...text];
}

const headOf = ({ unit, sign, count }: Amount, text: string): string => {
  const units = unitsOf(text, unit);
  return units.slice(0, sign === '-' ? Math.max(units.length - count, 0) : count).join('');
};

const tailOf = ({ unit, sign, count }: Amount, text: string): string => {
  const units = unitsOf(text, unit);
  return units.slice(sign === '+' ? Math.max(count - 1, 0) : Math.max(units.length - count, 0)).join('');
};

/** With names in front where there are several, as both programs have it. */
function titled(inputs: readonly Input[], parsed: Parsed, count: number, part: (text: string) => string): string {
  const hasTitles = parsed.has('v') || (count > 1 && !parsed.has('q'));
  if (!hasTitles) return inputs.map(({ text }) => part(text)).join('');
  const title = (name: string): string => `==> ${name === '-' ? 'standard input' : name} <==\n`;
  return inputs.map(({ name, text }) => title(name) + part(text)).join('\n');
}

/** `-5` stands for `-n 5`. */
const modern = (args: readonly string[], old: RegExp): string[] =>
  args.map((arg, at) => (at === 0 && old.test(arg) ? `-n${arg.replace(/^-/, '')}` : arg));

function run(call: TextCall, args: readonly string[], part: (amount: Amount, text: string) => string): TextResult {
  const parsed = parseOptions(args, NAMES);
  const amount = amountOf(parsed);
  const complain = (name: string): string => `cannot open '${name}' for reading: No such file or directory`;
  const { inputs, missing } = inputsOf(call, parsed.operands, complain);
  return result(
    titled(inputs, parsed, parsed.operands.length, (text) => part(amount, text)),
    missing,
  );
}

export const head: TextTool = (call) => run(call, modern(call.args, /^-\d+$/), headOf);
export const tail: TextTool = (call) => run(call, modern(call.args, /^[-+]\d+$/), tailOf);
