import { type Why, type WhyChance, why } from '../../src/api/index.ts';
import { counted, escapeText, grouped, groupedCount } from '../../src/lang/index.ts';
import { capturedText, endText, type HostClass, type HostRow } from '../../src/report/index.ts';
import type { ChanceWith } from '../../src/study/index.ts';
import { cut, nameOf, percent, sureText } from './by-host.ts';
import { reading, sourcesOf } from './captures.ts';
import type { WhyFlags } from './commands/why.ts';
import { limitsOf } from './limits.ts';
import { readLines } from './named-file.ts';
import { unsigned } from './numbers.ts';
import { asking, besidesOf, questionOf } from './options.ts';
import { type Paint, painter } from './output.ts';
import { Output } from './result.ts';
import { sampleFor } from './sample.ts';

const FAILED = 1;
const SEEDS_MAX = 100_000;
/** Lines of each part: all of them are one screen of 24. */
const CLASSES = 4;
const NEIGHBOURS = 4;
/** Of where it was captured: the place, and what does not come to the hook. */
const CAPTURED = 4;
const ENDS = 2;
const CHANGES = 3;

/** `cls-flow why`; returns what the process exits with. */
export async function whyHost(address: string, captures: readonly string[], flags: WhyFlags): Promise<number> {
  const seeds = unsigned('--seeds', flags.seeds, SEEDS_MAX, 1);
  const names = flags.names === undefined ? undefined : readLines(flags.names, limitsOf(flags));
  const besides = { ...besidesOf(flags), ...(await sampleFor(captures, flags)), seeds, names };
  const found = await asking(flags, () =>
    reading(captures, {}, (options) =>
      why(sourcesOf(captures), address, questionOf(flags), { ...options, ...besides }),
    ),
  );
  const output = new Output();
  output.write(flags.format === 'json' ? `${JSON.stringify(found, null, 2)}\n` : whyText(found, painter('stdout')));
  output.flush();
  return found.complete && found.host !== null ? 0 : FAILED;
}

/** One screen: at most 24 lines of 80 characters. */
export function whyText(found: Why, paint: Paint): string {
  const { host, address, notes, packets } = found;
  const lines =
    host === null
      ? [`no packet of ${address} met the filters, of ${groupedCount(packets, 'packet')} in all`, ...changeLines(found)]
      : [...hostLines(host, found, paint), ...chanceLines(found), ...changeLines(found)];
  const captured = found.captured === undefined ? [] : capturedText(found.captured).slice(0, CAPTURED);
  return [...lines, ...captured, ...notes.slice(0, 2).map((note) => `note: ${escapeText(note)}`)]
    .map((line) => `${cut(line)}\n`)
    .join('');
}

function hostLines(host: HostRow, { ends = [], bytes: all, packets: of }: Why, paint: Paint): string[] {
  const { classes, unclassified, packets, bytes, exactness } = host;
  const [first] = classes;
  return [
    paint('bold', nameOf(host)),
    `${grouped(packets)} of ${groupedCount(of, 'packet')}, ${grouped(bytes)} of ${groupedCount(all, 'byte')}; ${sureText(exactness)}`,
    '',
    ...some(classes, CLASSES, 'class').map((row) => (typeof row === 'string' ? `  ${row}` : classLine(row))),
    ...unclassified
      .slice(0, 1)
      .map((row) => `no class: ${groupedCount(row.packets, 'packet')}, ${escapeText(row.reason)}`),
    ...ends.slice(0, ENDS).map((end) => `end: ${groupedCount(end.packets, 'packet')} ${escapeText(endText(end))}`),
    ...(first === undefined || first.others === 0 ? [] : ['', ...neighbourLines(first)]),
    '',
  ];
}

function classLine({ classid, packets, bytes, share, others }: HostClass): string {
  const counts = `${groupedCount(packets, 'packet')}, ${groupedCount(bytes, 'byte')}`;
  const company = others === 0 ? 'nobody else is in it' : `shared with ${groupedCount(others, 'other')}`;
  return `class ${classid}: ${counts}, ${percent(share)} of the class; ${company}`;
}

/** Who else is in its largest class. */
function neighbourLines({ classid, others, neighbours }: HostClass): string[] {
  const shown = neighbours.slice(0, NEIGHBOURS);
  return [
    `the largest others in class ${classid}:`,
    ...shown.map(
      (one) => `  ${percent(one.share).padStart(6)}  ${groupedCount(one.bytes, 'byte').padStart(15)}  ${nameOf(one)}`,
    ),
    ...(others > shown.length ? [`  and ${grouped(others - shown.length)} more`] : []),
  ];
}

function chanceLines({ chance }: Why): string[] {
  if (chance === null) return ['no flow filter gave it a class: no chance to share is known'];
  return [
    `chance to share a class: ${chanceText(chance)}`,
    chance.fixed
      ? 'the same under every seed: hashrnd was given, or nothing is hashed'
      : `(over ${counted(chance.seeds, 'hash seed')}; the kernel draws its own and keeps it secret)`,
  ];
}

const chanceText = ({ chance, others }: Pick<WhyChance, 'chance' | 'others'>): string =>
  `${percent(chance)}, with ${others.toFixed(1)} others on average`;

function changeLines({ changes, chance, filters }: Why): string[] {
  if (changes.length === 0) {
    const isHashed = filters.some(({ spec }) => /\bhash\b/.test(spec));
    return chance === null || chance.chance === 0 || !isHashed ? [] : ['', 'more buckets would not change that'];
  }
  return ['', 'what would change it:', ...changes.slice(0, CHANGES).map(changeLine)];
}

const changeLine = (change: ChanceWith): string =>
  `  hash keys ${change.keys} divisor ${change.divisor}: ${chanceText(change)}`;

/** The first ones, and a line about the rest. */
function some<T>(rows: readonly T[], most: number, noun: string): (T | string)[] {
  const rest = rows.length - most;
  return rest <= 0
    ? [...rows]
    : [...rows.slice(0, most), `${grouped(rest)} more ${counted(rest, noun).replace(/^\d+ /, '')}`];
}
