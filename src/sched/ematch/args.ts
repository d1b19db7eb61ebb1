import { decodeUtf8, strtoul } from '../../lang/index.ts';

/** iproute2 tc/m_ematch.h: struct bstr — one word of an expression. A quoted one may hold any bytes. */
export interface Arg {
  readonly quoted: boolean;
  readonly bytes: Uint8Array;
}

/** The word as text; bytes that are no UTF-8 stay what they are (lang/utf8.ts). */
export function textOf(arg: Arg): string {
  return decodeUtf8(arg.bytes);
}

const ULONG_MAX = (1n << 64n) - 1n;

/** iproute2 tc/m_ematch.c: bstrtoul() — the number that the word begins with; what follows it does not matter. */
export function numberOf(arg: Arg): bigint | undefined {
  const { value } = strtoul(textOf(arg), 0);
  return value === ULONG_MAX ? undefined : value;
}

export function toU32(value: bigint): number {
  return Number(BigInt.asUintN(32, value));
}

/** Arguments that a kind refuses: tc's words for it, and what tc shows of them. */
export class ArgsError extends Error {
  override readonly name = 'ArgsError';
  /** The arguments shown below the message; null: none. */
  readonly shown: readonly Arg[] | null;
  /** The one that is marked. */
  readonly mark: Arg | undefined;
  /** Nothing is shown below the message, not even the usage. */
  readonly bare: boolean;
  constructor(message: string, shown: readonly Arg[] | null, mark: Arg | undefined, bare = false) {
    super(message);
    this.shown = shown;
    this.mark = mark;
    this.bare = bare;
  }
}

/** Cursor over the words between a match's parentheses: at least one. */
export class Args {
  readonly list: readonly Arg[];
  private at = 0;

  constructor(list: readonly Arg[]) {
    this.list = list;
  }

  /** Takes a word; undefined at the end. */
  next(): Arg | undefined {
    return this.list[this.at++];
  }

  /** Takes the word behind `arg`, or refuses as tc's parsers do, which mark the word that lacks something. */
  after(arg: Arg, message: string): Arg {
    const next = this.next();
    if (next === undefined) throw this.error(message, arg);
    return next;
  }

  error(message: string, mark?: Arg): ArgsError {
    return new ArgsError(message, this.list, mark);
  }

  /** The same, where tc has forgotten the words before `mark`; nothing marked: it has forgotten all. */
  errorFrom(message: string, mark: Arg | undefined): ArgsError {
    return new ArgsError(message, mark === undefined ? null : this.list.slice(this.list.indexOf(mark)), mark);
  }
}
