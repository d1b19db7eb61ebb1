import { counted, escapeText, getRate64 } from '../../src/lang/index.ts';
import {
  type Advice,
  type BucketSetup,
  type By,
  type Cell,
  CHOICES,
  type Choice,
  DIVISORS,
  expectedSharing,
  hashrnds,
  keysText,
  Observations,
  recommend,
  setupCommands,
  setupScript,
  study,
  targetsOf,
} from '../../src/study/index.ts';
import type { Reading } from './captures.ts';
import { caretInValue } from './caret.ts';
import { readAll } from './classify.ts';
import type { AdviseFlags } from './commands/advise.ts';
import { CommandLineError } from './errors.ts';
import { fullTableNotes } from './full-table.ts';
import { writeText } from './named-file.ts';
import { unsigned } from './numbers.ts';
import { createRun, readWalk, type Walk } from './options.ts';
import { painter } from './output.ts';
import { checkOutputs, walkInputs } from './outputs.ts';
import { Output } from './result.ts';
import { aligned } from './table.ts';

const FAILED = 1;
const SEEDS_MAX = 100_000;

/** `--format json` prints just this. */
interface Report {
  readonly schema: 1;
  readonly complete: boolean;
  readonly era: string;
  readonly seed: number;
  readonly seeds: number;
  readonly by: By;
  readonly packets: number;
  /** Packets without an IP address: nobody's. */
  readonly others: number;
  /** Hosts, or flows. */
  readonly hosts: number;
  readonly qdisc: { readonly kind: string; readonly usual: number; readonly most: number };
  readonly choices: readonly Choice[];
  readonly recommended: Advice | null;
  readonly commands: readonly string[];
  readonly notes: readonly string[];
  readonly errors: Reading['errors'];
}

/** `cls-flow advise`; returns what the process exits with. */
export async function advise(captures: readonly string[], flags: AdviseFlags): Promise<number> {
  const seeds = unsigned('--seeds', flags.seeds, SEEDS_MAX, 1);
  const link = linkRate(flags.rate);
  checkDevice(flags.dev);
  checkOutputs([flags.output], [...captures, ...walkInputs(flags)]);
  const told = flags.at === 'egress' && (flags.nat !== undefined || flags.conntrack !== undefined);
  const masks = CHOICES.filter(({ conntrack }) => told || !conntrack).map(({ mask }) => mask);
  const { dev: _, ...rest } = flags;
  const all = keysText(masks.reduce((every, mask) => every | mask, 0));
  const walk = readWalk({ ...rest, filter: [`hash keys ${all}`] }, false);
  const run = createRun(walk.options);
  const seen = new Observations(flags.by, masks, walk.options.env);
  const { errors } = await readAll(captures, run, true, (frame) => {
    run.prepare(frame);
    if (run.reason === null) seen.add(run.packet);
  });
  const full = fullTableNotes(run);
  const report = reportOf({ walk, flags, seen, seeds, link, packets: run.number, full, errors });
  // Where no packet could be read at all, a file of an earlier run is worth more than an empty one.
  const isWorth = errors.length === 0 || run.number > 0;
  if (flags.output !== undefined && isWorth) await writeBatch(flags.output, report.commands);
  const output = new Output();
  output.write(flags.format === 'json' ? `${JSON.stringify(report, null, 2)}\n` : text(report, captures, flags, link));
  output.flush();
  return errors.length > 0 ? FAILED : 0;
}

const MAX_RATE = 2 ** 53;

/** Bits per second. */
export function linkRate(typed: string): number {
  const bits = 8 * Number(getRate64(typed) ?? 0n);
  // A rate below 0 is a large one in tc's words.
  if (bits > 0 && bits < MAX_RATE) return bits;
  throw new CommandLineError('--rate: expected a rate like 100mbit', caretInValue('--rate', typed, -1));
}

/** Stricter than the kernel is: the name goes into commands that are to be pasted into a shell. */
export function checkDevice(name: string): void {
  if (/^[\w.@-]{1,15}$/.test(name)) return;
  throw new CommandLineError('--dev: expected the name of a device', caretInValue('--dev', name, -1));
}

interface Findings {
  readonly walk: Walk;
  readonly flags: AdviseFlags;
  readonly seen: Observations;
  readonly seeds: number;
  readonly link: number;
  readonly packets: number;
  /** The note about a full connection table. */
  readonly full: readonly string[];
  readonly errors: Reading['errors'];
}

function reportOf({ walk, flags, seen, seeds, link, packets, full, errors }: Findings): Report {
  const { env } = walk.options;
  const hosts = seen.subjects;
  const choices = study(seen, DIVISORS, hashrnds(env, seeds));
  const { usual, most } = targetsOf(flags.qdisc);
  const recommended = recommend(choices, hosts, most);
  return {
    ...{ schema: 1, complete: errors.length === 0, era: env.era.name, seed: walk.seed, seeds, by: flags.by },
    ...{ packets, others: packets - seen.packets + seen.others, hosts },
    qdisc: { kind: flags.qdisc, usual, most },
    choices,
    recommended,
    commands: recommended === null ? [] : setupCommands(setupOf(recommended, flags, link)),
    notes: [...notes(flags, choices, recommended, hosts), ...full],
    errors,
  };
}

const setupOf = ({ keys, divisor }: Advice, { qdisc, dev }: AdviseFlags, link: number): BucketSetup => ({
  ...{ kind: qdisc, dev, keys, divisor, link },
});

function notes(flags: AdviseFlags, choices: readonly Choice[], advice: Advice | null, hosts: number): string[] {
  const { qdisc } = flags;
  const { queues } = targetsOf(qdisc);
  const told = flags.nat !== undefined || flags.conntrack !== undefined;
  const pointers = choices.find(({ keys }) => keys === advice?.keys)?.unknowable ?? 0;
  const all = [
    [
      flags.at === 'ingress' && told,
      'at ingress the kernel has tracked nothing yet: nfct keys would fall back, and are left out',
    ],
    [!told, 'no NAT told (--nat, --conntrack): hosts are the addresses of the packets'],
    [pointers > 0, `${pointers} packets rest on kernel pointers with these keys: where they go cannot be known`],
    [queues !== null && hosts > queues, `${qdisc} queues for ${queues} buckets at once unless "flows" says more`],
  ] as const;
  return all.flatMap(([applies, note]) => (applies ? [note] : []));
}

async function writeBatch(file: string, commands: readonly string[]): Promise<void> {
  await writeText(file, commands.map((line) => `${line}\n`).join(''));
}

const WHO: Readonly<Record<By, string>> = { host: 'senders', dst: 'receivers', flow: 'flows' };

function text(report: Report, captures: readonly string[], flags: AdviseFlags, link: number): string {
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
    ...setupScript(setupOf(best, flags, link)),
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
