import type { TextCall } from '../../text-tools.ts';
import { needAscii } from '../bytes.ts';
import { LONGEST, limited, Refused, Unsupported } from '../tool.ts';
import { Patterns, partsOf, Reader } from './record.ts';
import type { Definition, Expression, Program, Rule, Statement, Target } from './tree.ts';
import { ABSENT, compared, formatted, fromOutside, isTrue, numberOf, textOf, UNSET, type Value } from './value.ts';

type Elements = Map<string, Value>;

/** A variable: nobody knows what it is before it is used. */
class Cell {
  value: Value = UNSET;
  #elements: Elements | null = null;
  /** What the caller passed without having used it before: it becomes an array with this one. */
  readonly #origin: Cell | null;

  constructor(origin: Cell | null = null) {
    this.#origin = origin;
  }

  get isArray(): boolean {
    return this.#elements !== null || (this.#origin?.isArray ?? false);
  }

  get elements(): Elements {
    this.#elements ??= this.#origin?.elements ?? new Map();
    return this.#elements;
  }
}

/** How a statement ended. */
type Flow = 'on' | 'break' | 'continue' | 'next' | 'exit' | 'return';

/** Statements and turns of loops before a program is given up. */
const MOST_STEPS = 2_000_000;
const MOST_CALLS = 200;

/** What a loop over an array does in any order with the same result. */
function isOrderFree(body: Statement): boolean {
  if (body.type === 'block') return body.body.every(isOrderFree);
  if (body.type === 'if') return isOrderFree(body.yes) && (body.no === null || isOrderFree(body.no));
  if (body.type === 'delete') return true;
  if (body.type !== 'expression') return false;
  return body.value.type === 'step' || (body.value.type === 'assign' && body.value.operator === '+');
}

const SPECIAL: Readonly<Record<string, Value>> = {
  FS: ' ',
  OFS: ' ',
  RS: '\n',
  ORS: '\n',
  SUBSEP: '\x1c',
  CONVFMT: '%.6g',
  OFMT: '%.6g',
  NR: 0,
  FNR: 0,
  RSTART: 0,
  RLENGTH: -1,
  FILENAME: '',
};

const ARITHMETIC: Readonly<Record<string, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / divisor(right),
  '%': (left, right) => left % divisor(right),
  '^': (left, right) => left ** right,
};

function divisor(right: number): number {
  if (right === 0) throw new Unsupported('a division by zero: not every awk does the same');
  return right;
}

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '==': (order) => order === 0,
  '!=': (order) => order !== 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

const MATHEMATICS: Readonly<Record<string, (...numbers: number[]) => number>> = {
  int: (x = 0) => Math.trunc(x) + 0,
  sqrt: (x = 0) => Math.sqrt(x),
  exp: (x = 0) => Math.exp(x),
  log: (x = 0) => Math.log(x),
  sin: (x = 0) => Math.sin(x),
  cos: (x = 0) => Math.cos(x),
  atan2: (y = 0, x = 0) => Math.atan2(y, x),
};

/** One run of a program. */
export class Machine {
  readonly #program: Program;
  readonly #call: TextCall;
  readonly #patterns = new Patterns();
  readonly #globals = new Map<string, Cell>();
  #locals: Map<string, Cell> = new Map();
  #record = '';
  #fields: string[] = [];
  #isJoined = true;
  readonly #inRange = new Set<Rule>();
  readonly #readers = new Map<string, Reader>();
  readonly #operands: string[];
  #hasRead = false;
  #main: Reader | null = null;
  #steps = 0;
  #calls = 0;
  #exit = 0;
  #returned: Value = UNSET;
  #printed = 0;
  #stdout: string[] = [];
  #stderr = '';

  constructor(program: Program, call: TextCall, operands: readonly string[]) {
    this.#program = program;
    this.#call = call;
    this.#operands = [...operands];
    for (const [name, value] of Object.entries(SPECIAL)) this.#cell(name).value = value;
  }

  get steps(): number {
    return this.#steps;
  }

