import Table from 'cli-table3';
import { counted, escapeText } from '../../src/lang/index.ts';
import {
  type ClassRow,
  capturedText,
  endText,
  type FateRow,
  type FilterRow,
  type Summary,
} from '../../src/report/index.ts';
import type { Paint } from './output.ts';

/** Classes, or shared classes, listed unless all are asked for. */
const LARGEST = 20;

/** What a table says besides the summary. */
export interface TableOptions {
  readonly captures: readonly string[];
  readonly hook: string;
  readonly seedStated: boolean;
  /** Of each filter: whether it is in map mode, which draws nothing. */
  readonly mapped: readonly boolean[];
  readonly all: boolean;
  /** What was not known of packets and decides about them, a line each. */
  readonly missing: readonly string[];
  /** Things that were supposed and that the reader should know. */
  readonly notes: readonly string[];
  /** The table of hosts, which stands in the place of the classes; null: those are wanted. */
  readonly hosts?: string | null;
  /** The table of the largest flows; '': they are not wanted. */
  readonly flows?: string;
  readonly paint: Paint;
}

/** The summary for people: what was assumed, the classes, who shares them, and what got none. */
export function summaryTable(summary: Summary, options: TableOptions): string {
  const { paint } = options;
  const parts = [
    head(summary, options),
    ends(summary, options),
    ...(options.hosts ? [options.hosts] : [classes(summary, options), sharing(summary, options)]),
    options.flows ?? '',
    unclassified(summary, options),
    copies(summary, options),
    summary.complete ? '' : `${paint('red', 'incomplete')}: ${problems(summary)}\n`,
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function head(summary: Summary, options: TableOptions): string {
  const { captures, hook, missing, notes, paint } = options;
  const [first = ''] = captures;
  const name =
    captures.length === 1 ? escapeText(first === '-' ? 'standard input' : first) : counted(captures.length, 'capture');
  const lines = [
    `${paint('bold', name)}: ${counted(summary.packets, 'packet')}, ${counted(summary.bytes, 'byte')}; ${hook}, era ${summary.era}`,
  ];
  for (const [at, filter] of summary.filters.entries()) {
    lines.push(filterLine(filter, options.mapped[at] ?? false, summary.seed, options));
  }
  if (summary.captured !== undefined) lines.push(...capturedText(summary.captured).map(escapeText));
  lines.push(...exactnessLine(summary), ...missing, ...notes.map((note) => `note: ${note}`));
  return `${lines.join('\n')}\n`;
}

function filterLine(
  { parent, pref, spec, hashrnd, from }: FilterRow,
  mapped: boolean,
  seed: number,
  options: TableOptions,
): string {
  const drawn = options.seedStated
    ? `drawn from seed ${seed}`
    : `seed ${seed}: assumed, the kernel keeps its own secret`;
  const origin = mapped ? 'map mode does not use it' : from === 'given' ? 'given' : drawn;
  const place = parent === undefined ? '' : `parent ${parent} pref `;
  return `filter ${place}${pref}: ${escapeText(spec)}; hashrnd ${hashrnd} (${origin})`;
}

/** Of the classes or, where a tree was walked, of all that is said of packets: the end too. */
function exactnessLine({ exactness, results, classes, fates }: Summary): string[] {
  const isWalked = fates !== undefined && fates.length > 0;
  if (classes.length === 0 && !isWalked) return [];
  const { exact, assumed, unknowable } = isWalked ? results : exactness;
  const meanings = [
    exact > 0 ? `${exact} exact` : '',
    assumed > 0 ? `${assumed} assumed (right if what was not told is as supposed)` : '',
    unknowable > 0 ? `${unknowable} unknowable` : '',
  ];
  return [`${isWalked ? 'results' : 'classified'}: ${meanings.filter((text) => text !== '').join(', ')}`];
}

/** Where packets ended, what is lost or not shaped on top. */
function ends({ fates = [], bytes }: Summary, { all, paint }: TableOptions): string {
  if (fates.length === 0) return '';
  const shown = all ? fates : fates.slice(0, LARGEST);
  const painted = (row: FateRow): string => {
    const text = escapeText(endText(row));
    return ALARMING.has(row.fate) ? paint('red', text) : text;
  };
  const cells = shown.map((row) => [
    painted(row),
    String(row.packets),
    String(row.bytes),
    percent(bytes === 0 ? 0 : row.bytes / bytes),
  ]);
  if (shown.length < fates.length) cells.push([`${fates.length - shown.length} more`, '', '', '']);
  return aligned(['end', 'packets', 'bytes', 'share'], cells, paint);
}

const ALARMING: ReadonlySet<string> = new Set(['dropped', 'direct']);

function classes(summary: Summary, { all, paint }: TableOptions): string {
  const rows = summary.classes;
  if (rows.length === 0) return summary.packets === 0 ? 'no packets\n' : '';
  const shown = all ? rows : rows.slice(0, LARGEST);
  const counted = rows[0]?.flows !== null;
  const columns = ['class', 'packets', 'bytes', 'share', ...(counted ? ['flows', 'hosts'] : [])];
  const cells = shown.map((row) => [
    row.classid,
    ...numbers(row),
    ...(counted ? [String(row.flows), String(row.hosts)] : []),
  ]);
  const rest = rows.slice(shown.length);
  if (rest.length > 0) cells.push([`${rest.length} more`, ...numbers(sum(rest)), ...(counted ? ['', ''] : [])]);
  return aligned(columns, cells, paint);
}

const numbers = ({ packets, bytes, share }: Pick<ClassRow, 'packets' | 'bytes' | 'share'>): string[] => [
  String(packets),
  String(bytes),
  percent(share),
];

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
const smallPercent = (share: number): string => (share < 0.01 ? `${(100 * share).toPrecision(2)}%` : percent(share));

/** A host of two classes would count twice, so flows and hosts of several classes have no sum. */
function sum(rows: readonly ClassRow[]): { packets: number; bytes: number; share: number } {
  const total = { packets: 0, bytes: 0, share: 0 };
  for (const { packets, bytes, share } of rows) {
    total.packets += packets;
    total.bytes += bytes;
    total.share += share;
  }
  return total;
}

function sharing(
  { packets, classes, collisions, jain, worstShare }: Summary,
  { all, hook, paint }: TableOptions,
): string {
  if (jain === null || worstShare === null) return '';
  const shown = all ? collisions : collisions.slice(0, LARGEST);
  // Behind NAT all hosts have one address: nobody is seen to share then.
  const [first, ...others] = classes;
  const isOne =
    hook === 'egress' && packets > 1 && others.length === 0 && first?.hosts === 1 && first.packets === packets;
  const nobodyShares = isOne ? 'one host has all packets: a NAT router? see nfct-src' : 'no class is shared by hosts';
  const cells = shown.map(({ classid, hosts, flows }) => [classid, String(hosts), String(flows)]);
  if (shown.length < collisions.length) cells.push([`${collisions.length - shown.length} more`, '', '']);
  const table = cells.length > 0 ? aligned(['shared', 'hosts', 'flows'], cells, paint) : `${nobodyShares}\n`;
  // Where all share one class, that they get the same is no praise.
  if (classes.length === 1 && collisions.length === 1)
    return `${table}all ${collisions[0]?.hosts} hosts share one class: the filter keeps nobody apart\n`;
  const index = `Jain index ${jain.toFixed(3)} over the hosts (1: all get the same)`;
  return `${table}if all classes are served alike: ${index}, the worst-off gets ${smallPercent(worstShare)}\n`;
}

function unclassified({ unclassified: rows }: Summary, { paint }: TableOptions): string {
  if (rows.length === 0) return '';
  const cells = rows.map(({ reason, packets, bytes }) => [escapeText(reason), String(packets), String(bytes)]);
  return aligned(['no class', 'packets', 'bytes'], cells, paint);
}

function copies({ copies: rows = [] }: Summary, { paint }: TableOptions): string {
  if (rows.length === 0) return '';
  const cells = rows.map(({ device, direction, packets, bytes }) => [
    `${direction === 'egress' ? 'out of' : 'into'} ${escapeText(device)}`,
    String(packets),
    String(bytes),
  ]);
  return aligned(['copies', 'packets', 'bytes'], cells, paint);
}

function problems({ errors }: Summary): string {
  return errors.length === 1
    ? 'one capture could not be read to the end'
    : `${errors.length} captures could not be read to the end`;
}

/** Columns two blanks apart: the first to the left, numbers to the right. */
export function aligned(columns: readonly string[], cells: readonly string[][], paint: Paint): string {
  const table = new Table({
    head: columns.map((column) => paint('bold', column)),
    colAligns: columns.map((_, index) => (index === 0 ? 'left' : 'right')),
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...cells);
  return `${table.toString().replace(/ +$/gm, '')}\n`;
}

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};
