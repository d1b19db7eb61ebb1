/** Characters that mean something in a pattern. */
const SPECIAL = /[\\*?[\]()|+@!]/g;

/** The text as a pattern that matches itself and nothing else. */
export const quotedPattern = (text: string): string => text.replace(SPECIAL, '\\$&');

/** The text that such a pattern stands for, if it is matched by nothing else. */
export const unquotedPattern = (pattern: string): string => pattern.replace(/\\([\s\S])/g, '$1');

/** True: something else than itself may match. */
export const isPattern = (pattern: string): boolean => /(?<!\\)(?:\\\\)*[*?[]|[?*+@!]\(/.test(pattern);

/** Tells whether texts match a pattern of the shell as a whole. */
export function matcher(pattern: string): (text: string) => boolean {
  if (!isPattern(pattern)) {
    const plain = unquotedPattern(pattern);
    return (text) => text === plain;
  }
  if (/[?*+@!]\(/.test(pattern)) {
    const expression = new RegExp(`^(?:${expressionOf(pattern)})$`, 'u');
    return (text) => expression.test(text);
  }
  const items = itemsOf(pattern);
  return (text) => matchesItems(items, text);
}

/** One character that must be there, or a star. */
type Item = '*' | ((char: string) => boolean);

function itemsOf(pattern: string): Item[] {
  const items: Item[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] ?? '';
    const set = char === '[' ? setAt(pattern, at) : null;
    if (char === '*') items.push('*');
    else if (char === '?') items.push(() => true);
    else if (set !== null) {
      const expression = new RegExp(`^${set.expression}$`, 'u');
      items.push((one) => expression.test(one));
      at = set.end - 1;
    } else {
      if (char === '\\' && at + 1 < pattern.length) at++;
      const plain = pattern[at];
      items.push((one) => one === plain);
    }
  }
  return items;
}

/** Only the last star is ever widened again, so that the work is at most text × pattern. */
function matchesItems(items: readonly Item[], text: string): boolean {
  let at = 0;
  let item = 0;
  let star = -1;
  let from = 0;
  while (at < text.length) {
    const one = items[item];
    if (one === '*') {
      star = item++;
      from = at;
    } else if (one?.(text[at] ?? '') === true) {
      item++;
      at++;
    } else if (star >= 0) {
      item = star + 1;
      at = ++from;
    } else return false;
  }
  while (items[item] === '*') item++;
  return item === items.length;
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
export const CLASSES: Readonly<Record<string, string>> = {
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

/** With the extended patterns `?(…)`, `*(…)`, `+(…)`, `@(…)` and `!(…)`. */
function expressionOf(pattern: string): string {
  let expression = '';
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] ?? '';
    const group = '?*+@!'.includes(char) && pattern[at + 1] === '(' ? groupEnd(pattern, at + 1) : -1;
    if (group >= 0) {
      expression += extended(char, pattern.slice(at + 2, group));
      at = group;
    } else if (char === '*') expression += '[sS]*';
    else if (char === '?') expression += '[sS]';
    else if (char === '[') {
      const set = setAt(pattern, at);
      expression += set?.expression ?? '\\[';
      if (set !== null) at = set.end - 1;
    } else {
      if (char === '\\' && at + 1 < pattern.length) at++;
      expression += escaped(pattern[at] ?? '');
    }
  }
  return expression;
}

function extended(operator: string, inside: string): string {
  const choice = alternatives(inside).map(expressionOf).join('|');
  if (operator === '@') return `(?:${choice})`;
  if (operator === '!') return `(?:(?!(?:${choice})$)[sS]*)`;
  return `(?:${choice})${operator}`;
}

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

/** An extended regular expression of POSIX, as `[[ =~ ]]` takes it; null: it is none. */
export function posixExpression(text: string, isCaseless: boolean): RegExp | null {
  const source = text.replace(
    /\[(\^?)(\]?)((?:\[:\w+:\]|[^\]])*)\]/g,
    (_, not: string, first: string, rest: string) => {
      const named = rest.replace(/\[:(\w+):\]/g, (_all, name: string) => CLASSES[name] ?? '');
      return `[${not}${first === '' ? '' : '\\]'}${named.replace(/\\(?![\w\\[\]^-])/g, '\\\\')}]`;
    },
  );
  try {
    return new RegExp(source, isCaseless ? 'i' : '');
  } catch {
    return null;
  }
}
