import type { SourcePlace } from './simulated.ts';
import type { Source } from './source.ts';

/** Where the lines of a text are written in the user's files, as far as that is known: of here-documents and files. */
export type LinePlaces = readonly (TextLine | null)[];

/** A line, and whether it stands there as it is, so that it may be edited. */
export interface TextLine {
  readonly place: SourcePlace;
  readonly literal: boolean;
}

/** Of a file that the user has: each line stands there as it is. */
export function linePlaces(source: Source): LinePlaces {
  let at = 0;
  return source.text.split('\n').map((line) => {
    const place = source.place({ pos: at, end: at + line.length });
    at += line.length + 1;
    return { place, literal: true };
  });
}

/** A text that is read from its beginning to its end, by one reader after the other. */
export class Input {
  readonly text: string;
  readonly lines: LinePlaces | null;
  at = 0;

  constructor(text: string, lines: LinePlaces | null = null) {
    this.text = text;
    this.lines = lines;
  }

  rest(): string {
    const rest = this.text.slice(this.at);
    this.at = this.text.length;
    return rest;
  }

  /** The next character; empty: nothing is left. */
  take(): string {
    if (this.at >= this.text.length) return '';
    const char = String.fromCodePoint(this.text.codePointAt(this.at) ?? 0);
    this.at += char.length;
    return char;
  }

  /** Up to a delimiter, which is left out; null: nothing is left. `isWhole`: the delimiter was there. */
  until(delimiter: string): { readonly text: string; readonly isWhole: boolean } | null {
    if (this.at >= this.text.length) return null;
    const end = this.text.indexOf(delimiter, this.at);
    const text = this.text.slice(this.at, end < 0 ? this.text.length : end);
    this.at = end < 0 ? this.text.length : end + 1;
    return { text, isWhole: end >= 0 };
  }
}

/** Where text goes. */
export interface Output {
  readonly isNull: boolean;
  write(text: string, lines?: LinePlaces | null): void;
}

/** Nobody sees it. */
export const NOWHERE: Output = { isNull: true, write: () => undefined };

/** The terminal: only the first characters are kept. */
export class Terminal implements Output {
  readonly isNull = false;
  private readonly most: number;
  said = '';

  constructor(most: number) {
    this.most = most;
  }

  write(text: string): void {
    if (this.said.length < this.most) this.said = `${this.said}${text}`.slice(0, this.most);
  }
}

/** Keeps what is written. */
export class Capture implements Output {
  readonly isNull = false;
  private readonly parts: string[] = [];
  private length = 0;
  private linesOf: LinePlaces | null = null;
  private readonly most: number;
  private readonly full: () => never;

  /** `full` is called when there is more than `most`, and ends the run. */
  constructor(most: number, full: () => never) {
    this.most = most;
    this.full = full;
  }

  write(text: string, lines: LinePlaces | null = null): void {
    if (text === '') return;
    this.linesOf = this.parts.length === 0 ? lines : null;
    this.parts.push(text);
    this.length += text.length;
    if (this.length > this.most) this.full();
  }

  get text(): string {
    return this.parts.join('');
  }

  /** Where the lines come from, if one text with places was all that was written. */
  get lines(): LinePlaces | null {
    return this.linesOf;
  }
}

/** What a number such as 0, 1 or 2 stands for. */
export interface Descriptor {
  readonly input?: Input;
  readonly output?: Output;
}

export type Descriptors = ReadonlyMap<number, Descriptor>;
