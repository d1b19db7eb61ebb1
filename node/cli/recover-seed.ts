import { type Options, type Params, SingleBar } from 'cli-progress';
import { type Example, type RecoveredSeed, recovered, type SeedQuestion, type SeedRange } from '../../src/api/index.ts';
import { escapeText } from '../../src/lang/index.ts';
import { caretInValue } from './caret.ts';
import type { RecoverFlags } from './commands/recover-seed.ts';
import { CommandLineError } from './errors.ts';
import { limitsOf } from './limits.ts';
import { isTerminal } from './output.ts';
import { fileExamples, typedExample, typedQuestion } from './recover/examples.ts';
import { searchOnLanes } from './recover/lanes.ts';
import { Output } from './result.ts';

const SEEDS = 2 ** 32;
const NONE_FITS = 1;
/** Seeds told one by one; more say only that more pairs are wanted. */
const TOLD = 16;

/** `cls-flow recover-seed`; returns what the process exits with: 1 if an example has no seed. */
export async function recoverSeed(files: readonly string[], flags: RecoverFlags): Promise<number> {
  const typed = [flags.filter, flags.pair, flags.before, flags.after, flags.probe].some((flag) => flag !== undefined);
  if (files.length > 0 && typed) throw new CommandLineError('give a file of examples, or --filter with pairs');
  const limits = limitsOf(flags);
  const question = files.length > 0 ? null : typedQuestion(flags, limits);
  const examples =
    question === null ? files.flatMap((file) => fileExamples(file, limits)) : [typedExample(question, flags)];
  const range = readRange(flags.range);
  const output = new Output();
  let none = false;
  for (const example of examples) {
    const found = await search(example, range, question);
    none ||= found.seeds.length === 0;
    output.write(flags.format === 'json' ? `${JSON.stringify(found)}\n` : text(example, found, range));
  }
  output.flush();
  return none ? NONE_FITS : 0;
}

function readRange(typed: string | undefined): SeedRange {
  if (typed === undefined) return { first: 0, count: SEEDS };
  const [, from = '', to = ''] = /^(0x[0-9a-f]{1,8}|\d{1,10})-(0x[0-9a-f]{1,8}|\d{1,10})$/i.exec(typed) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (from === '' || last < first || last >= SEEDS) {
    throw new CommandLineError('--range: expected FIRST-LAST, 32-bit numbers', caretInValue('--range', typed, -1));
  }
  return { first, count: last - first + 1 };
}

async function search(example: Example, range: SeedRange, question: SeedQuestion | null): Promise<RecoveredSeed> {
  const bar = isTerminal.stderr() ? createBar() : null;
  const stop = (): void => bar?.stop();
  // The bar switches the terminal's line wrapping off.
  process.once('exit', stop);
  bar?.start(range.count, 0);
  const about = question ?? { ...example, samples: example.samples.length };
  try {
    return await recovered(
      example,
      range,
      { ...about, ...range },
      { search: searchOnLanes, progress: (done) => bar?.update(done) },
    );
  } finally {
    process.off('exit', stop);
    stop();
  }
}

const PER_SECOND = 5;

function createBar(): SingleBar {
  const format = ({ fps: _ }: Options, { progress, eta }: Params): string =>
    `trying seeds: ${Math.floor(100 * progress)}%  ${Number.isFinite(eta) ? `${eta} s left` : ''}`;
  return new SingleBar({ format, stream: process.stderr, clearOnComplete: true, gracefulExit: false, fps: PER_SECOND });
}

function text({ name, divisor, samples }: Example, { seeds, left }: RecoveredSeed, { count }: SeedRange): string {
  const tried = count === SEEDS ? 'all 2^32 seeds' : `${count} seeds`;
  const lines = [
    `${name === '' ? '' : `${escapeText(name)}: `}${samples.length} pairs, ${tried} tried`,
    `seeds left after each pair: ${left.join(' ')}`,
  ];
  const [only] = seeds;
  if (only === undefined) {
    lines.push('no seed fits: a pair is wrong, the filter is another one, or hashrnd was drawn again (perturb)');
  } else if (seeds.length === 1) {
    lines.push(`hashrnd ${only}: tell classify and explain with --hashrnd ${only}`);
  } else {
    const fitting = left.at(-1) ?? 0;
    const more = Math.max(1, Math.ceil(Math.log(fitting) / Math.log(divisor)));
    lines.push(`${fitting} seeds fit: observe ${more} or ${more + 1} more pairs`);
    if (seeds.length <= TOLD) lines.push(seeds.join(' '));
  }
  return `${lines.join('\n')}\n`;
}