  set(name: string, value: Value): void {
    this.#write({ type: 'name', name }, value);
  }

  run(): { stdout: string; stderr: string; exit: number } {
    const { begin, rules, end } = this.#program;
    let flow = this.#all(begin);
    if (flow !== 'exit' && (rules.length > 0 || end.length > 0)) flow = this.#records(rules);
    // After `exit` too.
    this.#all(end);
    return { stdout: this.#stdout.join(''), stderr: this.#stderr, exit: this.#exit };
  }

  #records(rules: readonly Rule[]): Flow {
    while (this.#read()) {
      for (const rule of rules) {
        if (!this.#isChosen(rule)) continue;
        if (rule.body === null) this.#stdout.push(this.#whole(), this.#special('ORS'));
        const flow = rule.body === null ? 'on' : this.#do(rule.body);
        if (flow === 'exit') return flow;
        if (flow === 'next') break;
      }
    }
    return 'on';
  }

  #isChosen(rule: Rule): boolean {
    const { pattern } = rule;
    if (pattern === null) return true;
    if (pattern.to === null) return isTrue(this.#value(pattern.from));
    if (!this.#inRange.has(rule) && !isTrue(this.#value(pattern.from))) return false;
    if (isTrue(this.#value(pattern.to))) this.#inRange.delete(rule);
    else this.#inRange.add(rule);
    return true;
  }

  // Input.

  /** The next record of the files. */
  #next(): string | null {
    for (;;) {
      this.#main ??= this.#open();
      if (this.#main === null) return null;
      const record = this.#main.next(this.#special('RS'));
      if (record !== null) {
        for (const name of ['NR', 'FNR']) this.#cell(name).value = numberOf(this.#cell(name).value) + 1;
        return record;
      }
      this.#main = null;
    }
  }

  #open(): Reader | null {
    for (let name = this.#operands.shift(); name !== undefined; name = this.#operands.shift()) {
      const [, variable, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(name) ?? [];
      if (variable === undefined) return this.#openFile(name);
      if (/\\/.test(value ?? '')) throw new Unsupported(`the operand ${name}`);
      this.set(variable, fromOutside(value ?? ''));
    }
    if (this.#hasRead) return null;
    return this.#openFile('-');
  }

  #openFile(name: string): Reader {
    this.#hasRead = true;
    const text = name === '-' ? this.#call.stdin : this.#call.read(name);
    if (text === undefined)
      throw new Refused(`cannot open ${name} (No such file or directory)`, 2, this.#stdout.join(''));
    this.#cell('FILENAME').value = name === '-' ? '' : name;
    this.#cell('FNR').value = 0;
    return new Reader(text);
  }

  #read(): boolean {
    const record = this.#next();
    if (record === null) return false;
    this.#setRecord(record);
    return true;
  }

  #getline(target: Target | null, file: Expression | null): number {
    const record = file === null ? this.#next() : this.#nextOf(this.#text(file));
    if (record === undefined) return -1;
    if (record === null) return 0;
    if (target === null) this.#setRecord(record);
    else this.#write(target, fromOutside(record));
    return 1;
  }

  /** undefined: there is no such file. */
  #nextOf(name: string): string | null | undefined {
    let reader = this.#readers.get(name);
    if (reader === undefined) {
      const text = name === '-' ? this.#call.stdin : this.#call.read(name);
      if (text === undefined) return undefined;
      reader = new Reader(text);
      this.#readers.set(name, reader);
    }
    return reader.next(this.#special('RS'));
  }

  // The record and its fields.

  #setRecord(text: string): void {
    this.#record = text;
    this.#isJoined = true;
    this.#fields = partsOf(text, this.#fieldSeparator(), this.#patterns);
  }

  #fieldSeparator(): string {
    const separator = this.#special('FS');
    if (this.#special('RS') === '' && separator !== ' ') throw new Unsupported('FS with paragraphs');
    return separator;
  }

  #whole(): string {
    if (!this.#isJoined) this.#record = this.#fields.join(this.#special('OFS'));
    this.#isJoined = true;
    return this.#record;
  }

  #fieldNumber(expression: Expression): number {
    const number = Math.trunc(numberOf(this.#value(expression)));
    if (!(number >= 0 && number < 1e6)) throw new Unsupported(`the field ${number}`);
    return number;
  }

  #setField(number: number, text: string): void {
    if (number === 0) {
      this.#setRecord(text);
      return;
    }
    while (this.#fields.length < number) this.#fields.push('');
    this.#fields[number - 1] = text;
    this.#isJoined = false;
  }

  #setFieldCount(count: number): void {
    if (!(count >= 0 && count < 1e6)) throw new Unsupported(`NF of ${count}`);
    while (this.#fields.length < count) this.#fields.push('');
    this.#fields.length = Math.trunc(count);
    this.#isJoined = false;
  }

  // Variables.

  #cell(name: string): Cell {
    const known = this.#locals.get(name) ?? this.#globals.get(name);
    if (known !== undefined) return known;
    const made = new Cell();
    this.#globals.set(name, made);
    return made;
  }

  #special(name: string): string {
    return textOf(this.#globals.get(name)?.value ?? UNSET, '%.6g');
  }

  #key(subscripts: readonly Expression[]): string {
    return subscripts.map((one) => this.#text(one)).join(this.#special('SUBSEP'));
  }

  #load(target: Target): Value {
    if (target.type === 'field') {
      const number = this.#fieldNumber(target.number);
      const text = number === 0 ? this.#whole() : this.#fields[number - 1];
      return text === undefined ? ABSENT : fromOutside(text);
    }
    if (target.type === 'name') {
      if (target.name === 'NF' && !this.#locals.has('NF')) return this.#fields.length;
      const cell = this.#cell(target.name);
      if (cell.isArray) throw new Unsupported(`the array ${target.name} as a value`);
      return cell.value;
    }
    const { elements } = this.#cell(target.name);
    const key = this.#key(target.subscripts);
    // To ask for an element makes it.
    if (!elements.has(key)) elements.set(key, UNSET);
    return elements.get(key) ?? UNSET;
  }

  #write(target: Target, value: Value): void {
    if (target.type === 'field') this.#setField(this.#fieldNumber(target.number), this.#asText(value));
    else if (target.type === 'element') this.#cell(target.name).elements.set(this.#key(target.subscripts), value);
    else if (target.name === 'NF' && !this.#locals.has('NF')) this.#setFieldCount(numberOf(value));
    else {
      const cell = this.#cell(target.name);
      if (cell.isArray) throw new Unsupported(`the array ${target.name} as a value`);
      cell.value = value;
    }
  }

  #asText(value: Value): string {
    return textOf(value, this.#special('CONVFMT'));
  }

  #text(expression: Expression): string {
    return this.#asText(this.#value(expression));
  }

  #number(expression: Expression): number {
    return numberOf(this.#value(expression));
  }

  // Statements.

  #all(statements: readonly Statement[]): Flow {
    for (const one of statements) {
      const flow = this.#do(one);
      if (flow !== 'on') return flow;
    }
    return 'on';
  }

