import { compare as ask, type Question, QuestionError, type ScriptReport } from '../../src/api/index.ts';
import { counted, escapeText, grouped } from '../../src/lang/index.ts';
import { csv } from '../../src/report/index.ts';
import type { Comparison, HostChange, Move, Side } from '../../src/study/index.ts';
import { reading, sourcesOf } from './captures.ts';
import type { CompareFlags } from './commands/compare.ts';
import type { WalkFlags } from './commands/walk.ts';
import { CommandLineError } from './errors.ts';
import { besidesOf, onCommandLine, questionOf } from './options.ts';
import { painter } from './output.ts';
import { Output } from './result.ts';
import { sampleFor } from './sample.ts';
import type { SetUpFlags } from './set-up.ts';
import { aligned } from './table.ts';

const FAILED = 1;
const LARGEST = 20;

/** `cls-flow compare`; returns what the process exits with. */
export async function compare(captures: readonly string[], flags: CompareFlags): Promise<number> {
  const both = sides(flags);
  const [before, after] = both.map(questionOf) as [Question, Question];
  let side = 0;
  const script = (report: ScriptReport): void => besidesOf(both[side++] ?? {}).script?.(report);
  const sample = await sampleFor(captures, flags);
  const result = await ofSides(both, () =>
    reading(captures, {}, (options) =>
      ask(sourcesOf(captures), before, after, { ...options, ...besidesOf({}), ...sample, script }),
    ),
  );
  const output = new Output();
  output.write(FORMATS[flags.format](result, flags));
  output.flush();
  return result.errors.length > 0 ? FAILED : 0;
}

const FORMATS: Readonly<Record<CompareFlags['format'], (result: Comparison, flags: CompareFlags) => string>> = {
  text,
  json: (result) => `${JSON.stringify(result, null, 2)}\n`,
  csv: ({ byHost }) => csv([COLUMNS, ...byHost.map(cells)]),
};

const COLUMNS = ['name', 'packets', 'bytes', 'before', 'after', 'share_before', 'share_after', 'harm'] as const;

const cells = ({ name, packets, bytes, before, after, shareBefore, shareAfter, harm }: HostChange) => [
  ...[name, packets, bytes, before.join(' '), after.join(' '), shareBefore, shareAfter, harm],
];

/** What is wrong with a side is wrong with its own options. */
async function ofSides<T>([before, after]: readonly WalkFlags[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof QuestionError)) throw error;
    const [, name, field = ''] = /^(before|after)\.(.*)$/s.exec(error.field) ?? [];
    throw onCommandLine(error.about(field), (name === 'after' ? after : before) ?? {});
  }
}

/** The flags of either side: all the same but what is compared. One --hashrnd is for both, as a change keeps it. */
function sides({ filter = [], script = [], state, live, hashrnd, ...rest }: CompareFlags): readonly WalkFlags[] {
  const setUps: readonly SetUpFlags[] = [
    ...(live === undefined ? [] : [{ live }]),
    ...(state === undefined ? [] : [{ state }]),
    ...script.map((script) => ({ script })),
  ];
  if (filter.length + setUps.length !== 2 || filter.length === 1) {
    throw new CommandLineError(
      'compare: two --filter or two --script expected, the one before and the one after; --state or --live can be the one before',
      null,
      "example: --filter 'hash keys src divisor 256' --filter 'hash keys src divisor 1024'",
    );
  }
  const seed = (side: number): Pick<WalkFlags, 'hashrnd'> => {
    if (hashrnd === undefined) return {};
    if (setUps.length > 0) return { hashrnd };
    return { hashrnd: hashrnd.length === 1 ? hashrnd : hashrnd.slice(side, side + 1) };
  };
  if (filter.length === 2 && (hashrnd?.length ?? 0) > 2) {
    throw new CommandLineError('--hashrnd: one for both filters, or one for each');
  }
  return [0, 1].map((side) => {
    const spec = filter[side];
    return {
      ...rest,
      ...seed(side),
      ...(spec === undefined ? {} : { filter: [spec] }),
      ...(setUps[side] as Pick<WalkFlags, 'script' | 'state' | 'live'> | undefined),
    };
  });
}

