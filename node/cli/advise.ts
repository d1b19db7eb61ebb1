import { type Advice, advise as ask, linkRate, type Advised as Report } from '../../src/api/index.ts';
import { counted, escapeText } from '../../src/lang/index.ts';
import { capturedText } from '../../src/report/index.ts';
import { type By, type Cell, DIVISORS, expectedSharing, setupOf, setupScript } from '../../src/study/index.ts';
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
const MINORS = 65536;

/** `cls-flow advise`; returns what the process exits with. */
export async function advise(captures: readonly string[], flags: AdviseFlags): Promise<number> {
  const seeds = unsigned('--seeds', flags.seeds, SEEDS_MAX, 1);
  checkOutputs([flags.output], [...captures, ...walkInputs(flags)]);
  const max = unsigned('--max', flags.max, MINORS, 1);
  const { by, qdisc, rate, dev } = flags;
  const question = { ...questionOf(flags), ...(rate === undefined ? {} : { rate }), by, qdisc, dev, seeds, max };
  const sample = await sampleFor(captures, flags);
  const report = await asking(flags, () =>
    reading(captures, {}, (options) =>
      ask(sourcesOf(captures), question, { ...options, ...besidesOf(flags), ...sample }),
    ),
  );
  // Where no packet could be read at all, a file of an earlier run is worth more than an empty one.
  const isWorth = report.complete || report.packets > 0;
  if (flags.output !== undefined && isWorth) await writeBatch(flags.output, report);
  const output = new Output();
  output.write(flags.format === 'json' ? `${JSON.stringify(report, null, 2)}\n` : text(report, captures, flags));
  output.flush();
  return report.complete ? 0 : FAILED;
}

/** Both ways are in the file: tc passes over comments. */
async function writeBatch(file: string, { recommended, commands, rollback }: Report): Promise<void> {
  const head = [
    '# made by cls-flow advise; load it with: tc -batch FILE',
    ...(recommended === null ? [] : [`# ${setUpText(recommended)}`]),
    ...rollback.map((line) => `# to take it away again: tc ${line}`),
  ];
  await writeText(file, [...head, ...commands].map((line) => `${line}\n`).join(''));
}

const WHO: Readonly<Record<By, string>> = { host: 'senders', dst: 'receivers', flow: 'flows' };

function text(report: Report, captures: readonly string[], flags: AdviseFlags): string {
  const paint = painter('stdout');
  const [first = ''] = captures;
  const name = captures.length === 1 ? (first === '-' ? 'standard input' : first) : counted(captures.length, 'capture');
  const { by, seed, seeds, hosts, packets, others, tagged, recommended: best } = report;
  const lines = [
    `${paint('bold', escapeText(name))}: ${counted(packets, 'packet')} of ${hosts} ${WHO[by]}${others > 0 ? `, ${others} of nobody` : ''}`,
    activeText(report),
    `over ${seeds} values of hashrnd drawn from seed ${seed}: assumed, the kernel draws its own`,
    ...(report.captured === undefined ? [] : capturedText(report.captured).map(escapeText)),
    ...report.notes.map((note) => `note: ${note}`),
  ];
  if (best === null) return `${lines.join('\n')}\nnobody to keep apart\n`;
  const { rate, dev } = flags;
  const setup = setupOf(best, { dev, rate: rate === undefined ? null : linkRate(rate), tagged });
  const [, second] = report.weighed;
  return `${[
    ...lines,
    '',
    `${WHO[by]} that share a bucket, and how many are in the fullest (means):`,
    table(report).trimEnd(),
    '',
    weighedTable(report).trimEnd(),
    '',
    `${paint('bold', 'recommended')}: ${verdict(report, best)}`,
    ...(second === undefined ? [] : [`runner-up: ${verdict(report, second)}`]),
    '',
    ...setupScript(setup),
    ...report.rollback.map((line) => `# to take it away again: tc ${line}`),
  ].join('\n')}\n`;
}

function activeText({ by, active: { most, mean, half, largest } }: Report): string {
  const all = `at most ${most} of the ${WHO[by]} are active in one second, ${mean.toFixed(1)} on average`;
  return `${all}; ${half} have half of the bytes, the largest ${percent(largest)}`;
}

/** What carries the hosts: `fq_codel with 2048 buckets below a class of htb`. */
function setUpText({ qdisc, shaper, classes, divisor, filter }: Advice): string {
  const own = classes > 1 ? `${classes} classes` : `${divisor} buckets`;
  return `${qdisc} with ${own}${shaper === null ? '' : ` below a class of ${shaper}`}, ${filter}`;
}

function verdict({ by, qdisc }: Report, advice: Advice): string {
  const { sharing, inherent, enough } = advice;
  const parts = [
    `${setUpText(advice)}: ${percent(sharing)} of the ${WHO[by]} share`,
    ...(inherent > 0 ? [`${percent(inherent)} would under any divisor, as their keys have the same values`] : []),
    ...(enough || advice.qdisc !== qdisc.kind ? [] : [`no divisor above ${qdisc.most} is taken (--max)`]),
  ];
  return parts.join('; ');
}

function weighedTable({ weighed, by }: Report): string {
  const columns = ['weighed', 'filter', 'classes', 'commands', `${WHO[by]} that share`, 'of those active at once'];
  const rows = weighed.map(({ qdisc, shaper, filter, classes, commands, sharing, atOnce }) => [
    shaper === null ? qdisc : `${qdisc} below ${shaper}`,
    ...[filter, `${classes}`, `${commands}`, percent(sharing), percent(atOnce)],
  ]);
  return aligned(columns, rows, painter('stdout'));
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
