import { type Input, inputsOf, linesOf, noSuchFile } from './input.ts';
import { type Parsed, parseOptions } from './options.ts';
import { PerlRegex } from './perl.ts';
import { type Found, quotedRegex, regexOf, translated } from './regex.ts';
import { type TextTool, Unsupported } from './tool.ts';

interface Matcher {
  test(text: string): boolean;
  exec(text: string, from?: number): Found | null;
}

const NAMES = {
  flags: 'EFGPqcvwxnolshHaiy',
  values: 'emABCK',
  long: {
    'extended-regexp': 'E',
    'fixed-strings': 'F',
    'basic-regexp': 'G',
    'perl-regexp': 'P',
    quiet: 'q',
    silent: 'q',
    count: 'c',
    'invert-match': 'v',
    'ignore-case': 'i',
    'word-regexp': 'w',
    'line-regexp': 'x',
    'line-number': 'n',
    'only-matching': 'o',
    'files-with-matches': 'l',
    'no-messages': 's',
    'no-filename': 'h',
    'with-filename': 'H',
    text: 'a',
    regexp: 'e',
    'max-count': 'm',
    'after-context': 'A',
    'before-context': 'B',
    context: 'C',
    color: 'K',
    colour: 'K',
  },
};

/** Options and the patterns, of which one a line is enough. */
interface Search {
  readonly parsed: Parsed;
  readonly matcher: Matcher;
  readonly hasNames: boolean;
}

function kindOf(name: string, parsed: Parsed): string {
  const given = parsed.options.findLast(([one]) => 'EFGP'.includes(one))?.[0];
  return given ?? (name === 'egrep' ? 'E' : name === 'fgrep' ? 'F' : 'G');
}

function matcherOf(name: string, parsed: Parsed, patterns: readonly string[]): Matcher {
  const kind = kindOf(name, parsed);
  const ignoreCase = parsed.has('i') || parsed.has('y');
  const written = patterns.join('\\n');
  if (kind === 'P') {
    if (patterns.length > 1 || parsed.has('w') || parsed.has('x'))
      throw new Unsupported('-P with -w, -x or several patterns');
    return new PerlRegex(written, ignoreCase);
  }
  const sources = patterns.map((one) =>
    kind === 'F' ? quotedRegex(one) : translated(one, { isExtended: kind === 'E' }),
  );
  const any = sources.length === 1 ? (sources[0] ?? '') : sources.map((one) => `(?:${one})`).join('|');
  return regexOf(around(any, parsed), written, ignoreCase);
}

function around(source: string, parsed: Parsed): string {
  if (parsed.has('x')) return `^(?:${source})$`;
  if (!parsed.has('w')) return source;
  if (parsed.has('o')) throw new Unsupported('-o with -w');
  return `(?:^|\\W)(?:${source})(?:\\W|$)`;
}

/** Without what belongs to a terminal. */
function checked(parsed: Parsed): void {
  const color = parsed.value('K');
  if (color !== undefined && color !== 'never' && color !== 'auto') throw new Unsupported('colours');
}

function patternsOf(parsed: Parsed): { patterns: string[]; operands: readonly string[] } {
  const given = parsed.options.filter(([name]) => name === 'e').map(([, value]) => value);
  const [first, ...rest] = parsed.operands;
  if (given.length === 0 && first === undefined) throw new Unsupported('no pattern');
  const texts = given.length > 0 ? given : [first ?? ''];
  return { patterns: texts.flatMap((text) => text.split('\n')), operands: given.length > 0 ? parsed.operands : rest };
}

function* matchesOf(matcher: Matcher, line: string): Generator<string> {
  for (let at = 0; at <= line.length; ) {
    const found = matcher.exec(line, at);
    if (found === null) return;
    if (found.to > found.from) yield found.text;
    at = Math.max(found.to, found.from + 1);
  }
}

interface Selected {
  readonly lines: readonly string[];
  /** Numbers from 0. */
  readonly chosen: readonly number[];
}