function text(result: Comparison, { all, seed: typed }: CompareFlags): string {
  const paint = painter('stdout');
  const { packets, movedPackets, hosts, flows, by, before, after, matrix, seed } = result;
  const who = by === 'dst' ? 'receivers' : 'senders';
  const drawn = `hashrnd that was not given is drawn from seed ${seed}${typed === undefined ? ', assumed' : ''}, the same on both sides`;
  const isDrawn = before.filters.concat(after.filters).some(({ from }) => from === 'seed');
  const lines = [
    ...sideLines('before', before),
    ...sideLines('after', after),
    ...(isDrawn ? [`note: ${drawn}`] : []),
    '',
    `${paint('bold', 'moved')}: ${hosts.moved.length} of ${hosts.all === 1 ? `1 ${who.slice(0, -1)}` : `${hosts.all} ${who}`}, ${flows.moved.length} of ${counted(flows.all, 'flow')}, ${movedPackets} of ${counted(packets, 'packet')}`,
  ];
  const rows = (moves: readonly Move[]): string[][] =>
    moves.map(({ name, before: from, after: to }) => [name, places(from), places(to)]);
  return [
    `${lines.join('\n')}\n`,
    harmed(shown([who, 'bytes', 'before', 'of it', 'after', 'of it', 'harm'], harms(result.byHost), all), who),
    shown(['flows', 'before', 'after'], rows(flows.moved), all),
    shown(
      ['before', 'after', 'packets', 'bytes', who],
      matrix.map((pair) => [
        escapeText(pair.before),
        ...[pair.after, pair.packets, pair.bytes, pair.hosts].map((cell) => escapeText(String(cell))),
      ]),
      all,
    ),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

const harmed = (table: string, who: string): string =>
  table === ''
    ? ''
    : `${table}of it: how much of the class is theirs; harm: how much less that gets, below 0 ${who} gain\n`;

/** A share that changes by less is not shown. */
const NO_HARM = 0.0005;

/** Those who move, or whose share of their classes changes as others move: the most harmed first. */
function harms(byHost: readonly HostChange[]): string[][] {
  const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
  return byHost
    .filter(({ before, after, harm }) => before.join() !== after.join() || Math.abs(harm) > NO_HARM)
    .map(({ name, bytes, before, after, shareBefore, shareAfter, harm }) => [
      ...[name, grouped(bytes), places(before), percent(shareBefore), places(after), percent(shareAfter)],
      Math.abs(harm) > NO_HARM ? percent(harm) : '-',
    ]);
}

function sideLines(name: string, { filters, classified, shares }: Side): string[] {
  const fair =
    shares === null
      ? 'no host has a class'
      : `${shares.sharing} share, at most ${shares.worst} in one of ${counted(shares.classes, 'class')}; Jain index ${shares.jain.toFixed(3)}, the worst-off gets ${(100 * shares.worstShare).toPrecision(2)}%`;
  const lines = [
    ...filters.map(({ spec, hashrnd }) => `${escapeText(spec)}; hashrnd ${hashrnd}`),
    `${counted(classified, 'packet')} classified; ${fair}`,
  ];
  return lines.map((line, index) => `${(index === 0 ? `${name}:` : '').padEnd(7)} ${line}`);
}

/** Two classes by name, more by number. */
function places(outcomes: readonly string[]): string {
  const [first = '', second] = outcomes;
  if (outcomes.length > 2) return `${outcomes.length} classes`;
  return escapeText(second === undefined ? first : `${first}, ${second}`);
}

function shown(columns: readonly string[], rows: readonly string[][], all: boolean | undefined): string {
  if (rows.length === 0) return '';
  const some = all ? rows : rows.slice(0, LARGEST);
  const more = rows.length - some.length;
  const rest = more > 0 ? [[`${more} more`, ...columns.slice(1).map(() => '')]] : [];
  return aligned(columns, [...some, ...rest], painter('stdout'));
}
