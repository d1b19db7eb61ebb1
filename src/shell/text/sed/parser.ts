import { compiled, type Regex } from '../regex.ts';
import { Unsupported } from '../tool.ts';
import type { Address, Command, Part } from './command.ts';

const PLAIN = new Set([...'pPdDnNgGhHxz=']);

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', a: '\x07' };

class Parser {
  readonly #text: string;
  readonly #isExtended: boolean;
  #at = 0;

  constructor(text: string, isExtended: boolean) {
    this.#text = text;
    this.#isExtended = isExtended;
  }

  #fail(): never {
    throw new Unsupported(`the script '${this.#text}'`);
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    const sticky = new RegExp(pattern.source, 'sy');
    sticky.lastIndex = this.#at;
    const match = sticky.exec(this.#text);
    this.#at += match?.[0].length ?? 0;
    return match;
  }

  script(): Command[] {
    const found = this.#commands();
    if (this.#at < this.#text.length) this.#fail();
    return found;
  }

  #commands(): Command[] {
    const found: Command[] = [];
    for (;;) {
      this.#take(/(?:[\s;]|#[^\n]*)*/);
      if (this.#at >= this.#text.length || this.#text[this.#at] === '}') return found;
      found.push(this.#command());
    }
  }

  #command(): Command {
    const from = this.#address();
    this.#take(/[ \t]*/);
    let to: Address | null = null;
    if (from !== null && this.#take(/,[ \t]*/) !== null) {
      to = this.#address() ?? this.#fail();
    }
    const isNegated = this.#take(/[ \t]*!+[ \t]*/) !== null;
    this.#take(/[ \t]*/);
    const name = this.#text[this.#at++] ?? this.#fail();
    const isZero = from?.type === 'line' && from.number === 0;
    if (isZero && to?.type !== 'pattern') this.#fail();
    return { ...this.#rest(name, from !== null), from, to, isNegated };
  }

  #rest(name: string, hasAddress: boolean): Command {
    const plain = {
      ...{ from: null, to: null, isNegated: false, name, text: '', exit: 0, body: [], substitution: null },
      characters: new Map<string, string>(),
    };
    if (name === '{') return { ...plain, body: this.#block() };
    if (name === 's') return { ...plain, substitution: this.#substitution() };
    if ('aic'.includes(name)) return { ...plain, text: this.#addition() };
    if (name === ':') {
      if (hasAddress) this.#fail();
      return { ...plain, text: this.#take(/[ \t]*([^\s;]+)[ \t]*/)?.[1] ?? this.#fail() };
    }
    if ('btT'.includes(name)) return { ...plain, text: this.#ended(this.#take(/[ \t]*([^\s;}]*)/)?.[1] ?? '') };
    if (name === 'r') return { ...plain, text: this.#take(/[ \t]*([^\n]+)/)?.[1] ?? this.#fail() };
    if ('qQ'.includes(name)) return { ...plain, exit: Number(this.#ended(this.#take(/[ \t]*(\d*)/)?.[1] ?? '')) };
    if (name === 'y') return { ...plain, characters: this.#characters() };
    if (!PLAIN.has(name)) throw new Unsupported(`the command ${name}`);
    return { ...plain, text: this.#ended('') };
  }

  /** Behind a command stands its end. */
  #ended<T>(value: T): T {
    this.#take(/[ \t]*/);
    if (!/^(?:$|[;}\n#])/.test(this.#text.slice(this.#at))) this.#fail();
    return value;
  }

  #block(): Command[] {
    const body = this.#commands();
    if (this.#text[this.#at++] !== '}') this.#fail();
    return this.#ended(body);
  }

  #address(): Address | null {
    const every = this.#take(/(\d+)~(\d+)/);
    if (every !== null) return { type: 'every', first: Number(every[1]), step: Number(every[2]) };
    const number = this.#take(/([+~]?)(\d+)/);
    if (number !== null) {
      const type = number[1] === '+' ? 'more' : number[1] === '~' ? 'multiple' : 'line';
      return { type, number: Number(number[2]) };
    }
    if (this.#take(/\$/) !== null) return { type: 'last' };
    const open = this.#take(/\\(.)|\//);
    if (open === null) return null;
    const source = this.#upTo(open[1] ?? '/', true);
    const ignoreCase = this.#take(/I/) !== null;
    return { type: 'pattern', regex: this.#regex(source, ignoreCase) };
  }

  #regex(source: string, ignoreCase: boolean): Regex | null {
    if (source === '') return null;
    return compiled(source, { isExtended: this.#isExtended, ignoreCase, hasEscapes: true });
  }

  /** The text up to a mark that has no backslash before it. In a pattern's brackets it is a character as others. */
  #upTo(mark: string, isPattern: boolean): string {
    if (mark === '\n' || mark === '\\') this.#fail();
    let found = '';
    for (;;) {
      const one = this.#text[this.#at++] ?? this.#fail();
      if (one === mark) return found;
      if (one === '\\') {
        const next = this.#text[this.#at++] ?? this.#fail();
        // The mark loses what it means in a pattern, and then its backslash.
        if (next === mark && isPattern && /[.*[\]^$+?(){}|&]/.test(mark) && mark !== '|') this.#fail();
        found += next === mark ? mark : one + next;
      } else if (one === '[' && isPattern) found += this.#bracket();
      else found += one;
    }
  }

  #bracket(): string {
    const rest = /^\^?\]?(?:\[:[a-z]+:\]|[^\]])*\]/s.exec(this.#text.slice(this.#at))?.[0];
    if (rest === undefined) return '[';
    this.#at += rest.length;
    return `[${rest}`;
  }

  #substitution(): Command['substitution'] {
    const mark = this.#text[this.#at++] ?? this.#fail();
    const source = this.#upTo(mark, true);
    const by = this.#upTo(mark, false);
    const flags = this.#ended(this.#take(/[gpiI0-9]*/)?.[0] ?? '');
    const regex = this.#regex(source, /i/i.test(flags));
    const numbers = flags.match(/\d+/g) ?? [];
    if (numbers.length > 1 || numbers[0] === '0') this.#fail();
    const parts = partsOf(by);
    const highest = Math.max(0, ...parts.map((part) => (part.type === 'group' ? part.number : 0)));
    if (regex !== null && highest > regex.groupCount) this.#fail();
    return {
      regex,
      parts,
      isGlobal: flags.includes('g'),
      isPrinted: flags.includes('p'),
      first: Number(numbers[0] ?? 1),
    };
  }

  #characters(): ReadonlyMap<string, string> {
    const mark = this.#text[this.#at++] ?? this.#fail();
    const read = (text: string): string[] =>
      [...text.matchAll(/\\(.)|[^\\]/gsu)].map(([all, escaped]) =>
        escaped === undefined ? all : escaped === '\\' ? '\\' : (ESCAPES[escaped] ?? this.#fail()),
      );
    const from = read(this.#upTo(mark, false));
    const to = read(this.#upTo(mark, false));
    if (from.length !== to.length) this.#fail();
    return this.#ended(new Map(from.map((one, at) => [one, to[at] ?? ''])));
  }

  /** The text of `a`, `i` and `c`, with a newline behind it. */
  #addition(): string {
    this.#take(/[ \t]*/);
    // Behind a backslash blanks at the beginning stay.
    this.#take(/\\[ \t]*\n|\\(?=[ \t])|\\(?=[^\n])/);
    const lines = this.#take(/(?:[^\\\n]|\\.)*/)?.[0] ?? '';
    if (lines === '') this.#fail();
    return `${lines.replace(/\\(.)/gs, '$1')}\n`;
  }
}

function partsOf(text: string): Part[] {
  return [...text.matchAll(/\\([0-9])|\\([ULulE])|\\(.)|(&)|[^\\&]+/gsu)].map(
    ([all, group, letter, escaped, whole]): Part => {
      if (group !== undefined) return { type: 'group', number: Number(group) };
      if (letter !== undefined) return { type: 'case', letter };
      if (whole !== undefined) return { type: 'group', number: 0 };
      if (escaped === undefined) return { type: 'text', text: all };
      if (/[a-zA-Z0-9]/.test(escaped) && ESCAPES[escaped] === undefined)
        throw new Unsupported(`\\${escaped} in a text`);
      return { type: 'text', text: ESCAPES[escaped] ?? escaped };
    },
  );
}

export const parsed = (text: string, isExtended: boolean): Command[] => new Parser(text, isExtended).script();
