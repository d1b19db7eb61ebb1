import type { ArithmeticExpression, ArithmeticWord } from 'unbash';
import { ShellError } from './signals.ts';

/** What arithmetic needs of the shell. */
export interface ArithmeticShell {
  /** Text of a variable or an element of an array; undefined: unset. */
  get(name: string, index: string | null): Promise<string | undefined>;
  set(name: string, index: string | null, value: string): Promise<void>;
  /** The text that a word with expansions comes to. */
  expand(word: ArithmeticWord): Promise<string>;
  /** An expression in a variable's text, or the whole one once its words are expanded. */
  parse(text: string): ArithmeticExpression | null;
  isUnknown(text: string): boolean;
}

/** Thrown where a value is not known: the mark is the result of the whole expression. */
export class UnknownNumber {
  readonly mark: string;

  constructor(mark: string) {
    this.mark = mark;
  }
}

const DEEPEST = 64;

/** Evaluates an expression as bash does, in 64 bits. `text`: as written, where words with expansions stand at `offset`. */
export async function evaluate(
  expression: ArithmeticExpression,
  shell: ArithmeticShell,
  text: string,
  offset: number,
): Promise<bigint> {
  const expanded = await substituted(expression, shell, text, offset);
  return numberFrom(expanded, shell, 0);
}

/** bash expands first and parses then: a value such as `1+2` or `-1` is text, not a number. */
async function substituted(
  expression: ArithmeticExpression,
  shell: ArithmeticShell,
  text: string,
  offset: number,
): Promise<ArithmeticExpression> {
  const words: ArithmeticWord[] = [];
  collect(expression, words);
  if (words.length === 0) return expression;
  let all = '';
  let at = 0;
  for (const word of words.sort((a, b) => a.pos - b.pos)) {
    const value = await shell.expand(word);
    if (shell.isUnknown(value)) throw new UnknownNumber(value);
    all += `${text.slice(at, word.pos - offset)}${value}`;
    at = word.end - offset;
  }
  return parsed(`${all}${text.slice(at)}`, shell);
}

function parsed(text: string, shell: ArithmeticShell): ArithmeticExpression {
  const expression = shell.parse(text);
  if (expression === null) throw new ShellError(`${text}: syntax error: operand expected`);
  return expression;
}

