import { UsageError } from '../../errors.ts';
import { decodeUtf8, encodeUtf8, type Words } from '../../lang/index.ts';
import type { Arg } from './args.ts';
import { printable } from './nbyte.ts';

/*
 * iproute2 tc/emp_ematch.l and emp_ematch.y: what stands behind `match`.
 *
 *   EXPR := TERM [ { and | or } EXPR ]      TERM := [ not ] { KIND '(' ARG... ')' | '(' EXPR ')' }
 *
 * Words of the command line are fed in one by one, a blank behind each; where they begin and end means nothing else.
 */

/** TCF_EM_REL_* */
export const Relation = { END: 0, AND: 1, OR: 2 } as const;

/** One term of an expression: a match with its arguments, the kind's name first, or a group. */
export interface Term {
  readonly inverted: boolean;
  readonly args: readonly Arg[];
  /** null: a match. */
  readonly group: readonly Term[] | null;
  /** How the next term is joined on: Relation. */
  relation: number;
}

type Token = '(' | ')' | 'and' | 'or' | 'not' | 'end' | 'error' | Arg;

const isArg = (token: Token): token is Arg => typeof token === 'object';

/** The size of flex's reads: a word has to fit, with its blank. */
const READ_MAX = 8192;
const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, v: 11, b: 8, f: 12, a: 7 };

/** A quoted string ahead of its bytes: they are known when all words have been read. */
interface Quoted {
  readonly quoted: true;
  bytes: Uint8Array;
}

class Lexer {
  /** What tc says before it refuses. */
  complaint = '';
  private readonly words: Words;
  private text = '';
  private at = 0;
  /** Quirk 20: all quoted strings are read into one buffer, and none is copied out of it. */
  private readonly buffer: number[] = [];
  private readonly strings: { readonly arg: Quoted; readonly length: number }[] = [];

  constructor(words: Words) {
    this.words = words;
  }

  next(): Token {
    do {
      const token = /[ \t\r\n]*([()]|[^" \t\r\n()][^ \t\r\n()]*|")?/y;
      token.lastIndex = this.at;
      const word = token.exec(this.text)?.[1];
      this.at = token.lastIndex;
      if (word === '"') return this.string();
      if (word === '(' || word === ')') return word;
      if (word !== undefined) return operator(word) ?? { quoted: false, bytes: encodeUtf8(word) };
    } while (this.refill());
    return 'end';
  }

  /** Gives the strings their bytes, once nothing more will be read. */
  finish(): void {
    for (const { arg, length } of this.strings) arg.bytes = Uint8Array.from(this.buffer.slice(0, length));
  }

  /** YY_INPUT(): empty words are passed over. */
  private refill(): boolean {
    while (!this.words.done && this.words.peek() === '') this.words.at++;
    if (this.words.done) return false;
    const word = this.words.next();
    if (encodeUtf8(word).length + 1 >= READ_MAX) {
      // tc never comes back from saying this.
      throw new UsageError('match argument too long.', this.words.at - 1);
    }
    this.text = `${this.text.slice(this.at)}${word} `;
    this.at = 0;
    return true;
  }

  /** Behind the quote: up to the next one, in later words if need be. */
  private string(): Token {
    let length = 0;
    for (;;) {
      const part = /"|\\(?:x[0-9a-fA-F]{1,2}|[0-9]+|[\s\S])|[^\\\n"]+|\n/uy;
      part.lastIndex = this.at;
      const piece = part.exec(this.text)?.[0];
      if (piece === undefined) {
        if (!this.refill()) return 'end';
        continue;
      }
      this.at = part.lastIndex;
      if (piece === '"') break;
      const bytes = this.unescape(piece);
      if (bytes === undefined) return 'error';
      for (const byte of bytes) this.buffer[length++] = byte;
    }
    const arg: Quoted = { quoted: true, bytes: new Uint8Array(0) };
    this.strings.push({ arg, length });
    return arg;
  }

  /** undefined: no such byte. A line end that stands for itself is dropped. */
  private unescape(piece: string): Iterable<number> | undefined {
    if (piece === '\n') return [];
    if (!piece.startsWith('\\')) return encodeUtf8(piece);
    const body = piece.slice(1);
    if (/^x./.test(body)) return [Number.parseInt(body.slice(1), 16)];
    if (/^[0-9]/.test(body)) return this.octal(body);
    const escaped = ESCAPES[body];
    return escaped === undefined ? encodeUtf8(body) : [escaped];
  }

  private octal(digits: string): Iterable<number> | undefined {
    if (!/^[0-7]{1,3}$/.test(digits)) {
      this.complaint = 'error: invalid octale escape sequence\n';
      return undefined;
    }
    const value = Number.parseInt(digits, 8);
    if (value <= 0xff) return [value];
    this.complaint = 'error: octal escape sequence out of range\n';
    return undefined;
  }
}

