import { isAscii } from './bytes.ts';
import { ESCAPED } from './escaped.ts';
import { type Parsed, parseOptions } from './options.ts';
import { printed, type TextTool, Unsupported } from './tool.ts';

const CLASSES: Readonly<Record<string, RegExp>> = {
  alpha: /[A-Za-z]/,
  digit: /[0-9]/,
  alnum: /[A-Za-z0-9]/,
  upper: /[A-Z]/,
  lower: /[a-z]/,
  space: /[ \t\n\v\f\r]/,
  blank: /[ \t]/,
  punct: /[!-/:-@[-`{-~]/,
  print: /[ -~]/,
  graph: /[!-~]/,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these it stands for
  cntrl: /[\x00-\x1f\x7f]/,
  xdigit: /[0-9A-Fa-f]/,
};
const ALL: readonly string[] = Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(code));

/** A set of characters, in the order in which it is written. */
class SetReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    if (!isAscii(text)) throw new Unsupported('a set that is not ASCII');
    this.#text = text;
  }

  read(): string[] {
    const found: string[] = [];
    while (this.#at < this.#text.length) found.push(...this.#next());
    return found;
  }

  #next(): readonly string[] {
    const rest = this.#text.slice(this.#at);
    const name = /^\[:([a-z]+):\]/.exec(rest)?.[1];
    if (name !== undefined) {
      const members = CLASSES[name];
      if (members === undefined) throw new Unsupported(`the class ${name}`);
      this.#at += name.length + 4;
      return ALL.filter((one) => members.test(one));
    }
    if (/^\[=.=\]|^\[.\*\d*\]|^\[\\.{1,3}\*\d*\]/s.test(rest)) throw new Unsupported(`the set ${this.#text}`);
    const from = this.#character();
    // A hyphen at the end is one.
    if (!/^-./s.test(this.#text.slice(this.#at))) return [from];
    this.#at++;
    const to = this.#character();
    if (to < from) throw new Unsupported(`the set ${this.#text}`);
    return ALL.slice(from.charCodeAt(0), to.charCodeAt(0) + 1);
  }

  #character(): string {
    const one = this.#text[this.#at++] ?? '';
    if (one !== '\\') return one;
    const octal = /^[0-7]{1,3}/.exec(this.#text.slice(this.#at))?.[0];
    if (octal !== undefined) {
      this.#at += octal.length;
      if (Number.parseInt(octal, 8) > 0x7f) throw new Unsupported(`the set ${this.#text}`);
      return String.fromCharCode(Number.parseInt(octal, 8));
    }
    const next = this.#text[this.#at++];
    return next === undefined ? '\\' : (ESCAPED[next] ?? next);
  }
}

const setOf = (text: string): string[] => new SetReader(text).read();

/** What each character becomes. What is longer in the first set becomes the last of the second. */
function translation(from: readonly string[], second: string): ReadonlyMap<string, string> {
  const classes = second.match(/\[:[a-z]+:\]/g) ?? [];
  if (classes.some((name) => !/upper|lower/.test(name))) throw new Unsupported(`the set ${second}`);
  const to = setOf(second);
  const last = to.at(-1);
  if (last === undefined) throw new Unsupported('an empty set');
  return new Map(from.map((one, at) => [one, to[at] ?? last]));
}

function squeezed(text: string, some: ReadonlySet<string>): string {
  let found = '';
  for (const one of text) if (!(some.has(one) && found.endsWith(one))) found += one;
  return found;
}

function run(parsed: Parsed, text: string): string {
  const [first, second] = parsed.operands;
  const deletes = parsed.has('d');
  const squeezes = parsed.has('s');
  const wanted = deletes === squeezes ? 2 : deletes || second === undefined ? 1 : 2;
  if (first === undefined || parsed.operands.length !== wanted) throw new Unsupported('not the right number of sets');
  const listed = new Set(setOf(first));
  const isComplement = parsed.has('c');
  if (isComplement && !deletes && !isAscii(text)) throw new Unsupported('a complement for text that is not ASCII');
  const members = isComplement ? new Set(ALL.filter((one) => !listed.has(one))) : listed;
  if (deletes) {
    const isMember = (one: string): boolean => listed.has(one) !== isComplement;
    const kept = [...text].filter((one) => !isMember(one)).join('');
    return squeezes ? squeezed(kept, new Set(setOf(second ?? ''))) : kept;
  }
  if (second === undefined) return squeezed(text, members);
  // Written twice, the last of them counts: the order matters.
  const becomes = translation(isComplement ? [...members] : setOf(first), second);
  const changed = [...text].map((one) => becomes.get(one) ?? one).join('');
  return squeezes ? squeezed(changed, new Set(setOf(second))) : changed;
}

const NAMES = { flags: 'dscC', long: { delete: 'd', 'squeeze-repeats': 's', complement: 'c' } };

export const tr: TextTool = ({ args, stdin }) => {
  const parsed = parseOptions(
    args.map((arg) => (/^-[dscC]+$/.test(arg) ? arg.replaceAll('C', 'c') : arg)),
    NAMES,
  );
  return printed(run(parsed, stdin));
};
