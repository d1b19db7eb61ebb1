import { Unsupported } from './tool.ts';

/** Which options a program has, as far as they are simulated. */
export interface OptionNames {
  /** Letters without a value. */
  readonly flags: string;
  /** Letters with one. */
  readonly values?: string;
  /** Long names, and the letters that they stand for. */
  readonly long?: Readonly<Record<string, string>>;
}

export interface Parsed {
  /** In the order in which they are given; without a value: ''. */
  readonly options: readonly (readonly [name: string, value: string])[];
  readonly operands: readonly string[];
  has(name: string): boolean;
  /** The last value of an option. */
  value(name: string): string | undefined;
}

/** Reads arguments as GNU's programs do: options may stand behind operands, up to `--`. */
export function parseOptions(args: readonly string[], names: OptionNames): Parsed {
  const options: (readonly [string, string])[] = [];
  const operands: string[] = [];
  const queue = [...args];
  const take = (attached: string | undefined, option: string): string => {
    const value = attached ?? queue.shift();
    if (value === undefined) throw new Unsupported(`option ${option} without a value`);
    return value;
  };
  for (let arg = queue.shift(); arg !== undefined; arg = queue.shift()) {
    if (arg === '--') operands.push(...queue.splice(0));
    else if (arg.startsWith('--')) options.push(longOption(arg, names, take));
    else if (arg.startsWith('-') && arg !== '-') options.push(...letters(arg, names, take));
    else operands.push(arg);
  }
  return {
    options,
    operands,
    has: (name) => options.some(([one]) => one === name),
    value: (name) => options.findLast(([one]) => one === name)?.[1],
  };
}

type TakeValue = (attached: string | undefined, option: string) => string;

function longOption(arg: string, { flags, values = '', long = {} }: OptionNames, take: TakeValue): [string, string] {
  const [, name = '', attached] = /^--([^=]*)(?:=(.*))?$/s.exec(arg) ?? [];
  const letter = Object.hasOwn(long, name) ? (long[name] ?? '') : '';
  if (letter !== '' && values.includes(letter)) return [letter, take(attached, arg)];
  if (letter === '' || !flags.includes(letter) || attached !== undefined) throw new Unsupported(`option ${arg}`);
  return [letter, ''];
}

function letters(arg: string, { flags, values = '' }: OptionNames, take: TakeValue): [string, string][] {
  const found: [string, string][] = [];
  for (let at = 1; at < arg.length; at++) {
    const letter = arg[at] ?? '';
    if (values.includes(letter)) {
      const rest = arg.slice(at + 1);
      found.push([letter, take(rest === '' ? undefined : rest, `-${letter}`)]);
      return found;
    }
    if (!flags.includes(letter)) throw new Unsupported(`option -${letter}`);
    found.push([letter, '']);
  }
  return found;
}
