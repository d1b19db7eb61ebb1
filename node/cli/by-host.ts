import type { ByHostQuestion, Classification } from '../../src/api/index.ts';
import { escapeText, grouped, groupedCount } from '../../src/lang/index.ts';
import { csv, HOST_COLUMNS, type HostClass, type HostRow, hostCells, type Named } from '../../src/report/index.ts';
import type { HostsBy } from '../../src/study/index.ts';
import type { ClassifyFlags } from './commands/classify.ts';
import { CommandLineError } from './errors.ts';
import { limitsOf } from './limits.ts';
import { readLines } from './named-file.ts';
import { unsigned } from './numbers.ts';
import type { Paint } from './output.ts';

/** Hosts listed in the table unless all are asked for. */
const LARGEST = 20;
const WIDTH = 80;
const MOST_TOP = 1000;
/** Behind the share of the largest other. */
const NAME_WIDTH = 18;

/** What `--by` and the options that go with it ask. Throws CommandLineError. */
export function byHostOf(flags: ClassifyFlags): ByHostQuestion {
  const { by, only, names, subscriberPrefix, top } = flags;
  const besides = {
    ...{ '--only': only, '--subscriber-prefix': subscriberPrefix },
    ...(top === undefined ? { '--names': names } : {}),
  };
  const alone = Object.entries(besides).find(([, value]) => value !== undefined);
  if (by === undefined && alone !== undefined) {
    throw new CommandLineError(`${alone[0]}: goes with --by host, dst, flow or subscriber`);
  }
  if (by !== undefined && flags.packets) throw new CommandLineError('--by and --packets: give one of them');
  if (top !== undefined && flags.packets) throw new CommandLineError('--top and --packets: give one of them');
  return {
    by,
    only,
    top: top === undefined ? undefined : unsigned('--top', top, MOST_TOP, 1),
    subscriberPrefix:
      subscriberPrefix === undefined ? undefined : unsigned('--subscriber-prefix', subscriberPrefix, 128),
    names: names === undefined ? undefined : readLines(names, limitsOf(flags)),
  };
}

/** One line for each class of a host. */
export const hostsCsv = ({ hosts = [] }: Classification): string => csv([HOST_COLUMNS, ...hosts.flatMap(hostCells)]);

/** One line for each flow. */
export const flowsCsv = ({ largestFlows = [] }: Classification): string =>
  csv([
    ['classid', 'flow', 'name', 'bytes', 'share'],
    ...largestFlows.flatMap(({ classid, flows }) =>
      flows.map(({ address, name = null, bytes, share }) => [classid, address, name, bytes, share]),
    ),
  ]);

/** The largest flows of each class for people. */
export function flowsTable({ largestFlows = [] }: Classification, { all }: Pick<ClassifyFlags, 'all'>): string {
  const shown = all ? largestFlows : largestFlows.slice(0, LARGEST);
  const more = largestFlows.length - shown.length;
  return [
    `the largest flows of each class, and how much of it each has`,
    ...shown.flatMap(({ classid, flows }) => [`class ${classid}`, ...flows.map(flowLine)]),
    ...(more > 0 ? [`${groupedCount(more, 'more class')}: --all`] : []),
    '',
  ].join('\n');
}

const flowLine = (flow: HostClass['neighbours'][number]): string =>
  cut(`  ${grouped(flow.bytes).padStart(13)}  ${percent(flow.share).padStart(6)}  ${nameOf(flow)}`);

const NOUNS: Readonly<Record<HostsBy, string>> = {
  host: 'host',
  dst: 'receiver',
  flow: 'flow',
  subscriber: 'subscriber',
};

/** The hosts for people, within 80 columns. */
export function hostsTable(
  summary: Classification,
  flags: Pick<ClassifyFlags, 'by' | 'only' | 'all'>,
  paint: Paint,
): string {
  const { hosts = [], hostsSeen = 0, hostsSampled = 1 } = summary;
  const { by = 'host', only, all = false } = flags;
  if (hosts.length === 0) {
    return only === undefined ? `no ${NOUNS[by]} was seen\n` : `no packet of ${escapeText(only)}\n`;
  }
  const shown = all ? hosts : hosts.slice(0, LARGEST);
  const isOne = hosts.length === 1;
  const sampled = hostsSampled > 1 ? `; a sample, each stands for ${grouped(hostsSampled)}` : '';
  const more = hosts.length - shown.length;
  return [
    ...(only === undefined ? [`${groupedCount(hostsSeen, NOUNS[by])}, most bytes first${sampled}`, ''] : []),
    paint('bold', line('class', 'packets', 'bytes', 'of class', 'others', 'the largest other')),
    ...shown.flatMap((host) => hostLines(host, isOne, paint)),
    ...(more > 0 ? [`${grouped(more)} more: --all`] : []),
    '',
  ].join('\n');
}

/** `192.168.0.1 (printer)` */
export const nameOf = ({ address, name }: Named): string =>
  escapeText(name === undefined ? address : `${address} (${name})`);

/** The same where there is little room: the name alone, which says more than an address. */
function shortName(one: Named): string {
  const both = nameOf(one);
  return both.length <= NAME_WIDTH ? both : escapeText(one.name ?? one.address);
}

function hostLines(host: HostRow, isOne: boolean, paint: Paint): string[] {
  const { packets, bytes, classes, unclassified } = host;
  const counts = `${groupedCount(packets, 'packet')}, ${groupedCount(bytes, 'byte')}`;
  return [
    `${paint('bold', nameOf(host))}: ${counts}; ${sureText(host.exactness)}`,
    ...classes.flatMap((row) => classLines(row, isOne)),
    ...unclassified.map((row) => line('-', grouped(row.packets), grouped(row.bytes), '', '', escapeText(row.reason))),
  ];
}

function classLines(row: HostClass, isOne: boolean): string[] {
  const [first, ...others] = row.neighbours.map((one) => `${percent(one.share)} ${shortName(one)}`);
  const numbers = [grouped(row.packets), grouped(row.bytes), percent(row.share), grouped(row.others)] as const;
  return [
    line(row.classid, ...numbers, first ?? 'alone'),
    ...(isOne ? others.map((other) => line('', '', '', '', '', other)) : []),
  ];
}

export const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

/** `all assumed`, or how many packets are how sure. */
export function sureText(counts: HostRow['exactness']): string {
  const words = (['exact', 'assumed', 'unknowable'] as const).filter((word) => counts[word] > 0);
  if (words.length === 1) return `all ${words[0]}`;
  return words.map((word) => `${grouped(counts[word])} ${word}`).join(', ');
}

/** One line of the table; what is longer than a screen is wide is cut. */
function line(classid: string, packets: string, bytes: string, share: string, others: string, rest: string): string {
  const numbers = [packets.padStart(9), bytes.padStart(13), share.padStart(8), others.padStart(6)];
  return cut(`  ${classid.padEnd(7)}${numbers.join('  ')}  ${rest}`.trimEnd());
}

/** Within the width of a screen. */
export const cut = (text: string): string => (text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text);
