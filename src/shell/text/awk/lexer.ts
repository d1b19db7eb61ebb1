import { ESCAPED } from '../escaped.ts';
import { Unsupported } from '../tool.ts';

export interface Token {
  readonly type: 'number' | 'string' | 'name' | 'function' | 'builtin' | 'word' | 'mark' | 'newline' | 'end';
  readonly text: string;
  /** Where it begins. */
  readonly at: number;
}

const KEYWORDS = new Set(
  'BEGIN END function if else while for do break continue next nextfile exit return delete in getline print printf'.split(
    ' ',
  ),
);
export const BUILTINS = new Set(
  'length substr index split sub gsub match sprintf tolower toupper int sqrt exp log sin cos atan2 close fflush'.split(
    ' ',
  ),
);
/** What depends on the machine, on the time or on chance, and what not every awk has. */
const FOREIGN = new Set(
  'and or xor lshift rshift system rand srand systime strftime mktime gensub strtonum asort asorti patsplit compl ENVIRON ARGV PROCINFO IGNORECASE FPAT FIELDWIDTHS RT'.split(
    ' ',
  ),
);

const BLANK = /(?:[ \t\r]|\\\r?\n|#[^\n]*)+/y;
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/y;
const NAME = /[A-Za-z_]\w*/y;
const MARK = /\+\+|--|\*\*=?|[-+*/%^!=<>]=|&&|\|\||!~|[-+*/%^!<>|?:~$=,;(){}[\]]/y;
const ESCAPES: Readonly<Record<string, string>> = { ...ESCAPED, '"': '"' };

/** A text as it is meant, with its escapes: in a program, of `-v` and `-F`. */
export function unescaped(text: string): string {
  return text.replace(/\\(?:([0-7]{1,3})|(.?))/gs, (all, octal?: string, other?: string) => {
    if (octal !== undefined && Number.parseInt(octal, 8) < 0x80) return String.fromCharCode(Number.parseInt(octal, 8));
    const known = ESCAPES[other ?? ''];
    // Some drop the backslash, some keep it.
    if (known === undefined) throw new Unsupported(`${all} in a text`);
    return known;
  });
}

export class Lexer {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  next(): Token {
    this.#take(BLANK);
    const at = this.#at;
    const one = this.#text[at];
    if (one === undefined) return { type: 'end', text: '', at };
    if (one === '\n') {
      this.#at++;
      return { type: 'newline', text: '\n', at };
    }
    if (one === '"') return { type: 'string', text: this.#string(), at };
    const number = this.#take(NUMBER);
    if (number !== undefined) return { type: 'number', text: this.#checkedNumber(number), at };
    const name = this.#take(NAME);
    if (name !== undefined) return this.#word(name, at);
    const mark = this.#take(MARK);
    if (mark === undefined) throw new Unsupported(`the program: '${one}'`);
    return { type: 'mark', text: mark === '**' ? '^' : mark === '**=' ? '^=' : mark, at };
  }

  #checkedNumber(number: string): string {
    // 0x10 is a number for some, for others 0 and a name.
    if (/^\w/.test(this.#text.slice(this.#at))) throw new Unsupported(`the program: ${number}${this.#text[this.#at]}`);
    return number;
  }

  #word(name: string, at: number): Token {
    if (FOREIGN.has(name)) throw new Unsupported(name);
    if (KEYWORDS.has(name)) return { type: 'word', text: name, at };
    if (BUILTINS.has(name)) return { type: 'builtin', text: name, at };
    return { type: this.#text[this.#at] === '(' ? 'function' : 'name', text: name, at };
  }

  #string(): string {
    const found = this.#take(/"(?:[^"\\\n]|\\[^\n])*"/y);
    if (found === undefined) throw new Unsupported('the program: a text without an end');
    return unescaped(found.slice(1, -1));
  }

  /** The regular expression that begins with the stroke at this place. */
  regex(at: number): string {
    this.#at = at;
    const found = this.#take(/\/(?:[^/\\[\n]|\\[^\n]|\[\^?\]?[^\]\n]*\])*\//y);
    if (found === undefined) throw new Unsupported('the program: a pattern without an end');
    return found.slice(1, -1).replaceAll('\\/', '/').replaceAll('\\"', '"');
  }
}