function collect(node: ArithmeticExpression, words: ArithmeticWord[]): void {
  if (node.type === 'ArithmeticWord') {
    // The parser gives no parts to a plain `$x`.
    if (node.parts !== undefined || /[$`"'\\]/.test(node.value)) words.push(node);
  } else if (node.type === 'ArithmeticBinary') {
    collect(node.left, words);
    collect(node.right, words);
  } else if (node.type === 'ArithmeticUnary') collect(node.operand, words);
  else if (node.type === 'ArithmeticTernary') {
    collect(node.test, words);
    collect(node.consequent, words);
    collect(node.alternate, words);
  } else if (node.type === 'ArithmeticGroup') collect(node.expression, words);
  else words.push({ type: 'ArithmeticWord', pos: node.pos, end: node.end, value: node.text, parts: [asPart(node)] });
}

const asPart = ({ pos, end, text, script }: Extract<ArithmeticExpression, { type: 'ArithmeticCommandExpansion' }>) =>
  ({ type: 'CommandExpansion', pos, end, text, script }) as const;

async function numberFrom(node: ArithmeticExpression, shell: ArithmeticShell, depth: number): Promise<bigint> {
  if (depth > DEEPEST) throw new ShellError('expression recursion level exceeded');
  switch (node.type) {
    case 'ArithmeticGroup':
      return numberFrom(node.expression, shell, depth);
    case 'ArithmeticTernary': {
      const test = await numberFrom(node.test, shell, depth);
      return numberFrom(test !== 0n ? node.consequent : node.alternate, shell, depth);
    }
    case 'ArithmeticUnary':
      return unary(node, shell, depth);
    case 'ArithmeticBinary':
      return binary(node, shell, depth);
    case 'ArithmeticWord':
      return word(node.value, shell, depth);
    case 'ArithmeticCommandExpansion':
      throw new ShellError(`${node.text}: operand expected`);
  }
}

async function unary(
  { operator, operand, prefix }: Extract<ArithmeticExpression, { type: 'ArithmeticUnary' }>,
  shell: ArithmeticShell,
  depth: number,
): Promise<bigint> {
  if (operator === '++' || operator === '--') {
    const target = targetOf(operand);
    const before = await word(target, shell, depth);
    const after = wrapped(operator === '++' ? before + 1n : before - 1n);
    await assign(target, after, shell);
    return prefix ? after : before;
  }
  const value = await numberFrom(operand, shell, depth);
  if (operator === '-') return wrapped(-value);
  if (operator === '!') return value === 0n ? 1n : 0n;
  return operator === '~' ? ~value : value;
}

async function binary(
  node: Extract<ArithmeticExpression, { type: 'ArithmeticBinary' }>,
  shell: ArithmeticShell,
  depth: number,
): Promise<bigint> {
  const { operator, left, right } = node;
  if (operator === '&&' || operator === '||') {
    const first = (await numberFrom(left, shell, depth)) !== 0n;
    if (first === (operator === '||')) return first ? 1n : 0n;
    return (await numberFrom(right, shell, depth)) !== 0n ? 1n : 0n;
  }
  if (/^(?:[-+*/%&|^]|<<|>>)?=$/.test(operator)) {
    const target = targetOf(left);
    const value = await numberFrom(right, shell, depth);
    const before = operator === '=' ? 0n : await word(target, shell, depth);
    const result = operator === '=' ? value : calculated(operator.slice(0, -1), before, value);
    await assign(target, result, shell);
    return result;
  }
  const first = await numberFrom(left, shell, depth);
  return calculated(operator, first, await numberFrom(right, shell, depth));
}

const wrapped = (value: bigint): bigint => BigInt.asIntN(64, value);

function calculated(operator: string, a: bigint, b: bigint): bigint {
  const result = OPERATIONS[operator]?.(a, b);
  if (result === undefined) throw new ShellError(`${operator}: syntax error: invalid arithmetic operator`);
  return wrapped(typeof result === 'boolean' ? BigInt(result) : result);
}

const OPERATIONS: Readonly<Record<string, (a: bigint, b: bigint) => bigint | boolean>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / divisor(b),
  '%': (a, b) => a % divisor(b),
  '**': power,
  '<<': (a, b) => a << (b & 63n),
  '>>': (a, b) => a >> (b & 63n),
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  ',': (_, b) => b,
};

function divisor(value: bigint): bigint {
  if (value === 0n) throw new ShellError('division by 0');
  return value;
}

/** By squaring: the exponent may be any number. */
function power(base: bigint, exponent: bigint): bigint {
  if (exponent < 0n) throw new ShellError('exponent less than 0');
  let result = 1n;
  let factor = base;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = wrapped(result * factor);
    factor = wrapped(factor * factor);
  }
  return result;
}

function targetOf(node: ArithmeticExpression): string {
  if (node.type === 'ArithmeticGroup') return targetOf(node.expression);
  if (node.type === 'ArithmeticWord' && REFERENCE.test(node.value)) return node.value;
  throw new ShellError('attempted assignment to non-variable');
}

const REFERENCE = /^\s*([A-Za-z_]\w*)(?:\[([\s\S]*)\])?\s*$/;

async function assign(target: string, value: bigint, shell: ArithmeticShell): Promise<void> {
  const [, name = '', index] = REFERENCE.exec(target) ?? [];
  await shell.set(name, index ?? null, String(value));
}

/** A number in any of bash's notations, or a variable whose text is an expression again. */
async function word(text: string, shell: ArithmeticShell, depth: number): Promise<bigint> {
  const typed = text.trim();
  if (typed === '') return 0n;
  const number = numberOf(typed);
  if (number !== null) return number;
  const [, name, index] = REFERENCE.exec(typed) ?? [];
  if (name === undefined) return numberFrom(parsedAgain(typed, shell), shell, depth + 1);
  const value = await shell.get(name, index ?? null);
  if (value === undefined || value.trim() === '') return 0n;
  if (shell.isUnknown(value)) throw new UnknownNumber(value);
  const known = numberOf(value.trim());
  return known ?? numberFrom(parsed(value, shell), shell, depth + 1);
}

function parsedAgain(text: string, shell: ArithmeticShell): ArithmeticExpression {
  const expression = parsed(text, shell);
  if (expression.type === 'ArithmeticWord') throw new ShellError(`${text}: value too great for base, or no number`);
  return expression;
}

/** null: it is no number. */
function numberOf(text: string): bigint | null {
  if (/^0[xX][0-9a-fA-F]+$/.test(text)) return wrapped(BigInt(text));
  if (/^0[0-7]*$/.test(text)) return wrapped(BigInt(`0o${text}`));
  if (/^[1-9]\d*$/.test(text)) return wrapped(BigInt(text));
  const [, base, digits] = /^(\d+)#([0-9A-Za-z@_]+)$/.exec(text) ?? [];
  return base === undefined || digits === undefined ? null : inBase(Number(base), digits);
}

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ@_';

function inBase(base: number, digits: string): bigint | null {
  if (base < 2 || base > 64) throw new ShellError(`${base}#${digits}: invalid arithmetic base`);
  let value = 0n;
  for (const digit of base <= 36 ? digits.toLowerCase() : digits) {
    const worth = DIGITS.indexOf(digit);
    if (worth < 0 || worth >= base) throw new ShellError(`${base}#${digits}: value too great for base`);
    value = wrapped(value * BigInt(base) + BigInt(worth));
  }
  return value;
}
