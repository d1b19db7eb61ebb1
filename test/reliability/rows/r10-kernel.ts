import path from 'node:path';
import { checkChain } from '../../golden/chain.ts';
import { checkClassify, checkHash } from '../../golden/classify.ts';
import { checkFate } from '../../golden/fate.ts';
import { lines, type Report } from '../../golden/report.ts';
import { ROOT } from '../../kernel/root.ts';
import { program } from '../program.ts';
import type { Found, Row, Trial } from '../row.ts';

const RECORDS = path.join(ROOT, 'test/golden/records');
const FAMILIES: Readonly<Record<string, (directory: string) => Report>> = {
  classify: checkClassify,
  hash: checkHash,
  chain: checkChain,
  fate: checkFate,
};

/** What real kernels did once. */
function recorded(): Found {
  const reports = Object.entries(FAMILIES).map(([name, check]) => [name, check(path.join(RECORDS, name))] as const);
  const failed = reports.filter(([, { differ }]) => differ > 0);
  const counts = reports.map(([name, { checked }]) => `${checked} of ${name}`);
  return {
    figure: `records of real kernels: ${counts.join(', ')}; ${failed.length === 0 ? 'no' : 'a'} difference`,
    failures: failed.flatMap(([name, report]) => lines(name, report)),
    short: 'only records; a kernel answers at the other scales',
  };
}

const QUESTIONS = {
  night: ['--pairs', '1000000', '--messages', '10000'],
  release: ['--kernel', 'all', '--pairs', '1000000', '--messages', '10000'],
};

/** `npm run kernel:full`, of which a night has one kernel. */
async function asked(scale: 'night' | 'release', { seed, say }: Trial): Promise<Found> {
  const words = [...QUESTIONS[scale], '--seed', String(seed)];
  const { status, lines } = await program(['dist/test/kernel/diff/main.js', ...words], say);
  const sums = lines.filter((line) => / pairs \(/.test(line));
  const skipped = lines.filter((line) => /: skipped: /.test(line));
  const figure = sums.map(short).join('; ');
  if (status !== 0) return { figure, failures: [lines.at(-1) ?? 'ended without a word'] };
  if (sums.length === 0)
    return { figure, failures: [], skipped: `${skipped[0]}: npm run kernel:full on Debian, as root` };
  return { figure, failures: [], ...(skipped.length === 0 ? {} : { short: skipped.join('; ') }) };
}

/** Without times and rates. */
const short = (sum: string): string =>
  sum.replace(/ in [\d.]+ s(?: \(\d+\/s\))?/g, '').replace(/ \(\d+ frames[^)]*\)/, '');

export const R10: Row = {
  id: 'R10',
  test: 'random filters and packets, setups with actions, and requests, asked of real kernels and of us',
  bar: '10^6 pairs of a packet and a filter on each kernel, every key, both modes, both sides, no difference',
  // There the steps "golden" and "kernel" do as much.
  inCi: false,
  run: (trial) => (trial.scale === 'ci' ? recorded() : asked(trial.scale, trial)),
};
