/** Why something that is listed cannot be made again. */
export class Unread extends Error {
  override readonly name = 'Unread';
}

/** The words that tc prints behind a filter's place and kind, one at a time. */
export class Printed {
  private readonly words: readonly string[];
  private at = 0;

  constructor(words: readonly string[]) {
    this.words = words;
  }

  get done(): boolean {
    return this.at >= this.words.length;
  }

  peek(ahead = 0): string {
    return this.words[this.at + ahead] ?? '';
  }

  next(): string {
    return this.words[this.at++] ?? '';
  }

  /** Takes these words if they are next. */
  take(...words: readonly string[]): boolean {
    if (words.some((word, i) => this.peek(i) !== word)) return false;
    this.at += words.length;
    return true;
  }

  /** All up to a word that `ends` knows. */
  until(ends: (printed: Printed) => boolean): string[] {
    const taken: string[] = [];
    while (!this.done && !ends(this)) taken.push(this.next());
    return taken;
  }
}

/** An action of a list begins. */
export const atAction = (printed: Printed): boolean => printed.peek() === 'action' && printed.peek(1) === 'order';
/** A policer of old begins, which stands in no list. */
export const atPolice = (printed: Printed): boolean => printed.peek() === 'police' && /^0x/.test(printed.peek(1));
/** What a filter does with a packet begins. */
export const atEnd = (printed: Printed): boolean => atAction(printed) || atPolice(printed);
