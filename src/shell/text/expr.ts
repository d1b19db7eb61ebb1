import { compiled } from './regex.ts';
import { printed, Refused, type TextTool, Unsupported } from './tool.ts';

const INTEGER = /^-?\d+$/;

/** From what binds weakest: left to right within a row. */
const ROWS: readonly (readonly string[])[] = [
  ['|'],
  ['&'],
  ['<', '<=', '=', '==', '!=', '>=', '>'],
  ['+', '-'],
  ['*', '/', '%'],
  [':'],
];

const SYNTAX = 2;

const isNull = (text: string): boolean => text === '' || /^-?0+$/.test(text);

function integer(text: string): bigint {
  if (!INTEGER.test(text)) throw new Refused('non-integer argument', SYNTAX);
  return BigInt(text);
}

function compare(left: string, right: string): number {
  if (INTEGER.test(left) && INTEGER.test(right)) {
    const difference = BigInt(left) - BigInt(right);
    return difference === 0n ? 0 : difference < 0n ? -1 : 1;
  }
  return left === right ? 0 : left < right ? -1 : 1;
}

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '=': (order) => order === 0,
  '==': (order) => order === 0,
  '!=': (order) => order !== 0,
  '>=': (order) => order >= 0,
  '>': (order) => order > 0,
};

function divisor(right: bigint): bigint {
  if (right === 0n) throw new Refused('division by zero', SYNTAX);
  return right;
}

const ARITHMETIC: Readonly<Record<string, (left: bigint, right: bigint) => bigint>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / divisor(right),
  '%': (left, right) => left % divisor(right),
};

/** The part in `\(…\)`, or how many characters match from the beginning. */
function matched(text: string, pattern: string): string {
  // A pattern is anchored at the beginning in any case.
  const found = compiled(pattern.replace(/^\^/, ''), { isExtended: false }).exec(text, 0, true);
  if (pattern.includes('\\(')) return found?.groups[1] ?? '';
  return String(found === null ? 0 : [...found.text].length);
}

function apply(operator: string, left: string, right: string): string {
  if (operator === '|') return isNull(left) ? (isNull(right) ? '0' : right) : left;
  if (operator === '&') return isNull(left) || isNull(right) ? '0' : left;
  if (operator === ':') return matched(left, right);
  const comparison = COMPARISONS[operator];
  if (comparison !== undefined) return comparison(compare(left, right)) ? '1' : '0';
  return String(ARITHMETIC[operator]?.(integer(left), integer(right)) ?? '');
}

class Parser {
  readonly #words: readonly string[];
  #at = 0;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  whole(): string {
    if (this.#words.length === 0) throw new Refused("missing operand\nTry 'expr --help' for more information.", SYNTAX);
    const value = this.#row(0, true);
    const rest = this.#words[this.#at];
    if (rest !== undefined) throw new Refused(`syntax error: unexpected argument ‘${rest}’`, SYNTAX);
    return value;
  }

  #next(): string {
    const word = this.#words[this.#at];
    if (word === undefined)
      throw new Refused(`syntax error: missing argument after ‘${this.#words[this.#at - 1]}’`, SYNTAX);
    this.#at++;
    return word;
  }

  /** `isUsed`: false where `|` and `&` have decided without this operand: it is read, but not calculated. */
  #row(row: number, isUsed: boolean): string {
    const operators = ROWS[row];
    if (operators === undefined) return this.#operand(isUsed);
    let left = this.#row(row + 1, isUsed);
    for (
      let operator = this.#words[this.#at];
      operator !== undefined && operators.includes(operator);
      operator = this.#words[this.#at]
    ) {
      this.#at++;
      const decided = (operator === '|' && !isNull(left)) || (operator === '&' && isNull(left));
      const right = this.#row(row + 1, isUsed && !decided);
      left = isUsed ? apply(operator, left, right) : '';
    }
    return left;
  }

  #operand(isUsed: boolean): string {
    const word = this.#next();
    if (word === '(') {
      const value = this.#row(0, isUsed);
      const close = this.#words[this.#at];
      if (close === undefined)
        throw new Refused(`syntax error: expecting ')' after ‘${this.#words[this.#at - 1]}’`, SYNTAX);
      if (close !== ')') throw new Refused(`syntax error: expecting ')' instead of ‘${close}’`, SYNTAX);
      this.#at++;
      return value;
    }
    if (word === ')') throw new Refused("syntax error: unexpected ')'", SYNTAX);
    return word === '+' && this.#words[this.#at] !== undefined ? this.#next() : this.#called(word, isUsed);
  }

  #called(word: string, isUsed: boolean): string {
    if (word === 'length') return String([...this.#operand(isUsed)].length);
    if (word === 'match') return this.#match(isUsed);
    if (word === 'substr') return substring(this.#operand(isUsed), this.#operand(isUsed), this.#operand(isUsed));
    if (word === 'index') return index(this.#operand(isUsed), this.#operand(isUsed));
    return word;
  }

  #match(isUsed: boolean): string {
    const text = this.#operand(isUsed);
    const pattern = this.#operand(isUsed);
    return isUsed ? matched(text, pattern) : '';
  }
}

function substring(text: string, from: string, length: string): string {
  if (!INTEGER.test(from) || !INTEGER.test(length)) return '';
  const [start, count] = [Number(from), Number(length)];
  return start < 1 || count < 1 ? '' : [...text].slice(start - 1, start - 1 + count).join('');
}

/** The place of the first character that is one of these; 0: none is. */
const index = (text: string, some: string): string => String([...text].findIndex((one) => some.includes(one)) + 1);

export const expr: TextTool = ({ args }) => {
  if (args.length === 1 && /^--(?:help|version)$/.test(args[0] ?? '')) throw new Unsupported(`option ${args[0]}`);
  const value = new Parser(args[0] === '--' ? args.slice(1) : args).whole();
  return printed(`${value}\n`, isNull(value) ? 1 : 0);
};
