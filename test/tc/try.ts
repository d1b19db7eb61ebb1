import { shellWords } from '../../src/lang/index.ts';
import { commandLine, mutatedWords } from '../fuzz/commands.ts';
import { projectPath } from '../fuzz/corpus.ts';
import { corpusLines } from '../fuzz/loops.ts';
import { Random } from '../fuzz/random.ts';
import { readLines } from '../golden/records.ts';
import { runOurs, verdict } from './compare.ts';
import type { Line, RealTc } from './real-tc.ts';

/** What came of many lines that ours and the real tc were given. */
export interface Tried {
  lines: number;
  accepted: number;
  /** How often each justified kind of difference came up. */
  readonly justified: Map<string, number>;
  readonly differences: string[];
}

/** So many lines at once go to a server of tc. */
const ROUND = 2000;
/** One line in so many is a batch of the lines before it. */
const BATCH_EVERY = 100;
const BATCH_LINES = 20;
/** Accepted lines that are kept to be altered. */
const KEPT = 5000;

/** Lines out of the grammar and of public scripts, and accepted ones with a word altered. */
export function tryLines(tc: RealTc, seed: number, count: number, say: (line: string) => void = () => {}): Tried {
  const tried: Tried = { lines: 0, accepted: 0, justified: new Map(), differences: [] };
  const random = new Random(seed);
  const corpus = [...corpusLines(), ...recordedLines()];
  const accepted: (readonly string[])[] = [...corpus];
  while (tried.lines < count && tried.differences.length < 50) {
    const lines = madeLines(random, Math.min(ROUND, count - tried.lines), corpus, accepted);
    for (const [i, theirs] of tc.run(lines).entries()) {
      const line = lines[i] ?? { words: [], input: '' };
      tried.lines++;
      if (theirs.exit === 0) {
        tried.accepted++;
        accepted[accepted.length < KEPT ? accepted.length : random.below(KEPT)] = line.words;
      }
      judge(tried, verdict({ line, ours: runOurs(line), theirs }));
    }
    say(`${tried.lines} lines, ${tried.accepted} accepted, ${tried.differences.length} disagreements`);
  }
  return tried;
}

function judge({ justified, differences }: Tried, found: ReturnType<typeof verdict>): void {
  if (found === null) return;
  if ('difference' in found) differences.push(found.difference);
  else justified.set(found.justified, (justified.get(found.justified) ?? 0) + 1);
}

interface Recorded {
  readonly setup?: readonly string[];
  readonly commands?: readonly string[];
  readonly steps?: readonly { readonly command?: string }[];
}

/** Commands that a real kernel was given when the records were made. */
function recordedLines(): string[][] {
  const families = ['errors/cases', 'show/cases', 'chain/cases', 'fate/trees'];
  const rows = families.flatMap((name) => readLines<Recorded>(projectPath('test/golden/records'), `${name}.jsonl`));
  const lines = rows.flatMap(({ setup = [], commands = [], steps = [] }) => [
    ...setup,
    ...commands,
    ...steps.flatMap(({ command }) => command ?? []),
  ]);
  return [...new Set(lines)].map((line) => {
    const words = shellWords(line);
    return words[0] === 'tc' ? words.slice(1) : words;
  });
}

type Lines = readonly (readonly string[])[];

function madeLines(random: Random, count: number, corpus: Lines, accepted: Lines): Line[] {
  const lines: Line[] = [];
  for (let i = 0; i < count; i++) {
    if (i % BATCH_EVERY === BATCH_EVERY - 1) lines.push(batch(lines));
    else lines.push({ words: plain(madeWords(random, corpus, accepted)), input: '' });
  }
  return lines;
}

function madeWords(random: Random, corpus: Lines, accepted: Lines): readonly string[] {
  return random.oneIn(2) ? commandLine(random, corpus) : mutatedWords(random, random.pick(accepted), 1);
}

const batch = (lines: readonly Line[]): Line => ({
  words: ['-force', '-batch', '-'],
  input: lines
    .slice(-BATCH_LINES)
    .map(({ words }) => `${words.join(' ')}\n`)
    .join(''),
});

/** A word of a process has no 0 in it. */
const plain = (words: readonly string[]): string[] => words.map((word) => word.replaceAll('\0', ''));
