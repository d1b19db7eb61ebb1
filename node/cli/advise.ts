import { advise as ask, linkRate, type Advised as Report, setupOf } from '../../src/api/index.ts';
import { counted, escapeText } from '../../src/lang/index.ts';
import { type Advice, type By, type Cell, DIVISORS, expectedSharing, setupScript } from '../../src/study/index.ts';
import { reading, sourcesOf } from './captures.ts';
import type { AdviseFlags } from './commands/advise.ts';
import { writeText } from './named-file.ts';
import { unsigned } from './numbers.ts';
import { asking, besidesOf, questionOf } from './options.ts';
import { painter } from './output.ts';
import { checkOutputs, walkInputs } from './outputs.ts';
import { Output } from './result.ts';
import { sampleFor } from './sample.ts';
import { aligned } from './table.ts';

const FAILED = 1;
const SEEDS_MAX = 100_000;

/** `cls-flow advise`; returns what the process exits with. */
export async function advise(captures: readonly string[], flags: AdviseFlags): Promise<number> {
  const seeds = unsigned('--seeds', flags.seeds, SEEDS_MAX, 1);
  checkOutputs([flags.output], [...captures, ...walkInputs(flags)]);
  const { by, qdisc, rate, dev } = flags;
  const question = { ...questionOf(flags), by, qdisc, rate, dev, seeds };
  const sample = await sampleFor(captures, flags);
  const report = await asking(flags, () =>
    reading(captures, {}, (options) =>
      ask(sourcesOf(captures), question, { ...options, ...besidesOf(flags), ...sample }),
    ),
  );
  // Where no packet could be read at all, a file of an earlier run is worth more than an empty one.
  const isWorth = report.complete || report.packets > 0;
  if (flags.output !== undefined && isWorth) await writeBatch(flags.output, report.commands);
  const output = new Output();
  output.write(flags.format === 'json' ? `${JSON.stringify(report, null, 2)}\n` : text(report, captures, flags));
  output.flush();
  return report.complete ? 0 : FAILED;
}

async function writeBatch(file: string, commands: readonly string[]): Promise<void> {
  await writeText(file, commands.map((line) => `${line}\n`).join(''));
}

const WHO: Readonly<Record<By, string>> = { host: 'senders', dst: 'receivers', flow: 'flows' };

function text(report: Report, captures: readonly string[], flags: AdviseFlags): string {
  const paint = painter('stdout');
  const [first = ''] = captures;
  const name = captures.length === 1 ? (first === '-' ? 'standard input' : first) : counted(captures.length, 'capture');
  const { by, seed, seeds, hosts, packets, others, recommended: best } = report;
  const lines = [
    `${paint('bold', escapeText(name))}: ${counted(packets, 'packet')} of ${hosts} ${WHO[by]}${others > 0 ? `, ${others} of nobody` : ''}`,
    `over ${seeds} values of hashrnd drawn from seed ${seed}: assumed, the kernel draws its own`,
    ...report.notes.map((note) => `note: ${note}`),
  ];
  if (best === null) return `${lines.join('\n')}\nnobody to keep apart\n`;
  return `${[
    ...lines,
    '',
    `${WHO[by]} that share a bucket, and how many are in the fullest (means):`,
    table(report).trimEnd(),
    '',
    `${paint('bold', 'recommended')}: ${verdict(report, best)}`,
    ...setupScript(setupOf(best, { ...flags, link: linkRate(flags.rate) })),
  ].join('\n')}\n`;
}

function verdict({ by, qdisc }: Report, { keys, divisor, sharing, inherent, enough }: Advice): string {
  const parts = [
    `hash keys ${keys} divisor ${divisor}: ${percent(sharing)} of the ${WHO[by]} share`,
    ...(inherent > 0 ? [`${percent(inherent)} would under any divisor, as their keys have the same values`] : []),
    ...(enough ? [] : [`${qdisc.kind} takes no divisor above ${qdisc.most}`]),
  ];
  return parts.join('; ');
}

function table({ choices, hosts, qdisc }: Report): string {
  const columns = ['divisor', 'by chance', ...choices.map(({ keys }) => shortKeys(keys))];
  const rows = DIVISORS.map((divisor, index) => [
    `${divisor}${divisor > qdisc.most ? ' (too many)' : qdisc.usual > 0 && divisor > qdisc.usual ? ' (told)' : ''}`,
    percent(expectedSharing(hosts, divisor)),
    ...choices.map(({ cells: row }) => cell(row[index], hosts)),
  ]);
  const legend = rows.some(([name]) => name?.endsWith('(told)'))
    ? `(told): ${qdisc.kind} has ${qdisc.usual} buckets and must be told to have more; the commands do\n`
    : '';
  return `${aligned(columns, rows, painter('stdout'))}${legend}`;
}

const cell = (row: Cell | undefined, hosts: number): string =>
  row === undefined ? '' : `${percent(row.sharing.mean / hosts)} ${row.worst.mean.toFixed(1).padStart(5)}`;

/** All five of a connection are too long for a column. */
function shortKeys(keys: string): string {
  if (keys.split(',').length < 5) return keys;
  return keys.includes('nfct') ? 'nfct 5-tuple' : '5-tuple';
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
