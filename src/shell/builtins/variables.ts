import { assignmentIn, assignText } from '../assign.ts';
import { arithmeticOf } from '../expand.ts';
import { NotSimulated } from '../signals.ts';
import type { Input } from '../streams.ts';
import { isUnknown } from '../unknown.ts';
import { arrayFrom } from '../variables.ts';
import type { Builtin, BuiltinCall } from './builtin.ts';

/** What `set -o` calls the letters. */
const LETTERS: Readonly<Record<string, string>> = {
  ...{
    errexit: 'e',
    nounset: 'u',
    xtrace: 'x',
    noglob: 'f',
    verbose: 'v',
    noclobber: 'C',
    allexport: 'a',
    noexec: 'n',
  },
};

const set: Builtin = ({ args, fields, shell }) => {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (arg === '--' || arg === '-') {
      shell.params = fields.slice(at + 1);
      return 0;
    }
    if (!/^[-+]./.test(arg)) {
      shell.params = fields.slice(at);
      return 0;
    }
    const isOn = arg.startsWith('-');
    for (const letter of arg.slice(1)) {
      const name = letter === 'o' ? (args[++at] ?? '') : letter;
      const option = LETTERS[name] ?? name;
      if (isOn) shell.options.add(option);
      else shell.options.delete(option);
    }
  }
  return 0;
};

const shopt: Builtin = ({ args, shell }) => {
  const names = args.filter((arg) => !arg.startsWith('-'));
  for (const name of names) {
    if (args.includes('-s')) shell.options.add(name);
    else if (args.includes('-u')) shell.options.delete(name);
  }
  const isAsked = !args.includes('-s') && !args.includes('-u');
  return isAsked && names.some((name) => !shell.options.has(name)) ? 1 : 0;
};

const shift: Builtin = ({ args: [typed = '1'], shell }) => {
  const count = Number(typed);
  if (!(count >= 0 && count <= shell.params.length)) return 1;
  shell.params = shell.params.slice(count);
  return 0;
};

const unset: Builtin = ({ args, shell }) => {
  let status = 0;
  for (const arg of args) {
    const [, name = arg, key] = /^(\w+)\[([\s\S]*)\]$/.exec(arg) ?? [];
    if (arg.startsWith('-')) continue;
    if (shell.variables.get(name)?.isReadonly === true && !args.includes('-f')) {
      shell.complain(`unset: ${name}: cannot unset: readonly variable\n`);
      status = 1;
      continue;
    }
    if (args.includes('-f')) {
      shell.functions.delete(name);
      shell.gone.add(name);
    }
    if (args.includes('-f')) continue;
    if (key !== undefined) shell.variables.unsetElement(name, key);
    else if (shell.variables.get(name) !== undefined) shell.variables.unset(name);
    else shell.functions.delete(name);
  }
  return status;
};

const evaluateAll: Builtin = async ({ args, scene, shell, text }) => {
  let value = '0';
  for (const arg of args) value = await arithmeticOf(arg, scene);
  if (isUnknown(value)) shell.host.assume(scene.command, text, 'not 0');
  return value === '0' ? 1 : 0;
};

/** The option letters that getopts is given, one after the other. */
const getopts: Builtin = ({ args, shell }) => {
  const [letters = '', name = '', ...typed] = args;
  const { variables } = shell;
  const words = typed.length > 0 ? typed : shell.params.map(({ text }) => text);
  const index = Number(variables.text('OPTIND') ?? '1');
  const at = shell.optionAt !== null && shell.optionAt.index === index ? shell.optionAt.at : 1;
  const word = words[index - 1] ?? '';
  const end = (next: number): number => {
    variables.set(name, '?');
    variables.set('OPTIND', String(next));
    shell.optionAt = null;
    return 1;
  };
  if (word === '--') return end(index + 1);
  if (!/^-./.test(word)) return end(index);
  const letter = word[at] ?? '';
  const isLast = at + 1 >= word.length;
  const known = letter === ':' ? -1 : letters.indexOf(letter);
  const isQuiet = letters.startsWith(':');
  shell.optionAt = isLast ? null : { index, at: at + 1 };
  variables.set('OPTIND', String(isLast ? index + 1 : index));
  variables.unset('OPTARG');
  if (known < 0) {
    variables.set(name, '?');
    if (isQuiet) variables.set('OPTARG', letter);
    else shell.complain(`illegal option -- ${letter}\n`);
    return 0;
  }
  variables.set(name, letter);
  if (letters[known + 1] !== ':') return 0;
  const value = isLast ? words[index] : word.slice(at + 1);
  shell.optionAt = null;
  variables.set('OPTIND', String(isLast ? index + 2 : index + 1));
  if (value !== undefined) variables.set('OPTARG', value);
  else {
    variables.set(name, isQuiet ? ':' : '?');
    if (isQuiet) variables.set('OPTARG', letter);
  }
  return 0;
};

