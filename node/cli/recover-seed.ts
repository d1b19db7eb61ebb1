import { type Options, type Params, SingleBar } from 'cli-progress';
import { escapeText, hex8 } from '../../src/lang/index.ts';
import { caretInValue } from './caret.ts';
import type { RecoverFlags } from './commands/recover-seed.ts';
import { CommandLineError } from './errors.ts';
import { limitsOf } from './limits.ts';
import { isTerminal } from './output.ts';
import { type Example, fileExamples, typedExample } from './recover/examples.ts';
import type { Slice } from './recover/lane.ts';
import { type Recovered, searchOnLanes } from './recover/lanes.ts';
import { Output } from './result.ts';

const SEEDS = 2 ** 32;
const NONE_FITS = 1;
/** Seeds told one by one; more say only that more pairs are wanted. */
const TOLD = 16;

/** `cls-flow recover-seed`; returns what the process exits with: 1 if an example has no seed. */
export async function recoverSeed(files: readonly string[], flags: RecoverFlags): Promise<number> {
  const typed = [flags.filter, flags.pair, flags.before, flags.after, flags.probe].some((flag) => flag !== undefined);
  if (files.length > 0 && typed) throw new CommandLineError('give a file of examples, or --filter with pairs');
  const examples =
    files.length > 0 ? files.flatMap((file) => fileExamples(file, limitsOf(flags))) : [typedExample(flags)];
  for (const { samples } of examples) {
    if (samples.length === 0) throw new CommandLineError('no pair given', null, "add --pair 'PACKET=CLASS'");
  }
  const range = readRange(flags.range);
  const output = new Output();
  let none = false;
  for (const example of examples) {
    const recovered = await search(example, range);
    none ||= recovered.seeds.length === 0;
    output.write(flags.format === 'json' ? json(recovered) : text(example, recovered, range));
  }
  output.flush();
  return none ? NONE_FITS : 0;
}

function readRange(typed: string | undefined): Slice {
  if (typed === undefined) return { first: 0, count: SEEDS };
  const [, from = '', to = ''] = /^(0x[0-9a-f]{1,8}|\d{1,10})-(0x[0-9a-f]{1,8}|\d{1,10})$/i.exec(typed) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (from === '' || last < first || last >= SEEDS) {
    throw new CommandLineError('--range: expected FIRST-LAST, 32-bit numbers', caretInValue('--range', typed, -1));
  }
  return { first, count: last - first + 1 };
}

async function search(example: Example, range: Slice): Promise<Recovered> {
  const bar = isTerminal.stderr() ? createBar() : null;
  const stop = (): void => bar?.stop();
  // The bar switches the terminal's line wrapping off.
  process.once('exit', stop);
  bar?.start(range.count, 0);
  try {
    return await searchOnLanes(example, range, (done) => bar?.update(done));
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

const hex = (seed: number): string => `0x${hex8(seed)}`;

const json = ({ seeds, left }: Recovered): string => `${JSON.stringify({ schema: 1, seeds: seeds.map(hex), left })}\n`;

function text({ name, divisor, samples }: Example, { seeds, left }: Recovered, { count }: Slice): string {
  const tried = count === SEEDS ? 'all 2^32 seeds' : `${count} seeds`;
  const lines = [
    `${name === '' ? '' : `${escapeText(name)}: `}${samples.length} pairs, ${tried} tried`,
    `seeds left after each pair: ${left.join(' ')}`,
  ];
  const [only] = seeds;
  if (only === undefined) {
    lines.push('no seed fits: a pair is wrong, the filter is another one, or hashrnd was drawn again (perturb)');
  } else if (seeds.length === 1) {
    lines.push(`hashrnd ${hex(only)}: tell classify and explain with --hashrnd ${hex(only)}`);
  } else {
    const fitting = left.at(-1) ?? 0;
    const more = Math.max(1, Math.ceil(Math.log(fitting) / Math.log(divisor)));
    lines.push(`${fitting} seeds fit: observe ${more} or ${more + 1} more pairs`);
    if (seeds.length <= TOLD) lines.push(seeds.map(hex).join(' '));
  }
  return `${lines.join('\n')}\n`;
}
