import { Unsupported } from '../tool.ts';
import { Lexer, type Token } from './lexer.ts';
import type { Definition, Expression, Output, Program, Rule, Statement, Target } from './tree.ts';

const OUTPUTS: Readonly<Record<string, Output>> = {
  '/dev/stdout': 'stdout',
  '/dev/stderr': 'stderr',
  '/dev/null': 'null',
};
const ASSIGNMENTS: readonly string[] = ['=', '+=', '-=', '*=', '/=', '%=', '^='];
const COMPARISONS: readonly string[] = ['<', '<=', '==', '!=', '>', '>='];

/** Deeper nested programs would fill the stack. */
const DEEPEST = 200;

const isTarget = (one: Expression): one is Target =>
  one.type === 'name' || one.type === 'element' || one.type === 'field';

class Parser {
  readonly #lexer: Lexer;
  #token: Token;
  /** In the arguments of `print` outside of brackets `>` names a file. */
  #isPrinting = false;
  #depth = 0;

  constructor(text: string) {
    this.#lexer = new Lexer(text);
    this.#token = this.#lexer.next();
  }

  #fail(): never {
    const what = this.#token.type === 'end' ? 'its end' : `'${this.#token.text}'`;
    throw new Unsupported(`the program: ${what} is not expected`);
  }

  #advance(): Token {
    const token = this.#token;
    this.#token = this.#lexer.next();
    return token;
  }

  #is(...texts: readonly string[]): boolean {
    return (this.#token.type === 'mark' || this.#token.type === 'word') && texts.includes(this.#token.text);
  }

  #accept(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#advance();
    return true;
  }

  #expect(text: string): void {
    if (!this.#accept(text)) this.#fail();
  }

  #name(): string {
    if (this.#token.type !== 'name' && this.#token.type !== 'function') this.#fail();
    return this.#advance().text;
  }

  #newlines(): void {
    while (this.#token.type === 'newline') this.#advance();
  }

  #terminators(): void {
    while (this.#token.type === 'newline' || this.#is(';')) this.#advance();
  }

  program(): Program {
    const begin: Statement[] = [];
    const end: Statement[] = [];
    const rules: Rule[] = [];
    const functions = new Map<string, Definition>();
    for (this.#terminators(); this.#token.type !== 'end'; this.#terminators()) {
      if (this.#accept('BEGIN')) begin.push(this.#block());
      else if (this.#accept('END')) end.push(this.#block());
      else if (this.#accept('function')) functions.set(this.#name(), this.#definition());
      else rules.push(this.#rule());
    }
    return { begin, rules, end, functions };
  }

  #definition(): Definition {
    const parameters: string[] = [];
    this.#expect('(');
    while (!this.#is(')')) {
      parameters.push(this.#name());
      if (this.#accept(',')) this.#newlines();
      else if (!this.#is(')')) this.#fail();
    }
    this.#advance();
    this.#newlines();
    return { parameters, body: this.#block() };
  }

  #rule(): Rule {
    if (this.#is('{')) return { pattern: null, body: this.#block() };
    const from = this.#expression();
    let to: Expression | null = null;
    if (this.#accept(',')) {
      this.#newlines();
      to = this.#expression();
    }
    return { pattern: { from, to }, body: this.#is('{') ? this.#block() : null };
  }

  #block(): Statement {
    this.#expect('{');
    const body: Statement[] = [];
    for (this.#terminators(); !this.#is('}'); this.#terminators()) {
      if (this.#token.type === 'end') this.#fail();
      body.push(this.#statement());
    }
    this.#advance();
    return { type: 'block', body };
  }

  #statement(): Statement {
    if (++this.#depth > DEEPEST) throw new Unsupported('a program nested so deep');
    const found = this.#anyStatement();
    this.#depth--;
    return found;
  }

  #anyStatement(): Statement {
    if (this.#is('{')) return this.#block();
    if (this.#accept('if')) return this.#if();
    if (this.#accept('while')) {
      const test = this.#inBrackets();
      if (this.#accept(';')) return { type: 'while', test, body: { type: 'block', body: [] } };
      return { type: 'while', test, body: this.#body() };
    }
    if (this.#accept('for')) return this.#for();
    if (this.#accept('do')) return this.#do();
    const simple = this.#simple();
    if (this.#token.type === 'newline' || this.#is(';')) this.#advance();
    else if (!this.#is('}') && this.#token.type !== 'end') this.#fail();
    return simple;
  }

  /** What a condition decides on. */
  #body(): Statement {
    this.#newlines();
    if (this.#accept(';')) return { type: 'block', body: [] };
    return this.#statement();
  }

  #inBrackets(): Expression {
    this.#expect('(');
    const value = this.#expression();
    this.#expect(')');
    return value;
  }

  #if(): Statement {
    const test = this.#inBrackets();
    const yes = this.#body();
    this.#terminators();
    return { type: 'if', test, yes, no: this.#accept('else') ? this.#body() : null };
  }

  #do(): Statement {
    const body = this.#body();
    this.#terminators();
    this.#expect('while');
    return { type: 'do', body, test: this.#inBrackets() };
  }

  #for(): Statement {
    this.#expect('(');
    const first = this.#is(';') ? null : this.#simple();
    // `for (name in array)` reads as an expression.
    if (first?.type === 'expression' && first.value.type === 'in' && this.#is(')')) {
      const [key] = first.value.subscripts;
      if (key?.type !== 'name') this.#fail();
      this.#advance();
      return { type: 'each', name: key.name, array: first.value.name, body: this.#body() };
    }
    this.#expect(';');
    this.#newlines();
    const test = this.#is(';') ? null : this.#expression();
    this.#expect(';');
    this.#newlines();
    const step = this.#is(')') ? null : this.#simple();
    this.#expect(')');
    return { type: 'for', first, test, step, body: this.#body() };
  }

  #simple(): Statement {
    if (this.#is('print', 'printf')) return this.#print(this.#advance().text === 'printf');
    if (this.#accept('delete')) return this.#delete();
    if (this.#is('next', 'break', 'continue')) return { type: this.#advance().text as 'next' | 'break' | 'continue' };
    if (this.#is('exit', 'return')) {
      const type = this.#advance().text as 'exit' | 'return';
      return { type, value: this.#isEnd() ? null : this.#expression() };
    }
    return { type: 'expression', value: this.#expression() };
  }

  #isEnd(): boolean {
    return this.#token.type === 'newline' || this.#token.type === 'end' || this.#is(';', '}', '>', '|');
  }

  #delete(): Statement {
    const name = this.#name();
    if (!this.#accept('[')) return { type: 'delete', name, subscripts: null };
    const subscripts = this.#list(']');
    return { type: 'delete', name, subscripts };
  }

  #print(isFormatted: boolean): Statement {
    this.#isPrinting = true;
    const args = this.#isEnd() ? [] : this.#arguments();
    this.#isPrinting = false;
    const [only] = args;
    const isGroup = args.length === 1 && only?.type === 'group';
    if (isFormatted && args.length === 0) this.#fail();
    return { type: 'print', isFormatted, args: isGroup ? only.items : args, output: this.#output() };
  }

  #output(): Output {
    if (this.#is('|')) throw new Unsupported('a pipe');
    if (!this.#accept('>')) return 'stdout';
    const file = this.#token.type === 'string' ? OUTPUTS[this.#advance().text] : undefined;
    if (file === undefined || !(this.#isEnd() && !this.#is('>', '|'))) throw new Unsupported('a file to write');
    return file;
  }

  #arguments(): Expression[] {
    const found = [this.#expression()];
    while (this.#accept(',')) {
      this.#newlines();
      found.push(this.#expression());
    }
    return found;
  }

  /** Up to this mark. */
  #list(close: string): Expression[] {
    const wasPrinting = this.#isPrinting;
    this.#isPrinting = false;
    this.#newlines();
    const found = this.#is(close) ? [] : this.#arguments();
    this.#newlines();
    this.#expect(close);
    this.#isPrinting = wasPrinting;
    return found;
  }

  #expression(): Expression {
    if (++this.#depth > DEEPEST) throw new Unsupported('a program nested so deep');
    const left = this.#condition();
    this.#depth--;
    if (!isTarget(left) || !this.#is(...ASSIGNMENTS)) return left;
    const operator = this.#advance().text.slice(0, -1);
    this.#newlines();
    return { type: 'assign', operator, target: left, value: this.#expression() };
  }

  #condition(): Expression {
    const test = this.#or();
    if (!this.#accept('?')) return test;
    this.#newlines();
    const yes = this.#expression();
    this.#newlines();
    this.#expect(':');
    this.#newlines();
    return { type: 'condition', test, yes, no: this.#expression() };
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#accept('||')) {
      this.#newlines();
      left = { type: 'binary', operator: '||', left, right: this.#and() };
    }
    return left;
  }

  #and(): Expression {
    let left = this.#in();
    while (this.#accept('&&')) {
      this.#newlines();
      left = { type: 'binary', operator: '&&', left, right: this.#in() };
    }
    return left;
  }

  #in(): Expression {
    let left = this.#match();
    while (this.#accept('in')) {
      left = { type: 'in', name: this.#name(), subscripts: left.type === 'group' ? left.items : [left] };
    }
    return left;
  }

  #match(): Expression {
    let left = this.#comparison();
    while (this.#is('~', '!~')) {
      // `! a ~ b` is read in two ways.
      if (left.type === 'unary' && left.operator === '!') this.#fail();
      const isNegated = this.#advance().text === '!~';
      left = { type: 'match', isNegated, left, right: this.#comparison() };
    }
    return left;
  }

  #comparison(): Expression {
    const left = this.#concatenation();
    if (this.#is('|')) throw new Unsupported('a pipe');
    if (!this.#is(...COMPARISONS) || (this.#isPrinting && this.#is('>'))) return left;
    if (left.type === 'unary' && left.operator === '!') this.#fail();
    const operator = this.#advance().text;
    return { type: 'binary', operator, left, right: this.#concatenation() };
  }

  #beginsOperand(): boolean {
    const { type } = this.#token;
    return ['number', 'string', 'name', 'function', 'builtin'].includes(type) || this.#is('$', '(', '!', '++', '--');
  }

  #concatenation(): Expression {
    let left = this.#sum();
    while (this.#beginsOperand()) left = { type: 'binary', operator: ' ', left, right: this.#sum() };
    return left;
  }

  #sum(): Expression {
    let left = this.#product();
    while (this.#is('+', '-')) left = { type: 'binary', operator: this.#advance().text, left, right: this.#product() };
    return left;
  }

  #product(): Expression {
    let left = this.#unary();
    while (this.#is('*', '/', '%'))
      left = { type: 'binary', operator: this.#advance().text, left, right: this.#unary() };
    return left;
  }

  #unary(): Expression {
    if (!this.#is('!', '-', '+')) return this.#power();
    const operator = this.#advance().text;
    return { type: 'unary', operator, operand: this.#unary() };
  }

  #power(): Expression {
    const left = this.#postfix();
    if (!this.#accept('^')) return left;
    // To the right first, and with a sign: 2^-1, 2^3^2.
    return { type: 'binary', operator: '^', left, right: this.#is('-', '+', '!') ? this.#unary() : this.#power() };
  }

  #postfix(): Expression {
    const value = this.#primary();
    if (!isTarget(value) || !this.#is('++', '--')) return value;
    return { type: 'step', by: this.#advance().text === '++' ? 1 : -1, isPrefix: false, target: value };
  }

  #primary(): Expression {
    const { type, text, at } = this.#token;
    if (type === 'mark') return this.#marked(text, at);
    if (type === 'word') {
      if (text !== 'getline') this.#fail();
      return this.#getline();
    }
    if (type === 'newline' || type === 'end') this.#fail();
    this.#advance();
    if (type === 'number') return { type: 'number', value: Number(text) };
    if (type === 'string') return { type: 'string', value: text };
    if (type === 'builtin') return { type: 'builtin', name: text, args: this.#builtinArguments(text) };
    if (type === 'function') {
      this.#expect('(');
      return { type: 'call', name: text, args: this.#list(')') };
    }
    return this.#accept('[')
      ? { type: 'element', name: text, subscripts: this.#list(']') }
      : { type: 'name', name: text };
  }

  #builtinArguments(name: string): Expression[] {
    if (this.#accept('(')) return this.#list(')');
    if (name !== 'length') this.#fail();
    return [];
  }

  #marked(text: string, at: number): Expression {
    if (text === '/' || text === '/=') {
      const source = this.#lexer.regex(at);
      this.#token = this.#lexer.next();
      return { type: 'regex', source };
    }
    this.#advance();
    if (text === '(') return this.#group();
    if (text === '$')
      return { type: 'field', number: this.#is('++', '--', '-', '+', '!') ? this.#unary() : this.#primary() };
    if (text === '-' || text === '+' || text === '!') return { type: 'unary', operator: text, operand: this.#unary() };
    if (text !== '++' && text !== '--') this.#fail();
    const target = this.#primary();
    if (!isTarget(target)) this.#fail();
    return { type: 'step', by: text === '++' ? 1 : -1, isPrefix: true, target };
  }

  #group(): Expression {
    const items = this.#list(')');
    if (items.length === 0) this.#fail();
    return { type: 'group', items };
  }

  #getline(): Expression {
    this.#advance();
    const target = this.#token.type === 'name' || this.#is('$') ? this.#primary() : null;
    if (target !== null && !isTarget(target)) this.#fail();
    const file = this.#accept('<') ? this.#primary() : null;
    return { type: 'getline', target, file };
  }
}

export const parsed = (text: string): Program => new Parser(text).program();
