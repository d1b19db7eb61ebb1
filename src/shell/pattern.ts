/** Characters that mean something in a pattern. */
const SPECIAL = /[\\*?[\]()|+@!]/g;

/** The text as a pattern that matches itself and nothing else. */
export const quotedPattern = (text: string): string => text.replace(SPECIAL, '\\$&');

/** The text that such a pattern stands for, if it is matched by nothing else. */
export const unquotedPattern = (pattern: string): string => pattern.replace(/\\([\s\S])/g, '$1');

/** True: something else than itself may match. */
export const isPattern = (pattern: string): boolean => /(?<!\\)(?:\\\\)*[*?[]|[?*+@!]\(/.test(pattern);

/** What the work may cost: called with each character that is looked at, and throws where that is too much. */
export type Spend = (characters: number) => void;

export interface PatternOptions {
  readonly isCaseless?: boolean;
  readonly spend?: Spend;
}

/** Tells whether texts match a pattern of the shell as a whole. */
export function matcher(pattern: string, options: PatternOptions = {}): (text: string) => boolean {
  if (!isPattern(pattern) && options.isCaseless !== true) {
    const plain = unquotedPattern(pattern);
    return (text) => text === plain;
  }
  const compiled = new Pattern(pattern, options);
  return (text) => {
    const letters = [...text];
    return compiled.ends(letters, 0).includes(letters.length);
  };
}

/** One character that must be there, a star, or a group such as `+(a|b)`. */
type Item = '*' | ((char: string) => boolean) | Group;

interface Group {
  readonly operator: string;
  readonly choices: readonly (readonly Item[])[];
}

/**
 * A pattern of the shell. Where it may end is found for all places at once, item by item: no choice is ever taken back,
 * so that the work does not grow with the number of ways to match.
 */
export class Pattern {
  private readonly items: readonly Item[];
  private readonly spend: Spend;

  constructor(pattern: string, { isCaseless = false, spend = () => undefined }: PatternOptions = {}) {
    this.items = itemsOf(pattern, isCaseless);
    this.spend = spend;
  }

  /** Where matches that begin at a place may end, in order. */
  ends(letters: readonly string[], from: number): number[] {
    return this.through(this.items, letters, [from], 1);
  }

  /** Where matches that end at a place may begin, in order. */
  starts(letters: readonly string[], to: number): number[] {
    return this.through(this.items, letters, [to], -1);
  }

  /** From places through all items; `by`: 1 forwards, -1 backwards. */
  private through(items: readonly Item[], letters: readonly string[], from: readonly number[], by: 1 | -1): number[] {
    let places = [...from];
    for (let i = 0; i < items.length && places.length > 0; i++) {
      const item = items[by === 1 ? i : items.length - 1 - i];
      if (item === undefined) break;
      this.spend(places.length);
      if (item === '*') places = this.any(places, letters, by);
      else if (typeof item === 'function') {
        places = places.filter((at) => item(letters[by === 1 ? at : at - 1] ?? '')).map((at) => at + by);
      } else places = this.group(item, letters, places, by);
    }
    return places;
  }

  /** All places behind the first one, or before the last one. */
  private any(places: readonly number[], letters: readonly string[], by: 1 | -1): number[] {
    const from = by === 1 ? (places[0] ?? 0) : 0;
    const to = by === 1 ? letters.length : (places.at(-1) ?? 0);
    // Each place is looked at again by the item that follows.
    this.spend(4 * (to - from));
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  }

  private group(
    { operator, choices }: Group,
    letters: readonly string[],
    from: readonly number[],
    by: 1 | -1,
  ): number[] {
    const once = (places: readonly number[]): number[] =>
      choices.flatMap((choice) => this.through(choice, letters, places, by));
    if (operator === '@') return inOrder(once(from));
    if (operator === '?') return inOrder([...from, ...once(from)]);
    if (operator === '!') {
      return inOrder(
        from.flatMap((at) => {
          const taken = new Set(once([at]));
          return this.any([at], letters, by).filter((place) => !taken.has(place));
        }),
      );
    }
    const found = new Set(operator === '*' ? from : []);
    for (let next: readonly number[] = from; next.length > 0; ) {
      next = inOrder(once(next)).filter((place) => !found.has(place));
      for (const place of next) found.add(place);
    }
    return inOrder([...found]);
  }
}

const inOrder = (places: readonly number[]): number[] => [...new Set(places)].sort((a, b) => a - b);

function itemsOf(pattern: string, isCaseless: boolean): Item[] {
  const items: Item[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] ?? '';
    const group = '?*+@!'.includes(char) && pattern[at + 1] === '(' ? groupEnd(pattern, at + 1) : -1;
    const set = char === '[' ? setAt(pattern, at) : null;
    if (group >= 0) {
      const choices = alternatives(pattern.slice(at + 2, group)).map((choice) => itemsOf(choice, isCaseless));
      items.push({ operator: char, choices });
      at = group;
    } else if (char === '*') items.push('*');
    else if (char === '?') items.push((one) => one !== '');
    else if (set !== null) {
      items.push(setTest(set.expression, isCaseless));
      at = set.end - 1;
    } else {
      if (char === '\\' && at + 1 < pattern.length) at++;
      const plain = String.fromCodePoint(pattern.codePointAt(at) ?? 0);
      items.push(plainTest(plain, isCaseless));
      at += plain.length - 1;
    }
  }
  return items;
}

function setTest(source: string, isCaseless: boolean): (char: string) => boolean {
  const expression = setExpression(source, isCaseless);
  return (one) => expression?.test(one) === true;
}

/** null: nothing is in it, as in `[z-a]`. */
function setExpression(source: string, isCaseless: boolean): RegExp | null {
  try {
    return new RegExp(`^${source}$`, isCaseless ? 'iu' : 'u');
  } catch {
    return null;
  }
}

function plainTest(plain: string, isCaseless: boolean): (char: string) => boolean {
  if (!isCaseless) return (one) => one === plain;
  const lower = plain.toLowerCase();
  return (one) => one.toLowerCase() === lower;
}

/** A set `[…]` as a regular expression; null: the bracket is an ordinary character. */
function setAt(pattern: string, start: number): { readonly expression: string; readonly end: number } | null {
  let at = start + 1;
  const isNegated = pattern[at] === '!' || pattern[at] === '^';
  if (isNegated) at++;
  let inside = '';
  for (let first = true; at < pattern.length; first = false) {
    const char = pattern[at] ?? '';
    if (char === ']' && !first) {
      return { expression: `[${isNegated ? '^' : ''}${inside}]`, end: at + 1 };
    }
    const named = /^\[:(\w+):\]/.exec(pattern.slice(at, at + 12));
    if (named !== null) {
      inside += CLASSES[named[1] ?? ''] ?? '';
      at += named[0].length;
      continue;
    }
    if (char === '\\' && at + 1 < pattern.length) at++;
    const one = pattern[at] ?? '';
    inside += one === '-' && char !== '\\' && !first && pattern[at + 1] !== ']' ? '-' : escaped(one);
    at++;
  }
  return null;
}

/** POSIX classes, in the C locale. */
const CLASSES: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\s',
  upper: 'A-Z',
  word: '\\w',
  xdigit: '0-9A-Fa-f',
};

const escaped = (char: string): string => char.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

function groupEnd(pattern: string, open: number): number {
  let depth = 0;
  for (let at = open; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++;
    else if (pattern[at] === '(') depth++;
    else if (pattern[at] === ')' && --depth === 0) return at;
  }
  return -1;
}

/** Cut at the bars that are in no group of their own. */
function alternatives(inside: string): string[] {
  const parts = [''];
  let depth = 0;
  for (let at = 0; at < inside.length; at++) {
    const char = inside[at] ?? '';
    if (char === '\\') {
      parts.push(`${parts.pop() ?? ''}${inside.slice(at, at + 2)}`);
      at++;
    } else if (char === '|' && depth === 0) parts.push('');
    else {
      depth += char === '(' ? 1 : char === ')' ? -1 : 0;
      parts.push(`${parts.pop() ?? ''}${char}`);
    }
  }
  return parts;
}