  #step(): void {
    if (++this.#steps > MOST_STEPS) throw new Unsupported(`more than ${MOST_STEPS} steps`);
  }

  #do(statement: Statement): Flow {
    this.#step();
    switch (statement.type) {
      case 'block':
        return this.#all(statement.body);
      case 'expression':
        this.#value(statement.value);
        return 'on';
      case 'print':
        this.#print(statement);
        return 'on';
      case 'if':
        if (isTrue(this.#value(statement.test))) return this.#do(statement.yes);
        return statement.no === null ? 'on' : this.#do(statement.no);
      case 'delete':
        this.#delete(statement.name, statement.subscripts);
        return 'on';
      case 'exit':
        if (statement.value !== null) this.#exit = Math.trunc(this.#number(statement.value)) & 0xff;
        return 'exit';
      case 'return':
        this.#returned = statement.value === null ? UNSET : this.#value(statement.value);
        return 'return';
      case 'next':
      case 'break':
      case 'continue':
        return statement.type;
      default:
        return this.#loop(statement);
    }
  }

  #loop(statement: Extract<Statement, { type: 'while' | 'do' | 'for' | 'each' }>): Flow {
    if (statement.type === 'each') return this.#each(statement);
    if (statement.type === 'for' && statement.first !== null) this.#do(statement.first);
    let isFirst = statement.type === 'do';
    while (isFirst || statement.test === null || isTrue(this.#value(statement.test))) {
      isFirst = false;
      this.#step();
      const flow = this.#do(statement.body);
      if (flow === 'break') break;
      if (flow !== 'on' && flow !== 'continue') return flow;
      if (statement.type === 'for' && statement.step !== null) this.#do(statement.step);
    }
    return 'on';
  }

  #each({ name, array, body }: Extract<Statement, { type: 'each' }>): Flow {
    const keys = [...this.#cell(array).elements.keys()];
    if (keys.length > 1 && !isOrderFree(body)) throw new Unsupported(`the order of for (${name} in ${array})`);
    for (const key of keys) {
      this.#write({ type: 'name', name }, fromOutside(key));
      const flow = this.#do(body);
      if (flow === 'break') break;
      if (flow !== 'on' && flow !== 'continue') return flow;
    }
    return 'on';
  }

  #delete(name: string, subscripts: readonly Expression[] | null): void {
    if (subscripts === null) this.#cell(name).elements.clear();
    else this.#cell(name).elements.delete(this.#key(subscripts));
  }