/** The `-a`, `-A`, … of declare. */
interface Declared {
  readonly flags: string;
  readonly isLocal: boolean;
}

/** Changes what a variable is before a value is given to it. */
export function declareAs(name: string, { flags, isLocal }: Declared, call: BuiltinCall): void {
  const { variables } = call.shell;
  const has = (letter: string): boolean => flags.includes(letter);
  variables.declare(
    name,
    {
      ...(has('a') || has('A') ? { array: arrayFrom(null), isAssociative: has('A') } : {}),
      ...(has('i') ? { isInteger: true } : {}),
      ...(has('x') ? { isExported: true } : {}),
      ...(has('l') ? { letters: 'lower' as const } : has('u') ? { letters: 'upper' as const } : {}),
    },
    isLocal,
  );
}

/** The flags of `declare -rx`, or those that the name of the builtin means. */
export function flagsOf(name: string, args: readonly string[]): Declared & { readonly isGlobal: boolean } {
  const typed = args.filter((arg) => /^-[a-zA-Z]+$/.test(arg)).join('');
  const own = name === 'export' ? 'x' : name === 'readonly' ? 'r' : '';
  const isGlobal = typed.includes('g') || own !== '';
  return { flags: `${own}${typed}`, isLocal: !isGlobal, isGlobal };
}

/** A word such as `x` or `x=1` that an expansion made. */
export async function declareText(text: string, is: Declared, call: BuiltinCall): Promise<void> {
  const found = assignmentIn(text);
  const name = found?.name ?? text;
  if (!/^[A-Za-z_]\w*$/.test(name)) return;
  if (is.flags.includes('n')) {
    call.shell.variables.refer(name, found?.value ?? '', is.isLocal);
    return;
  }
  declareAs(name, is, call);
  if (found !== null) await assignText(name, found.value, found.isAppended, call.scene);
  if (is.flags.includes('r')) call.shell.variables.declare(name, { isReadonly: true }, is.isLocal);
}

/** A character of a line; `isPlain`: a backslash hides that it might separate fields. */
interface Letter {
  readonly char: string;
  readonly isPlain: boolean;
}

const lettersOf = (line: string): Letter[] => [...line].map((char) => ({ char, isPlain: false }));

const textOf = (letters: readonly Letter[]): string => letters.map(({ char }) => char).join('');

/** Fields that are read from a line, as `read` splits it: the last one takes the rest. */
export function splitLine(letters: readonly Letter[], ifs: string, most: number): string[] {
  const isMark = (letter: Letter | undefined): boolean =>
    letter !== undefined && !letter.isPlain && ifs.includes(letter.char);
  const isBlank = (letter: Letter | undefined): boolean => isMark(letter) && ' \t\n'.includes(letter?.char ?? '');
  const fields: string[] = [];
  let at = 0;
  while (isBlank(letters[at])) at++;
  while (at < letters.length) {
    if (fields.length === most - 1) {
      let end = letters.length;
      while (end > at && isBlank(letters[end - 1])) end--;
      const rest = letters.slice(at, end);
      const only = isMark(rest.at(-1)) && !rest.slice(0, -1).some(isMark);
      fields.push(textOf(only ? rest.slice(0, -1) : rest));
      return fields;
    }
    const begun = at;
    while (at < letters.length && !isMark(letters[at])) at++;
    fields.push(textOf(letters.slice(begun, at)));
    while (isBlank(letters[at])) at++;
    if (isMark(letters[at]) && !isBlank(letters[at])) at++;
    while (isBlank(letters[at])) at++;
  }
  return fields;
}

interface ReadOptions {
  readonly isRaw: boolean;
  readonly array: string | null;
  readonly delimiter: string;
  readonly most: number | null;
  /** `-N`: no delimiter ends it, and it is one field. */
  readonly isExact: boolean;
  readonly descriptor: number;
  readonly names: readonly string[];
}

