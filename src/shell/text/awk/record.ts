import { compiled, type Regex } from '../regex.ts';
import { Unsupported } from '../tool.ts';

/** The patterns of a program; each is read once. */
export class Patterns {
  readonly #known = new Map<string, Regex>();

  get(source: string): Regex {
    const known = this.#known.get(source);
    if (known !== undefined) return known;
    // Debian's mawk takes `{2}` for these three characters.
    if (/\{\d*,?\d*\}/.test(source)) throw new Unsupported(`the pattern '${source}': not every awk has intervals`);
    if (/^\||\|\||\(\||\|\)|(?<!\\)\|$/.test(source)) throw new Unsupported(`the pattern '${source}': an empty choice`);
    const made = compiled(source, { isExtended: true, hasEscapes: true });
    this.#known.set(source, made);
    return made;
  }
}

/** The parts of a text between what matches. */
function between(text: string, separator: Regex): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at <= text.length; ) {
    const found = separator.exec(text, at);
    if (found === null) break;
    if (found.to > found.from) {
      parts.push(text.slice(from, found.from));
      from = found.to;
    }
    at = Math.max(found.to, found.from + 1);
  }
  parts.push(text.slice(from));
  return parts;
}

/** As records are cut into fields, and texts by `split`. */
export function partsOf(text: string, separator: string, patterns: Patterns): string[] {
  if (separator === ' ') return text.split(/[ \t\n]+/).filter((part) => part !== '');
  if (text === '') return [];
  if (separator === '') return [...text];
  if (separator.length === 1 && separator !== '\\') return text.split(separator);
  return between(text, patterns.get(separator));
}

/** A text, from which records are taken one by one. */
export class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** null: there is no more. `separator`: the value of RS at that time. */
  next(separator: string): string | null {
    if (separator === '') return this.#paragraph();
    if (separator.length > 1) throw new Unsupported('RS of several characters');
    if (this.#at >= this.#text.length) return null;
    const end = this.#text.indexOf(separator, this.#at);
    const record = this.#text.slice(this.#at, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#text.length : end + 1;
    return record;
  }

  /** Up to an empty line. */
  #paragraph(): string | null {
    while (this.#text[this.#at] === '\n') this.#at++;
    if (this.#at >= this.#text.length) return null;
    const end = this.#text.indexOf('\n\n', this.#at);
    const record = this.#text.slice(this.#at, end < 0 ? undefined : end).replace(/\n$/, '');
    this.#at = end < 0 ? this.#text.length : end;
    return record;
  }
}
