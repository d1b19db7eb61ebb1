import type { Qdisc } from '../../kernel/index.ts';
import { tcMajor } from '../../u32.ts';
import type { Found, Rule } from '../finding.ts';
import { lostAt } from '../kinds.ts';
import { minorsOf } from '../minors.ts';
import type { Command, Script } from '../script.ts';
import type { Setup } from '../setup.ts';
import type { Page } from './page.ts';

/** Class numbers are hexadecimal: a loop that counts in decimal goes from 1:9 to 1:10, which is number 16. */
export const FT007: Rule = {
  code: 'FT007',
  severity: 'warning',
  title: 'class numbers counted in decimal',
  *look(tree) {
    yield* loops(tree.script);
    yield* turns(tree.script);
    if (tree.hides('class')) return;
    for (const { q, flow, command } of tree.flows()) {
      if (q.kind.classes === null || lostAt(q) === 'own') continue;
      const nine = decimalGap(tree.classMinors(q), minorsOf(flow.config) ?? []);
      if (nine === null) continue;
      const [before, missing, next] = [nine, nine + 1, nine + 7].map(
        (minor) => `${tcMajor(q.handle).toString(16)}:${minor.toString(16)}`,
      );
      yield {
        command,
        word: command.words.indexOf('flow', 2),
        message: 'the class numbers were counted in decimal, tc reads them as hexadecimal',
        effect: `after ${before} comes ${missing}, which does not exist, and not ${next}; a loop makes the classes with $(printf %x ...) around the number`,
      };
    }
  },
};

/**
 * Classes were made by a loop that counts in decimal: from the filter's first class on they are there in decimal, over a
 * 9 at the end and further, and none that has a letter. Returns the number that ends in this 9, as hexadecimal; null:
 * no such loop made them, or the filter gives no class that it left out.
 */
export function decimalGap(there: ReadonlySet<number>, minors: readonly number[]): number | null {
  const [first] = minors;
  if (first === undefined || hasLetter(first) || !there.has(first)) return null;
  const start = Number.parseInt(first.toString(16), 10);
  let end = start;
  while (there.has(asTyped(end + 1))) end++;
  const nine = start - (start % 10) + 9;
  const lettered = [...there].some((minor) => minor > first && minor < asTyped(end) && hasLetter(minor));
  if (end <= nine || lettered || !minors.some((minor) => !there.has(minor) && hasLetter(minor))) return null;
  return asTyped(nine);
}

/** What tc takes the digits of a decimal number for. */
const asTyped = (decimal: number): number => Number.parseInt(String(decimal), 16);
const hasLetter = (minor: number): boolean => /[a-f]/.test(minor.toString(16));

/** Tells of which qdiscs a loop that counted in decimal made the classes: fewer of them would mend nothing. */
export function decimalQdiscs(tree: Setup): (q: Qdisc) => boolean {
  const makers = new Set(Array.from(turns(tree.script), ({ command }) => command));
  const counted = new Set<Qdisc>();
  for (const { q, flow } of tree.flows()) {
    if (decimalGap(tree.classMinors(q), minorsOf(flow.config) ?? []) !== null) counted.add(q);
  }
  const isMadeSo = (of: object): boolean => {
    const maker = tree.origin(of);
    return maker !== null && makers.has(maker);
  };
  return (q) => counted.has(q) || (makers.size > 0 && [...q.classes.walk()].some(isMadeSo));
}

/** First and last value of a loop's variable. */
type Range = readonly [first: number, last: number];

