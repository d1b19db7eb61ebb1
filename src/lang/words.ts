import { FatalUsageError, UsageError } from '../errors.ts';

/** iproute2 lib/utils.c: matches() — any prefix of the keyword will do; an empty word is none. */
export function matches(word: string, keyword: string): boolean {
  return word !== '' && keyword.startsWith(word);
}

function holds(word: string, keyword: string, whole: boolean): boolean {
  return whole ? word === keyword : matches(word, keyword);
}

/** iproute2 lib/utils.c: incomplete_command() */
function incomplete(at: number): UsageError {
  return new FatalUsageError('Command line is not complete. Try option "help"', at);
}

/** A word that tc takes and that is not modelled here. */
export interface NotModelled {
  /** Index of the word in the command. */
  readonly word: number;
  readonly why: string;
}

/**
 * Cursor over the words of one command, as tc's parsers move along argv. Each parser takes the words it knows
 * and leaves the cursor on the first it does not; indices count from the whole command's first word, for carets.
 */
export class Words {
  readonly list: readonly string[];
  /** Index of the word that next() will take. */
  at: number;
  /** What parsers took and could not give a meaning. */
  readonly notModelled: NotModelled[] = [];

  constructor(list: readonly string[], at = 0) {
    this.list = list;
    this.at = at;
  }

  get done(): boolean {
    return this.at >= this.list.length;
  }

  /** The word the cursor stands on, not taken; '' at the end. */
  peek(): string {
    return this.list[this.at] ?? '';
  }

  /** Takes a word; at the end of the command throws what tc says there (NEXT_ARG). */
  next(): string {
    const word = this.list[this.at];
    if (word === undefined) throw incomplete(this.at);
    this.at++;
    return word;
  }

  /** Takes all words that are left, as typed: of what is not modelled none is judged. */
  takeRest(): string {
    const rest = this.list.slice(this.at).join(' ');
    this.at = this.list.length;
    return rest;
  }

  /** Insists that another word follows without taking it. */
  need(): void {
    if (this.done) throw incomplete(this.at);
  }

  /** Whether the word the cursor stands on is a prefix of the keyword. */
  is(keyword: string): boolean {
    return this.fits(this.at, this.peek(), keyword, false);
  }

  /** Whether the word the cursor stands on is exactly the keyword. */
  isExactly(keyword: string): boolean {
    return !this.done && this.fits(this.at, this.peek(), keyword, true);
  }

  /** Whether the word taken last is a prefix of the keyword; `part`: what counts of the word. */
  was(keyword: string, part = this.list[this.at - 1] ?? ''): boolean {
    return this.fits(this.at - 1, part, keyword, false);
  }

  /** Whether the word taken last is exactly the keyword; `part`: what counts of the word. */
  wasExactly(keyword: string, part = this.list[this.at - 1] ?? ''): boolean {
    return this.fits(this.at - 1, part, keyword, true);
  }

  /** Whether the word the cursor stands on ends this parser's words and is left to the parser around it. */
  isLeft(keyword: string, whole: boolean): boolean {
    return holds(this.peek(), keyword, whole);
  }

  /** The one place where a word of the command is held against a keyword that would be taken there. */
  protected fits(_at: number, word: string, keyword: string, whole: boolean): boolean {
    return holds(word, keyword, whole);
  }

  /** Takes the word if it is a prefix of the keyword. */
  take(keyword: string): boolean {
    if (!this.is(keyword)) return false;
    this.at++;
    return true;
  }

  /** Takes the word if it is exactly this one. */
  takeExact(word: string): boolean {
    if (!this.isExactly(word)) return false;
    this.at++;
    return true;
  }

  /** Puts the word taken last back (PREV_ARG). */
  back(): void {
    if (this.at > 0) this.at--;
  }

  /** tc understands the word taken last, and nothing here models it. */
  leaveOut(what: string): void {
    this.notModelled.push({ word: this.at - 1, why: `${what} is not modelled here` });
  }

  /** An error about the word taken last. */
  error(message: string, hint = '', exit = 1): UsageError {
    return new UsageError(message, Math.max(0, this.at - 1), hint, exit);
  }

  /** An error about the word taken last that ends all of tc, as get_addr() and get_prefix() do. */
  exits(message: string): UsageError {
    return new FatalUsageError(message, Math.max(0, this.at - 1), 1);
  }

  /** iproute2 lib/utils.c: duparg() — about the word taken last. */
  duplicate(keyword: string, value: string): UsageError {
    return new FatalUsageError(
      `Error: duplicate "${keyword}": "${value}" is the second value.`,
      Math.max(0, this.at - 1),
    );
  }

  /** iproute2 lib/utils.c: missarg() */
  missing(what: string): UsageError {
    return new FatalUsageError(`Error: argument "${what}" is required`, Math.max(0, this.at - 1));
  }

  /** iproute2 lib/utils.c: invarg() — about the word taken last. */
  invalid(what: string): UsageError {
    const word = Math.max(0, this.at - 1);
    return new FatalUsageError(`Error: argument "${this.list[word] ?? ''}" is wrong: ${what}`, word);
  }
}
