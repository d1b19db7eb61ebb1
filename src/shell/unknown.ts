import type { SourcePlace } from './simulated.ts';

/** A value that nobody knows: what a program prints that is not modelled, the text of a file that was not given. */
export interface UnknownValue {
  readonly why: string;
  readonly place: SourcePlace;
}

// Noncharacters of Unicode: no text that a script can hold has them once they are taken out of it.
const OPEN = '\uFDD0';
const CLOSE = '\uFDD1';
const MARK = /\uFDD0(\d+)\uFDD1/;
const MARKS = /[\uFDD0\uFDD1]/g;

/** True: the text holds a value that is not known, so nothing may be made of it. */
export const isUnknown = (text: string): boolean => text.includes(OPEN);

/** A text from outside: it cannot pretend to hold such a value. */
export const withoutMarks = (text: string): string => text.replace(MARKS, '\uFFFD');

/** The unknown values of a run. Each travels through the script as a mark within text. */
export class Unknowns {
  private readonly values: UnknownValue[] = [];

  mark(value: UnknownValue): string {
    this.values.push(value);
    return `${OPEN}${this.values.length - 1}${CLOSE}`;
  }

  /** The first unknown value in a text. */
  in(text: string): UnknownValue | undefined {
    const [, index] = MARK.exec(text) ?? [];
    return index === undefined ? undefined : this.values[Number(index)];
  }

  /** The mark itself, which stands for all that is made of the text; '': there is none. */
  markIn(text: string): string {
    return MARK.exec(text)?.[0] ?? '';
  }
}

/** As a user may see it. */
export const shown = (text: string): string => text.replace(/\uFDD0\d+\uFDD1/g, '…');