function readOptions(args: readonly string[]): ReadOptions {
  const options = {
    isRaw: false,
    array: null as string | null,
    delimiter: '\n',
    most: null as number | null,
    isExact: false,
    descriptor: 0,
  };
  let at = 0;
  for (; /^-./.test(args[at] ?? ''); at++) {
    const arg = args[at] ?? '';
    for (let i = 1; i < arg.length; i++) {
      const letter = arg[i] ?? '';
      if (letter === 'r') options.isRaw = true;
      if (!'adnNptui'.includes(letter)) continue;
      const value = i + 1 < arg.length ? arg.slice(i + 1) : (args[++at] ?? '');
      if (letter === 'a') options.array = value;
      if (letter === 'd') options.delimiter = value === '' ? '\0' : (value[0] ?? '');
      if (letter === 'n' || letter === 'N') options.most = Number(value);
      if (letter === 'N') options.isExact = true;
      if (letter === 'u') options.descriptor = Number(value);
      break;
    }
  }
  return { ...options, names: args.slice(at) };
}

const read: Builtin = async (call) => {
  const { args, shell, scene, text } = call;
  const options = readOptions(args);
  const names = options.names.length > 0 ? options.names : ['REPLY'];
  const input = shell.descriptors.get(options.descriptor)?.input;
  if (input === undefined) {
    shell.host.assume(scene.command, text, 'not known');
    for (const name of names)
      await assignText(name, shell.host.unknown(scene.command, 'a person types it'), false, scene);
    return shell.tolerant ? 1 : 0;
  }
  const { letters, isWhole } = lineFrom(input, options);
  const line = textOf(letters);
  const mark = shell.host.unknowns.markIn(line);
  const ifs = options.isExact ? '' : (shell.variables.text('IFS') ?? ' \t\n');
  if (options.array !== null) {
    const all = mark === '' ? splitLine(letters, ifs, Number.MAX_SAFE_INTEGER) : [mark];
    shell.variables.setArray(
      options.array,
      all.map((field, i) => [String(i), field] as const),
    );
    return isWhole ? 0 : 1;
  }
  // What a loop makes of such lines is not known either.
  if (mark !== '') shell.missing ??= shell.host.unknowns.in(line)?.why ?? '';
  const fields = options.names.length === 0 ? [line] : splitLine(letters, ifs, names.length);
  for (const [i, name] of names.entries()) await assignText(name, mark === '' ? (fields[i] ?? '') : mark, false, scene);
  return isWhole ? 0 : 1;
};

/** A line; without -r a backslash joins it with the next one, and hides what stands behind it. */
function lineFrom(
  input: Input,
  { isRaw, delimiter, most, isExact }: ReadOptions,
): { letters: readonly Letter[]; isWhole: boolean } {
  if (isRaw && most === null) {
    const next = input.until(delimiter);
    return { letters: lettersOf(next?.text ?? ''), isWhole: next?.isWhole === true };
  }
  const letters: Letter[] = [];
  while (letters.length !== most) {
    const char = input.take();
    if (char === '') return { letters, isWhole: false };
    if (char === delimiter && !isExact) return { letters, isWhole: true };
    if (char !== '\\' || isRaw) {
      letters.push({ char, isPlain: false });
      continue;
    }
    const hidden = input.take();
    if (hidden !== '\n' && hidden !== '') letters.push({ char: hidden, isPlain: true });
  }
  return { letters, isWhole: true };
}

const mapfile: Builtin = ({ args, shell, scene }) => {
  const other = args.find((arg) => /^-(?!t+$)./.test(arg));
  if (other !== undefined) throw new NotSimulated(`mapfile ${other} is not simulated`, scene.command);
  const name = args.find((arg) => !arg.startsWith('-')) ?? 'MAPFILE';
  const text = shell.descriptors.get(0)?.input?.rest() ?? '';
  const isTrimmed = args.some((arg) => /^-\w*t/.test(arg));
  const lines = text.split(/(?<=\n)/).map((line) => (isTrimmed ? line.replace(/\n$/, '') : line));
  shell.variables.setArray(
    name,
    (text === '' ? [] : lines).map((line, i) => [String(i), line] as const),
  );
  return 0;
};

export const VARIABLES: Readonly<Record<string, Builtin>> = {
  ...{ set, shopt, shift, unset, let: evaluateAll, getopts, read, mapfile, readarray: mapfile },
};