const LOOPS: readonly RegExp[] = [
  /\bfor\s+(?<name>\w+)\s+in\s+(?:\$\(|`)seq\s+(?:(?<first>\d+)\s+)?(?<last>\d+)\s*[)`]/,
  /\bfor\s+(?<name>\w+)\s+in\s+\{(?<first>\d+)\.\.(?<last>\d+)\}/,
  /\bfor\s*\(\(\s*(?<name>\w+)\s*=\s*(?<first>\d+)\s*;\s*\w+\s*<(?<including>=?)\s*(?<last>\d+)\s*;/,
];

/** Loops of the script that count, by their variable. */
function rangesOf({ others, unexpanded }: Script): Map<string, Range> {
  const ranges = new Map<string, Range>();
  for (const { source } of [...others, ...unexpanded]) {
    for (const loop of LOOPS) {
      const { name, first = '1', last, including } = loop.exec(source)?.groups ?? {};
      if (name !== undefined) ranges.set(name, [Number(first), Number(last) - (including === '' ? 1 : 0)]);
    }
  }
  return ranges;
}

/** What stands behind the colon of a class id: a variable, or a sum of it. */
const NUMBERS: readonly RegExp[] = [
  /^\S*:\$\{?(?<name>\w+)\}?(?= |$)/,
  /^\S*:(?:\$\(\(|(?:\$\(|`)expr) *(?<sum>\d+) *\+ *\$?\{?(?<name>\w+)\}? *[)`]/,
  /^\S*:(?:\$\(\(|(?:\$\(|`)expr) *\$?\{?(?<name>\w+)\}? *\+ *(?<sum>\d+) *[)`]/,
];

/** Class ids that are made of the variable of such a loop, where it passes a 9 at the end. */
function* loops(script: Script): Generator<Found> {
  const ranges = rangesOf(script);
  for (const command of script.unexpanded) {
    const word = classWord(command);
    const counted = word < 0 ? null : countedAt(command, word, ranges);
    if (counted === null) continue;
    const { name, nine } = counted;
    yield { command, word, ...texts(`$${name}`, nine) };
  }
}

/** The same of a loop that was run: behind the turn with a 9 at the end came the next number in decimal. */
function* turns({ commands }: Script): Generator<Found> {
  const last = new Map<string, string>();
  for (const command of commands) {
    const loop = command.loops.at(-1);
    const word = loop === undefined ? -1 : classWord(command);
    const [, qdisc = '', minor = ''] = /^(.*:)(\w+)$/.exec(command.words[word] ?? '') ?? [];
    if (loop === undefined || minor === '' || command.spans[word]?.literal !== false) continue;
    const place = `${command.file} ${command.line} ${qdisc}`;
    const before = last.get(place) ?? '';
    last.set(place, minor);
    if (!/^\d*9$/.test(before) || Number(minor) !== Number(before) + 1) continue;
    yield { command, word, ...texts(/^\d+$/.test(loop.value) ? `$${loop.name}` : 'the number', before) };
  }
}

const classWord = ({ words }: Command): number =>
  words.findIndex((_, i) => /^(?:classid|baseclass)$/.test(words[i - 1] ?? ''));

const texts = (name: string, nine: string): Pick<Found, 'message' | 'effect'> => ({
  message: `${name} is counted in decimal, tc reads class numbers as hexadecimal`,
  effect: `after :${nine} comes :${nine.slice(0, -1)}a, which the loop leaves out: write $(printf %x ...) around the number`,
});

/** The variable of the loop, and the first number that ends in 9 and has one behind it; null: no loop, or no such number. */
function countedAt(
  { words }: Command,
  word: number,
  ranges: ReadonlyMap<string, Range>,
): { name: string; nine: string } | null {
  const text = words.slice(word).join(' ');
  for (const form of NUMBERS) {
    const { name = '', sum = '0' } = form.exec(text)?.groups ?? {};
    const range = ranges.get(name);
    if (range === undefined) continue;
    const [first, last] = range.map((value) => value + Number(sum)) as [number, number];
    const nine = first - (first % 10) + 9;
    if (last > nine) return { name, nine: String(nine) };
  }
  return null;
}

export const PAGE: Page = {
  happens: [
    'Class numbers are hexadecimal.',
    'A loop that counts in decimal makes 1:9 and then 1:10, which is number 16: the classes 1:a to 1:f are missing.',
    'What the filter puts there is lost as in FT005. With up to nine classes nobody notices.',
  ],
  mend: [
    'Write `classid 1:$(printf %x $i)`, or take the commands that `cls-flow classes` prints.',
    'The divisor is decimal.',
  ],
  found: [
    {
      script: ['for i in $(seq 1 16); do', '  tc class add dev eth0 parent 1: classid 1:$i drr', 'done'],
      line: 2,
      word: '1:$i',
    },
    {
      script: [
        'for ((i = 0; i < 32; i++)); do',
        '  tc class add dev eth0 parent 2: classid 2:$((100+i)) htb rate 3mbit',
        'done',
      ],
      line: 2,
      word: '2:$((100+i))',
    },
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: drr',
        'tc class add dev eth0 parent 1: classid 1:1 drr',
        'tc class add dev eth0 parent 1: classid 1:2 drr',
        'tc class add dev eth0 parent 1: classid 1:3 drr',
        'tc class add dev eth0 parent 1: classid 1:4 drr',
        'tc class add dev eth0 parent 1: classid 1:5 drr',
        'tc class add dev eth0 parent 1: classid 1:6 drr',
        'tc class add dev eth0 parent 1: classid 1:7 drr',
        'tc class add dev eth0 parent 1: classid 1:8 drr',
        'tc class add dev eth0 parent 1: classid 1:9 drr',
        'tc class add dev eth0 parent 1: classid 1:10 drr',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 10',
      ],
      line: 12,
      word: 'flow',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: drr',
        'tc class add dev eth0 parent 1: classid 1:1 drr',
        'tc class add dev eth0 parent 1: classid 1:2 drr',
        'tc class add dev eth0 parent 1: classid 1:3 drr',
        'tc class add dev eth0 parent 1: classid 1:4 drr',
        'tc class add dev eth0 parent 1: classid 1:5 drr',
        'tc class add dev eth0 parent 1: classid 1:6 drr',
        'tc class add dev eth0 parent 1: classid 1:7 drr',
        'tc class add dev eth0 parent 1: classid 1:8 drr',
        'tc class add dev eth0 parent 1: classid 1:9 drr',
        'tc class add dev eth0 parent 1: classid 1:a drr',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 10',
      ],
      why: 'Number 10 is a.',
    },
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: drr',
        'for i in $(seq 10 17); do',
        '  tc class add dev eth0 parent 1: classid 1:$i drr',
        'done',
      ],
      why: 'From 10 to 17 no number ends in 9, so none is left out.',
    },
  ],
};