function selectedOf({ parsed, matcher }: Search, { text }: Input): Selected {
  if (text.includes('\0')) throw new Unsupported('text with NUL');
  const lines = linesOf(text);
  const most = numberOf(parsed, 'm') ?? Number.POSITIVE_INFINITY;
  const wanted = !parsed.has('v');
  const chosen: number[] = [];
  for (const [at, line] of lines.entries()) {
    if (chosen.length >= most) break;
    if (matcher.test(line) === wanted) chosen.push(at);
  }
  return { lines, chosen };
}

function numberOf(parsed: Parsed, name: string): number | undefined {
  const text = parsed.value(name);
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new Unsupported(`the number ${text}`);
  return Number(text);
}

/** What is printed of one input. */
function printedOf(search: Search, input: Input, selected: Selected): string {
  const { parsed, hasNames } = search;
  const name = input.name === '-' ? '(standard input)' : input.name;
  const { lines, chosen } = selected;
  if (parsed.has('q')) return '';
  if (parsed.has('l')) return chosen.length > 0 ? `${name}\n` : '';
  if (parsed.has('c')) return `${hasNames ? `${name}:` : ''}${chosen.length}\n`;
  const front = (at: number, mark: string): string =>
    `${hasNames ? name + mark : ''}${parsed.has('n') ? at + 1 + mark : ''}`;
  if (parsed.has('o')) return onlyMatching(search, selected, front);
  const before = numberOf(parsed, 'B') ?? numberOf(parsed, 'C') ?? 0;
  const behind = numberOf(parsed, 'A') ?? numberOf(parsed, 'C') ?? 0;
  const rows = before + behind === 0 ? chosen : surrounded(lines.length, chosen, before, behind);
  const isChosen = new Set(chosen);
  const isGap = (at: number, place: number): boolean => before + behind > 0 && place > 0 && rows[place - 1] !== at - 1;
  return rows
    .map((at, place) => `${isGap(at, place) ? '--\n' : ''}${front(at, isChosen.has(at) ? ':' : '-')}${lines[at]}\n`)
    .join('');
}

function onlyMatching(
  { parsed, matcher }: Search,
  { lines, chosen }: Selected,
  front: (at: number, mark: string) => string,
): string {
  if (parsed.has('v')) return '';
  return chosen
    .flatMap((at) => [...matchesOf(matcher, lines[at] ?? '')].map((part) => `${front(at, ':')}${part}\n`))
    .join('');
}

/** The chosen lines and those around them. */
function surrounded(count: number, chosen: readonly number[], before: number, behind: number): readonly number[] {
  const found = new Set<number>();
  for (const at of chosen) {
    for (let near = Math.max(0, at - before); near <= Math.min(count - 1, at + behind); near++) found.add(near);
  }
  return [...found].sort((left, right) => left - right);
}

/** `-5` stands for `-C 5`, `--color` alone for `--color=auto`. */
const modern = (args: readonly string[]): string[] =>
  args.map((arg) => (/^-\d+$/.test(arg) ? `-C${arg.slice(1)}` : /^--colou?r$/.test(arg) ? '--color=auto' : arg));

export const grep: TextTool = (call) => {
  const parsed = parseOptions(modern(call.args), NAMES);
  checked(parsed);
  const { patterns, operands } = patternsOf(parsed);
  const matcher = matcherOf(call.name, parsed, patterns);
  const { inputs, missing } = inputsOf({ ...call, name: 'grep' }, operands, noSuchFile);
  const hasNames = parsed.has('H') || (operands.length > 1 && !parsed.has('h'));
  const search = { parsed, matcher, hasNames };
  const found = inputs.map((input) => ({ input, selected: selectedOf(search, input) }));
  const isFound = found.some(({ selected }) => selected.chosen.length > 0);
  const hasFailed = missing !== '' && !(parsed.has('q') && isFound);
  return {
    stdout: found.map(({ input, selected }) => printedOf(search, input, selected)).join(''),
    stderr: parsed.has('s') ? '' : missing,
    exit: hasFailed ? 2 : isFound ? 0 : 1,
  };
};
