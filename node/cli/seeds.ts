import { perturbed, spread } from '../../src/api/index.ts';
import { escapeText } from '../../src/lang/index.ts';
import type { Period, SeedSpread, Spread } from '../../src/study/index.ts';
import { reading, sourcesOf } from './captures.ts';
import type { ClassifyFlags } from './commands/classify.ts';
import { CommandLineError } from './errors.ts';
import { unsigned } from './numbers.ts';
import { asking, besidesOf, questionOf } from './options.ts';
import { painter } from './output.ts';
import { Output } from './result.ts';
import { sampleFor } from './sample.ts';
import { aligned } from './table.ts';

const FAILED = 1;
const CUT = 3;
const SEEDS_MAX = 100_000;
const LARGEST = 20;
const NAMES_SHOWN = 8;

/** `cls-flow classify --seeds N` and `--perturb`; returns what the process exits with. */
export async function classifyOften(captures: readonly string[], flags: ClassifyFlags): Promise<number> {
  checkFlags(flags);
  const seeds = flags.seeds === undefined ? 0 : unsigned('--seeds', flags.seeds, SEEDS_MAX, 1);
  const question = questionOf(flags);
  let cut = false;
  const sample = await sampleFor(captures, flags);
  const output = new Output();
  const complete = await asking(flags, () =>
    reading(captures, {}, async (options) => {
      const besides = {
        ...options,
        ...besidesOf(flags),
        ...sample,
        ended: (read: { readonly cut: boolean }) => {
          cut = read.cut;
        },
      };
      const sources = sourcesOf(captures);
      if (flags.perturb) {
        const found = await perturbed(sources, question, besides);
        output.write(flags.format === 'json' ? json(found) : periodText(found.periods, found.seed, flags));
        return found.complete;
      }
      const found = await spread(sources, question, seeds, besides);
      output.write(flags.format === 'json' ? json(found) : spreadText(found.spread, flags));
      return found.complete;
    }),
  );
  output.flush();
  if (!complete) return FAILED;
  return cut && flags.strict ? CUT : 0;
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

function checkFlags(flags: ClassifyFlags): void {
  const option = flags.perturb ? '--perturb' : '--seeds';
  if (flags.perturb && flags.seeds !== undefined) {
    throw new CommandLineError('--seeds and --perturb: give one of them');
  }
  if (flags.packets) throw new CommandLineError(`${option} and --packets: give one of them`);
  if (flags.format === 'csv' || flags.format === 'ndjson') {
    throw new CommandLineError(`${option}: --format table or json`);
  }
}

function spreadText(found: SeedSpread | null, { all }: ClassifyFlags): string {
  if (found === null) return 'no host was given a class by a flow filter\n';
  const paint = painter('stdout');
  const { seed, seeds, hosts, by, fixed } = found;
  const who = by === 'dst' ? 'receivers' : 'senders';
  const rows: [string, Spread, (value: number) => string][] = [
    [`${who} that share a class`, found.sharing, (value) => value.toFixed(1)],
    [`${who} in the fullest class`, found.worst, (value) => value.toFixed(1)],
    ['classes in use', found.classes, (value) => value.toFixed(1)],
    ['Jain index', found.jain, (value) => value.toFixed(3)],
    ['the worst-off gets', found.worstShare, (value) => `${(100 * value).toPrecision(2)}%`],
  ];
  const line = (name: string, { mean, min, max }: Spread, form: (value: number) => string): string[] => [
    name,
    ...[mean, min, max].map(form),
  ];
  const classes = found.perClass.map(({ classid, hosts: each }) =>
    line(classid, each, (value) => String(round(value))),
  );
  const chances = found.perHost.map(({ host, chance }) => [escapeText(host), `${round(100 * chance)}%`]);
  return [
    `${hosts} ${who}; over ${seeds} values of hashrnd drawn from seed ${seed}: assumed, the kernel draws its own`,
    ...(fixed > 0
      ? [`note: ${fixed} of the filters do not hash, or their hashrnd was given: they stay as they are`]
      : []),
    '',
    aligned(
      ['', 'mean', 'min', 'max'],
      rows.map(([name, values, form]) => line(name, values, form)),
      paint,
    ),
    largest([`${who} in class`, 'mean', 'min', 'max'], classes, all),
    largest([who, 'chance to share'], chances, all),
  ].join('\n');
}

const round = (value: number): number => Number(value.toFixed(2));

function largest(columns: readonly string[], rows: readonly string[][], all: boolean | undefined): string {
  const shown = all ? rows : rows.slice(0, LARGEST);
  const more = rows.length - shown.length;
  const rest = more > 0 ? [[`${more} more`, ...columns.slice(1).map(() => '')]] : [];
  return aligned(columns, [...shown, ...rest], painter('stdout'));
}

function periodText(found: readonly Period[], seed: number, { all }: ClassifyFlags): string {
  const paint = painter('stdout');
  const head = `every hashrnd drawn from seed ${seed}: assumed, the kernel draws its own; periods count from the first packet\n`;
  const parts = found.map(({ pref, period, from, to, hosts, moved, shared }) => {
    const span = to === null ? 'the whole capture' : `${seconds(from)} to ${seconds(to)}`;
    const change = period > 0 ? `, ${moved} of the period before are in another class` : '';
    const title = `${paint('bold', `filter ${pref}, period ${period}`)} (${span}): ${hosts} hosts${change}`;
    const shown = all ? shared : shared.slice(0, LARGEST);
    const lines = shown.map(({ classid, hosts: names }) => `  ${classid}  ${list(names, all)}`);
    if (shown.length < shared.length) lines.push(`  ${shared.length - shown.length} more shared classes`);
    return `${[title, ...(lines.length === 0 ? ['  nobody shares a class'] : lines)].join('\n')}\n`;
  });
  return [head, ...parts].join('\n');
}

const seconds = (value: number): string => `${Number(value.toFixed(3))} s`;

function list(names: readonly string[], all: boolean | undefined): string {
  const shown = all ? names : names.slice(0, NAMES_SHOWN);
  const more = names.length - shown.length;
  return `${shown.map(escapeText).join(' ')}${more > 0 ? ` and ${more} more` : ''}`;
}