function operator(word: string): Token | undefined {
  const lower = word.toLowerCase();
  return lower === 'and' || lower === 'or' || lower === 'not' ? lower : undefined;
}

/** Bison's YYMAXDEPTH: symbols that wait to be put together. */
const DEPTH_MAX = 10000;

/** A list of terms that is being read, and whether the group that it will be is inverted. */
interface Open {
  readonly terms: Term[];
  readonly inverted: boolean;
}

/** ematch_parse(), as a loop: whole groups are popped off a stack of lists. */
class Parser {
  readonly lexer: Lexer;
  private readonly open: Open[] = [{ terms: [], inverted: false }];
  private depth = 1;

  constructor(lexer: Lexer) {
    this.lexer = lexer;
  }

  /** The terms of the top list (none: there was nothing to read), or what is wrong. */
  parse(): readonly Term[] | string {
    let token = this.lexer.next();
    if (token === 'end') return [];
    for (;;) {
      const inverted = token === 'not';
      if (inverted) token = this.lexer.next();
      if (token === '(') {
        if (!this.push(2)) return 'memory exhausted';
        this.open.push({ terms: [], inverted });
        token = this.lexer.next();
        continue;
      }
      if (!isArg(token)) return 'syntax error';
      const args = this.args(token);
      if (typeof args === 'string') return args;
      this.add({ inverted, args, group: null, relation: Relation.END });
      const after = this.closeGroups();
      if (after !== 'and' && after !== 'or') return this.open.length === 1 ? this.top().terms : 'syntax error';
      if (!this.push(2)) return 'memory exhausted';
      const last = this.top().terms.at(-1);
      if (last !== undefined) last.relation = after === 'and' ? Relation.AND : Relation.OR;
      token = this.lexer.next();
    }
  }

  /** Behind a kind's name: its arguments with the name before them. */
  private args(kind: Arg): readonly Arg[] | string {
    if (this.lexer.next() !== '(') return 'syntax error';
    const args = [kind];
    for (let token = this.lexer.next(); token !== ')'; token = this.lexer.next()) {
      if (!isArg(token)) return 'syntax error';
      args.push(token);
      if (this.depth + args.length + 2 > DEPTH_MAX) return 'memory exhausted';
    }
    return args.length > 1 ? args : 'syntax error';
  }

  /** Takes the parentheses that close here; the token behind them. */
  private closeGroups(): Token {
    let token = this.lexer.next();
    for (; token === ')' && this.open.length > 1; token = this.lexer.next()) {
      const { terms, inverted } = this.open.pop() ?? this.top();
      this.depth -= 2 * terms.length;
      this.add({ inverted, args: [], group: terms, relation: Relation.END });
    }
    return token;
  }

  private top(): Open {
    return this.open[this.open.length - 1] as Open;
  }

  private add(term: Term): void {
    this.top().terms.push(term);
  }

  private push(symbols: number): boolean {
    this.depth += symbols;
    return this.depth <= DEPTH_MAX;
  }
}

const EXPR_USAGE = [
  'Usage: EXPR := TERM [ { and | or } EXPR ]',
  "       TERM := [ not ] { KIND '(' ARG... ')' | '(' EXPR ')' }",
].join('\n');

/** What tc adds below all refusals of an expression. */
export const ILLEGAL = 'Illegal "ematch"';

/** em_parse_error(): the words read since `start`, the last one marked. */
export function wordsRead(words: Words, start: number, end: number): string {
  const read = words.list.slice(start, end);
  return `... ${read.map((word, i) => (i === read.length - 1 ? `>>${word}<< ` : `${word} `)).join('')}...`;
}

/** em_parse_error(): a match's arguments, one of them marked. */
export function argsRead(kind: string, args: readonly Arg[], mark: Arg | undefined): string {
  const shown = args.map((arg) => (arg === mark ? `>>${printable(arg.bytes)}<<` : printable(arg.bytes)));
  return `... ${kind}(${shown.join(' ')})...`;
}

/**
 * iproute2 tc/m_ematch.c: parse_ematch(), the parsing — the expression that begins at the cursor; no terms: there was
 * none. Quirk 21: the parser has always looked one word ahead, so the last word it read is put back; if nothing stood
 * behind the expression, that is the expression's own last word.
 */
export function parseExpr(words: Words): readonly Term[] {
  const start = words.at;
  const lexer = new Lexer(words);
  const terms = new Parser(lexer).parse();
  if (typeof terms === 'string') {
    const message = `${lexer.complaint}Parse error: ${terms}\n${wordsRead(words, start, words.at)}`;
    throw new UsageError(message, words.at - 1, `${EXPR_USAGE}\n${ILLEGAL}`);
  }
  lexer.finish();
  words.back();
  return terms;
}

/** The name that an expression calls a kind by: a C string. */
export function kindName(arg: Arg): string {
  const nul = arg.bytes.indexOf(0);
  return decodeUtf8(arg.bytes, 0, Math.min(nul < 0 ? arg.bytes.length : nul, 63));
}
