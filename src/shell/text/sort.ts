import { inputsOf, linesOf, textOfLines } from './input.ts';
import { type Parsed, parseOptions } from './options.ts';
import { printed, Refused, type TextTool, Unsupported } from './tool.ts';

type Compare = (left: string, right: string) => number;

const NUMBER = /^[ \t]*(-?)(\d*)(?:\.(\d*))?/;
/** More digits than JavaScript's numbers keep. */
const MOST_DIGITS = 15;

function numberOf(text: string): number {
  const [, sign = '', whole = '', part = ''] = NUMBER.exec(text) ?? [];
  if (whole.length + part.length > MOST_DIGITS) throw new Unsupported('numbers with more than 15 digits');
  const value = Number(`${whole}.${part}0`);
  return sign === '-' ? -value : value;
}

/** As bytes: with other settings of the language letters come in another order. */
const byBytes: Compare = (left, right) => (left === right ? 0 : left < right ? -1 : 1);

/** Letters before other characters, a tilde before all. */
const rank = (one: string | undefined): number => {
  if (one === undefined) return 0;
  if (one === '~') return -1;
  return /[A-Za-z]/.test(one) ? one.charCodeAt(0) : one.charCodeAt(0) + 0x100;
};

function byRank(left: string, right: string): number {
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = rank(left[at]) - rank(right[at]);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Digits count as numbers. GNU leaves the end of a file's name out of it: what may be one is not simulated. */
const byVersion: Compare = (left, right) => {
  if (/\.[A-Za-z~]|^\./.test(left) || /\.[A-Za-z~]|^\./.test(right)) throw new Unsupported('-V of file names');
  const [one, other] = [left.split(/(\d+)/), right.split(/(\d+)/)];
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    const [a = '', b = ''] = [one[at], other[at]];
    const order = at % 2 === 0 ? byRank(a, b) : Number(BigInt(a) - BigInt(b));
    if (order !== 0) return order;
  }
  return byBytes(left, right);
};

interface Key {
  readonly field: number;
  readonly character: number;
  /** 0: to the end of the line. */
  readonly toField: number;
  /** 0: to the end of the field. */
  readonly toCharacter: number;
  readonly letters: string;
  readonly toLetters: string;
}

const KEY = /^(\d+)(?:\.(\d+))?([bnrfV]*)(?:,(\d+)(?:\.(\d+))?([bnrfV]*))?$/;

function keyOf(text: string): Key {
  const match = KEY.exec(text);
  if (match === null) throw new Unsupported(`the key ${text}`);
  const [, field, character = '1', letters = '', toField = '0', toCharacter = '0', toLetters = ''] = match;
  if (field === '0' || character === '0') throw new Unsupported(`the key ${text}`);
  return {
    field: Number(field),
    character: Number(character),
    toField: Number(toField),
    toCharacter: Number(toCharacter),
    letters,
    toLetters,
  };
}

const isBlank = (one: string | undefined): boolean => one === ' ' || one === '\t';

/** Behind so many fields. Without a separator the blanks before a field are its own. */
function behind(line: string, fields: number, separator: string | undefined): number {
  let at = 0;
  for (let count = 0; count < fields && at < line.length; count++) {
    if (separator !== undefined) {
      const end = line.indexOf(separator, at);
      at = end < 0 ? line.length : end + 1;
    } else {
      while (isBlank(line[at])) at++;
      while (at < line.length && !isBlank(line[at])) at++;
    }
  }
  return at;
}

function blanksBehind(line: string, from: number): number {
  let at = from;
  while (isBlank(line[at])) at++;
  return at;
}

function startOf(
  line: string,
  field: number,
  character: number,
  separator: string | undefined,
  skips: boolean,
): number {
  const start = behind(line, field - 1, separator);
  return Math.min((skips ? blanksBehind(line, start) : start) + character - 1, line.length);
}

function partOf(line: string, key: Key, separator: string | undefined, skips: boolean): string {
  const from = startOf(line, key.field, key.character, separator, skips || key.letters.includes('b'));
  return line.slice(from, Math.max(from, endOf(line, key, separator, skips || key.toLetters.includes('b'))));
}

function endOf(line: string, key: Key, separator: string | undefined, skips: boolean): number {
  if (key.toField === 0) return line.length;
  if (key.toCharacter > 0) return startOf(line, key.toField, key.toCharacter, separator, skips) + 1;
  const end = behind(line, key.toField, separator);
  return separator !== undefined && line[end - 1] === separator && end > 0 && fieldEnds(line, key.toField, separator)
    ? end - 1
    : end;
}

/** A separator follows the field. */
const fieldEnds = (line: string, field: number, separator: string): boolean => line.split(separator).length > field;

function comparison(letters: string): Compare {
  const plain: Compare = letters.includes('n')
    ? (left, right) => numberOf(left) - numberOf(right)
    : letters.includes('V')
      ? byVersion
      : letters.includes('f')
        ? (left, right) => byBytes(left.toUpperCase(), right.toUpperCase())
        : byBytes;
  return letters.includes('r') ? (left, right) => -plain(left, right) : plain;
}

function compareBy(parsed: Parsed): Compare {
  const global = [...'bnrfV'].filter((letter) => parsed.has(letter)).join('');
  const separator = parsed.value('t');
  if (separator !== undefined && separator.length !== 1) throw new Unsupported(`the separator ${separator}`);
  const keys = parsed.options.filter(([name]) => name === 'k').map(([, value]) => keyOf(value));
  const whole = comparison(global);
  if (keys.length === 0) {
    return global.includes('b')
      ? (left, right) => whole(left.replace(/^[ \t]+/, ''), right.replace(/^[ \t]+/, ''))
      : whole;
  }
  const compares = keys.map((key) => {
    const own = key.letters + key.toLetters;
    const letters = own === '' ? global : own;
    const compare = comparison(letters);
    const skips = own === '' && global.includes('b');
    return (left: string, right: string): number =>
      compare(partOf(left, key, separator, skips), partOf(right, key, separator, skips));
  });
  return (left, right) => firstOf(compares, left, right);
}

function firstOf(compares: readonly Compare[], left: string, right: string): number {
  for (const compare of compares) {
    const order = compare(left, right);
    if (order !== 0) return order;
  }
  return 0;
}

/** Of lines that compare as equal, the first. */
function once(lines: readonly string[], compare: Compare): readonly string[] {
  return lines.filter((line, at) => at === 0 || compare(lines[at - 1] ?? '', line) !== 0);
}

const NAMES = {
  flags: 'bnrfVus',
  values: 'kt',
  long: {
    'numeric-sort': 'n',
    reverse: 'r',
    unique: 'u',
    'version-sort': 'V',
    'ignore-case': 'f',
    'ignore-leading-blanks': 'b',
    stable: 's',
    key: 'k',
    'field-separator': 't',
  },
};

export const sort: TextTool = (call) => {
  const parsed = parseOptions(call.args, NAMES);
  const { inputs, missing } = inputsOf(
    call,
    parsed.operands,
    (name) => `cannot read: ${name}: No such file or directory`,
  );
  if (missing !== '') throw new Refused(missing.trimEnd().slice('sort: '.length), 2);
  const compare = compareBy(parsed);
  const isUnique = parsed.has('u');
  const last = comparison(parsed.has('r') ? 'r' : '');
  const full: Compare = isUnique || parsed.has('s') ? compare : (left, right) => firstOf([compare, last], left, right);
  const lines = inputs.flatMap(({ text }) => linesOf(text)).sort(full);
  return printed(textOfLines(isUnique ? once(lines, compare) : lines));
};
