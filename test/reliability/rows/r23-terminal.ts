import { emulated, runTc } from '../../../src/command/index.ts';
import { createEnv } from '../../../src/env.ts';
import { ERAS } from '../../../src/era.ts';
import { Netns } from '../../../src/kernel/index.ts';
import { escapeLines, escapeRest, escapeText } from '../../../src/lang/index.ts';
import { csv } from '../../../src/report/index.ts';
import { Random } from '../../fuzz/random.ts';
import type { Counts, Found, Row, Trial } from '../row.ts';

const STRINGS: Counts = { ci: 10_000, night: 1_000_000, release: 1_000_000 };
const LONGEST = 40;
const MOST_FAILURES = 20;
/** One string in so many goes through tc as well, which takes a hundred times as long. */
const TC_EVERY = 50;

/**
 * What moves, hides or turns text, by number and not by the classes that escape.ts goes by: controls, bidi (UAX 9), zero
 * width and fillers, separators, variation selectors, tags, halves of surrogate pairs.
 */
const RAW =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: each by itself
  /[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\u{e0000}-\u{e0fff}]|\p{Surrogate}/u;
const ASCII = /^[\x20-\x7e\n\t]*$/;
const FORMULA = /^[=+\-@\t\r]/;

/** Where characters are drawn from: plain text, each kind that does harm, and all of Unicode. */
const RANGES = [
  [0x20, 0x7e],
  [0, 0x1f],
  [0x1b, 0x1b],
  [0x7f, 0xff],
  [0x200b, 0x206f],
  [0xd800, 0xdfff],
  [0xe0000, 0xe007f],
  [0, 0x10ffff],
] as const;
/** Sequences of terminals: a link, the clipboard, a colour, a title. */
const SEQUENCES = [
  '\x1b]8;;http://a\x07',
  '\x1b]52;c;YQ==\x07',
  '\x1b[31m',
  '\x9b2J',
  '\x1b]0;t\x1b\\',
  '=1+1',
  '@x',
  '-1',
];

function randomText(random: Random): string {
  const parts = Array.from({ length: random.below(LONGEST) }, () => {
    if (random.oneIn(10)) return random.pick(SEQUENCES);
    const [first, last] = random.pick(RANGES);
    return String.fromCodePoint(first + random.below(last - first + 1));
  });
  return parts.join('');
}

/** Whether a string of ASCII alone: what is printed of it is ASCII too. */
const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text);

/** Each way on which text from outside is printed, by its name. */
const WAYS: Readonly<Record<string, (text: string) => string>> = {
  text: escapeText,
  lines: escapeLines,
  json: (text) => escapeRest(`${JSON.stringify({ [text]: [text] })}\n`),
  csv: (text) => escapeRest(csv([[text, 1, text]])),
};

const env = createEnv({ era: ERAS['6.1'], seed: 1 });

/** What tc prints of a name and a word: as `cls-flow tc` does. */
function throughTc(text: string): string {
  const transport = emulated(new Netns({ env, devices: [{ name: text.slice(0, 15) || 'e', ifindex: 2 }] }));
  const shown = ['qdisc', 'show'];
  const { stdout, stderr } = runTc(shown, { transport });
  const refused = runTc(['qdisc', 'add', 'dev', text, 'root', text], { transport });
  return escapeLines(stdout + stderr + refused.stdout + refused.stderr);
}

/** What is wrong with what was printed; null: nothing. */
function problem(text: string, printed: string): string | null {
  const raw = RAW.exec(printed);
  if (raw !== null) return `U+${raw[0].codePointAt(0)?.toString(16)} is printed`;
  return isAscii(text) && !ASCII.test(printed) ? 'more than ASCII is printed' : null;
}

/** A spreadsheet would run the first cell. */
const isFormula = (line: string): boolean => FORMULA.test(line);

function run({ scale, seed }: Trial): Found {
  const random = new Random(seed);
  const failures: string[] = [];
  const note = (way: string, text: string, what: string | null): void => {
    if (what !== null && failures.length < MOST_FAILURES) failures.push(`${way}: ${JSON.stringify(text)}: ${what}`);
  };
  for (let i = 0; i < STRINGS[scale]; i++) {
    const text = randomText(random);
    for (const [way, print] of Object.entries(WAYS)) note(way, text, problem(text, print(text)));
    if (isFormula(csv([[text]]))) note('csv', text, 'a cell begins like a formula');
    if (i % TC_EVERY === 0) note('tc', text, problem(text, throughTc(text)));
  }
  return {
    figure: `${STRINGS[scale]} strings in ${Object.keys(WAYS).length + 1} ways, ${failures.length} got through`,
    failures,
  };
}

export const R23: Row = {
  id: 'R23',
  test: 'Text from outside on a terminal: escape sequences, bidi, tags, formulas in CSV',
  bar: '10^6 random strings, all printed escaped',
  inCi: true,
  run,
};