  #print({ isFormatted, args, output }: Extract<Statement, { type: 'print' }>): void {
    const values = args.map((one) => this.#value(one));
    const text = isFormatted ? this.#formatted(values) : this.#line(values);
    this.#printed += text.length;
    if (this.#printed > LONGEST) throw new Unsupported('so much output');
    if (output === 'stdout') this.#stdout.push(text);
    else if (output === 'stderr') this.#stderr += text;
  }

  #line(values: readonly Value[]): string {
    const texts = values.map((one) => textOf(one, this.#special('OFMT')));
    return (values.length === 0 ? this.#whole() : texts.join(this.#special('OFS'))) + this.#special('ORS');
  }

  #formatted([format = '', ...values]: readonly Value[]): string {
    return formatted(this.#asText(format), values);
  }

  // Expressions.

  #value(expression: Expression): Value {
    switch (expression.type) {
      case 'number':
      case 'string':
        return expression.value;
      case 'regex':
        return this.#patterns.get(expression.source).test(this.#whole()) ? 1 : 0;
      case 'group':
        if (expression.items.length > 1) throw new Unsupported('a list in brackets');
        return this.#grouped(expression.items[0]);
      case 'assign':
        return this.#assign(expression);
      case 'binary':
        return this.#binary(expression.operator, expression.left, expression.right);
      case 'match':
        return this.#matches(expression.left, expression.right) === expression.isNegated ? 0 : 1;
      case 'in':
        return this.#cell(expression.name).elements.has(this.#key(expression.subscripts)) ? 1 : 0;
      case 'unary':
        return this.#unary(expression.operator, expression.operand);
      case 'step':
        return this.#stepped(expression);
      case 'condition':
        return isTrue(this.#value(expression.test)) ? this.#value(expression.yes) : this.#value(expression.no);
      case 'call':
        return this.#called(expression.name, expression.args);
      case 'builtin':
        return this.#builtin(expression.name, expression.args);
      case 'getline':
        return this.#getline(expression.target, expression.file);
      default:
        return this.#load(expression);
    }
  }

  #grouped(item: Expression | undefined): Value {
    return item === undefined ? UNSET : this.#value(item);
  }

  #assign({ operator, target, value }: Extract<Expression, { type: 'assign' }>): Value {
    const right = this.#value(value);
    const result = operator === '' ? right : this.#arithmetic(operator, numberOf(this.#load(target)), numberOf(right));
    this.#write(target, result);
    return result;
  }

  #arithmetic(operator: string, left: number, right: number): number {
    return ARITHMETIC[operator]?.(left, right) ?? Number.NaN;
  }

  #binary(operator: string, left: Expression, right: Expression): Value {
    if (operator === '&&') return isTrue(this.#value(left)) && isTrue(this.#value(right)) ? 1 : 0;
    if (operator === '||') return isTrue(this.#value(left)) || isTrue(this.#value(right)) ? 1 : 0;
    const [a, b] = [this.#value(left), this.#value(right)];
    if (operator === ' ') return limited(this.#asText(a) + this.#asText(b));
    const comparison = COMPARISONS[operator];
    if (comparison !== undefined) return comparison(compared(a, b, this.#special('CONVFMT'))) ? 1 : 0;
    return this.#arithmetic(operator, numberOf(a), numberOf(b));
  }

  #unary(operator: string, operand: Expression): Value {
    const value = this.#value(operand);
    if (operator === '!') return isTrue(value) ? 0 : 1;
    return operator === '-' ? 0 - numberOf(value) : numberOf(value);
  }

  #stepped({ by, isPrefix, target }: Extract<Expression, { type: 'step' }>): Value {
    const before = numberOf(this.#load(target));
    this.#write(target, before + by);
    return isPrefix ? before + by : before;
  }

  #pattern(expression: Expression): ReturnType<Patterns['get']> {
    return this.#patterns.get(expression.type === 'regex' ? expression.source : this.#text(expression));
  }

  #matches(left: Expression, right: Expression): boolean {
    return this.#pattern(right).test(this.#text(left));
  }

  // Functions.

  #called(name: string, args: readonly Expression[]): Value {
    const definition = this.#program.functions.get(name);
    if (definition === undefined || args.length > definition.parameters.length)
      throw new Unsupported(`the function ${name}`);
    if (++this.#calls > MOST_CALLS) throw new Unsupported(`more than ${MOST_CALLS} calls in each other`);
    const outer = this.#locals;
    this.#locals = this.#frame(definition, args);
    this.#returned = UNSET;
    const flow = this.#do(definition.body);
    this.#locals = outer;
    this.#calls--;
    if (flow === 'next' || flow === 'exit') throw new Unsupported(`${flow} in a function`);
    const value = this.#returned;
    this.#returned = UNSET;
    return value;
  }

  #frame({ parameters }: Definition, args: readonly Expression[]): Map<string, Cell> {
    const frame = new Map<string, Cell>();
    for (const [at, parameter] of parameters.entries()) {
      const arg = args[at];
      const origin = arg?.type === 'name' && arg.name !== 'NF' ? this.#cell(arg.name) : null;
      const cell = new Cell(origin);
      if (arg !== undefined && !origin?.isArray) cell.value = this.#value(arg);
      frame.set(parameter, cell);
    }
    return frame;
  }

  #builtin(name: string, args: readonly Expression[]): Value {
    const mathematics = MATHEMATICS[name];
    if (mathematics !== undefined) return mathematics(...args.map((one) => this.#number(one)));
    const [first, second, third] = args;
    if (name === 'length') return this.#length(first);
    if (name === 'fflush') return 0;
    if (first === undefined) throw new Unsupported(`${name} without a value`);
    if (name === 'tolower' || name === 'toupper') return cased(name, this.#text(first));
    if (name === 'sprintf') return this.#formatted(args.map((one) => this.#value(one)));
    if (name === 'close') return this.#readers.delete(this.#text(first)) ? 0 : -1;
    if (second === undefined) throw new Unsupported(`${name} with one value`);
    if (name === 'substr') return substring(this.#text(first), this.#number(second), third && this.#number(third));
    if (name === 'index') return this.#index(this.#text(first), second);
    if (name === 'split' && args.length < 4) return this.#split(this.#text(first), second, third);
    if (name === 'match' && third === undefined) return this.#match(this.#text(first), second);
    if (name === 'sub' || name === 'gsub') return this.#substitute(name === 'gsub', first, this.#text(second), third);
    throw new Unsupported(`${name} with ${args.length} values`);
  }

  #length(of: Expression | undefined): number {
    if (of?.type === 'name' && this.#cell(of.name).isArray) return this.#cell(of.name).elements.size;
    const text = of === undefined ? this.#whole() : this.#text(of);
    needAscii(text, 'the length');
    return text.length;
  }

  #index(text: string, part: Expression): number {
    if (part.type === 'regex') throw new Unsupported('index of a pattern');
    needAscii(text, 'a place');
    return text.indexOf(this.#text(part)) + 1;
  }

  #split(text: string, array: Expression, separator: Expression | undefined): number {
    if (array.type !== 'name') throw new Unsupported('split into no array');
    const by =
      separator === undefined
        ? this.#special('FS')
        : separator.type === 'regex'
          ? separator.source
          : this.#text(separator);
    // A pattern of one blank is that blank.
    const isBlank = separator?.type === 'regex' && by === ' ';
    const parts = isBlank ? (text === '' ? [] : text.split(' ')) : this.#parts(text, by, separator?.type === 'regex');
    const { elements } = this.#cell(array.name);
    elements.clear();
    for (const [at, part] of parts.entries()) elements.set(String(at + 1), fromOutside(part));
    return parts.length;
  }

  #parts(text: string, by: string, isPattern: boolean): string[] {
    // As a pattern a dot is any character.
    return partsOf(text, isPattern && by.length === 1 ? `(${by})` : by, this.#patterns);
  }

  #match(text: string, pattern: Expression): number {
    needAscii(text, 'a place');
    const found = this.#pattern(pattern).exec(text);
    this.#cell('RSTART').value = found === null ? 0 : found.from + 1;
    this.#cell('RLENGTH').value = found === null ? -1 : found.to - found.from;
    return found === null ? 0 : found.from + 1;
  }

  #substitute(isGlobal: boolean, pattern: Expression, by: string, target: Expression | undefined): number {
    const place = target ?? { type: 'field' as const, number: { type: 'number' as const, value: 0 } };
    if (place.type !== 'name' && place.type !== 'element' && place.type !== 'field')
      throw new Unsupported('sub of a value');
    if (/\\\\/.test(by)) throw new Unsupported(`the text ${by} for sub`);
    const text = this.#asText(this.#load(place));
    const regex = this.#pattern(pattern);
    const replaced = (match: string): string => by.replace(/\\&|&/g, (mark) => (mark === '&' ? match : '&'));
    let out = '';
    let count = 0;
    let from = 0;
    let isAfterMatch = false;
    while (from <= text.length && (isGlobal || count === 0)) {
      const found = regex.exec(text, from);
      if (found === null) break;
      out += text.slice(from, found.from);
      const isEmpty = found.from === found.to;
      // Nothing is found again at the end of what was.
      if (!isEmpty || !(isAfterMatch && found.from === from)) {
        out += replaced(found.text);
        count++;
      }
      if (isEmpty) out += text.slice(found.from, found.from + 1);
      isAfterMatch = !isEmpty;
      from = isEmpty ? found.from + 1 : found.to;
    }
    if (count > 0) this.#write(place, limited(out + text.slice(from)));
    return count;
  }
}

function cased(name: string, text: string): string {
  needAscii(text, name);
  return name === 'tolower' ? text.toLowerCase() : text.toUpperCase();
}

function substring(text: string, from: number, length: number | undefined): string {
  needAscii(text, 'a part');
  const isPlain = Number.isInteger(from) && (length === undefined || Number.isInteger(length));
  if (!isPlain || (from < 1 && length !== undefined))
    throw new Unsupported(`substr from ${from}: not every awk does the same`);
  const start = Math.max(from - 1, 0);
  return text.slice(start, length === undefined ? undefined : start + Math.max(length, 0));
}
