import {
  type Classification,
  Classifying,
  frameTaker,
  fullTableNotes,
  markNotes,
  packetRecord,
  type Reading,
  readSources,
} from '../../src/api/index.ts';
import type { Frame } from '../../src/capture/index.ts';
import { missingText } from '../../src/packet/index.ts';
import { csv, EXACT, ndjson, type Summary } from '../../src/report/index.ts';
import type { Run } from '../../src/run.ts';
import { Mode } from '../../src/sched/flow/index.ts';
import { byHostOf, flowsCsv, flowsTable, hostsCsv, hostsTable } from './by-host.ts';
import { reading, sourcesOf } from './captures.ts';
import type { ClassifyFlags } from './commands/classify.ts';
import { copiesWritten } from './copies.ts';
import { CommandLineError } from './errors.ts';
import type { ExpectFile } from './expect.ts';
import { Exports } from './exports.ts';
import { limitsOf } from './limits.ts';
import { unsigned } from './numbers.ts';
import { asking, besidesOf, questionOf } from './options.ts';
import { isTerminal, painter, say } from './output.ts';
import { checkOutputs, walkInputs } from './outputs.ts';
import { type PacketFormat, packetFormat } from './packets.ts';
import { Output } from './result.ts';
import { sampleFor, sampleNotes } from './sample.ts';
import { Screen } from './screen.ts';
import { splitFile } from './split.ts';

const FAILED = 1;
const CUT = 3;

/** What is counted over all of the time. */
const NOT_OVER_TIME = ['by', 'top', 'packets', 'expect', 'export', 'copies', 'seeds', 'perturb'] as const;

/** `cls-flow classify`; returns what the process exits with. */
export async function classify(captures: readonly string[], flags: ClassifyFlags): Promise<number> {
  if (flags.every === undefined && (flags.seeds !== undefined || flags.perturb)) {
    if ((flags.by ?? flags.top) !== undefined)
      throw new CommandLineError('--by and --top: go with neither --seeds nor --perturb');
    if (flags.expect !== undefined) throw new CommandLineError('--expect: goes with neither --seeds nor --perturb');
    if ((flags.export ?? flags.exportClass) !== undefined) {
      throw new CommandLineError('--export and --export-class: go with neither --seeds nor --perturb');
    }
    const { classifyOften } = await import('./seeds.ts');
    return classifyOften(captures, flags);
  }
  if (flags.every !== undefined) {
    const other = NOT_OVER_TIME.find((name) => flags[name] !== undefined);
    if (other !== undefined) throw new CommandLineError(`--every and --${other}: give one of them`);
    const { classesOverTime } = await import('./every.ts');
    return classesOverTime(captures, flags);
  }
  const settings = settingsOf(captures, flags);
  const call = await callOf(captures, flags, settings.listed);
  const { classifying, exports, expected } = call;
  checkOutputs([...exports.paths, flags.copies], [...captures, ...walkInputs(flags), flags.expect, flags.names]);
  const isStream = expected === null && !exports.wanted && flags.copies === undefined;
  let print: Print = async () => {};
  const work = async (): Promise<Reading> => {
    if (settings.records !== null) return listPackets(captures, settings.records, call, new Output(isStream));
    const summed = await sumUp(settings, call);
    print = summed.print;
    return summed.read;
  };
  // Where no packet could be read at all, a file of an earlier run is worth more than an empty one.
  const isWorth = ({ errors }: Reading): boolean => errors.length === 0 || classifying.run.number > 0;
  const exporting = (): Promise<Reading> => exports.written(work, isWorth);
  const read =
    flags.copies === undefined
      ? await exporting()
      : await copiesWritten(flags.copies, classifying.copies, exporting, isWorth);
  await print();
  const unmet = expected?.report() ?? '';
  if (unmet !== '') say(unmet);
  if (read.errors.length > 0 || unmet !== '') return FAILED;
  return read.cut && flags.strict ? CUT : 0;
}

/** What the flags come to: read once, before any file is opened for the result. */
interface Settings {
  readonly captures: readonly string[];
  /** One record a packet. */
  readonly listed: boolean;
  /** How a record is written; null: none is. */
  readonly records: PacketFormat | null;
  readonly format: NonNullable<ClassifyFlags['format']>;
  readonly all: boolean;
  /** Whose packets are counted, and which of them are wanted. */
  readonly shown: Pick<ClassifyFlags, 'by' | 'only' | 'all' | 'top'>;
  readonly hook: ClassifyFlags['at'];
  readonly seedStated: boolean;
  /** --nat or --conntrack was given. */
  readonly tracked: boolean;
  /** null: as many as the file deserves. */
  readonly threads: number | null;
}

function settingsOf(captures: readonly string[], flags: ClassifyFlags): Settings {
  const listed = flags.packets === true;
  if (flags.by !== undefined && flags.top !== undefined && flags.format === 'csv') {
    throw new CommandLineError('--by and --top: CSV has room for one of them');
  }
  const format = flags.format ?? (listed ? 'ndjson' : 'table');
  if (!listed && flags.fields !== undefined) throw new CommandLineError('--fields: goes with --packets');
  return {
    captures,
    listed,
    records: listed ? packetFormat(format, flags.fields) : null,
    format,
    all: flags.all === true,
    shown: flags,
    hook: flags.at,
    seedStated: flags.seed !== undefined,
    tracked: flags.nat !== undefined || flags.conntrack !== undefined,
    threads: flags.threads === undefined ? null : unsigned('--threads', flags.threads),
  };
}

/** A call of the library, and what else is done with each of its packets. */
interface Call {
  readonly classifying: Classifying;
  /** What a reader should know of the capture. */
  readonly notes: readonly string[];
  readonly exports: Exports;
  readonly expected: ExpectFile | null;
  /** Classifies a packet, holds it against --expect, and exports it. */
  step(frame: Frame): void;
}

async function callOf(captures: readonly string[], flags: ClassifyFlags, listed: boolean): Promise<Call> {
  const expecting = flags.expect === undefined ? null : await import('./expect.ts');
  let rest: Omit<Call, 'classifying' | 'notes'> | null = null;
  const eachOf = (run: Run): Call['step'] | null => {
    const exports = new Exports(flags, run);
    const expected = expecting === null ? null : new expecting.ExpectFile(flags.expect ?? '', run, limitsOf(flags));
    const step = (frame: Frame): void => {
      if (expected === null) run.step(frame);
      else expected.expecting.step(frame);
      exports.take(frame);
    };
    rest = { exports, expected, step };
    return listed || expected !== null || exports.wanted ? step : null;
  };
  const question = { ...questionOf(flags), flows: flags.flows && !listed };
  const { sample } = await sampleFor(captures, flags);
  const besides = { ...besidesOf(flags), sample, engine: flags.engine };
  const classifying = await asking(flags, () => Classifying.of(question, besides, eachOf, byHostOf(flags)));
  if (rest === null) throw new TypeError('a run is made first');
  const notes = sampleNotes(captures, classifying.settled.question, sample);
  return { classifying, notes, ...(rest as Omit<Call, 'classifying' | 'notes'>) };
}

/** Prints the result, once all files are written. */
type Print = () => Promise<void>;

/** Writes a record as soon as its packet was read. */
async function listPackets(
  captures: readonly string[],
  format: PacketFormat,
  call: Call,
  output: Output,
): Promise<Reading> {
  const { run } = call.classifying;
  output.write(format.head);
  const taker = frameTaker(
    () => run.number,
    (frame, name) => {
      run.file = name;
      call.step(frame);
      output.write(format.line(packetRecord(run, frame)));
    },
  );
  // Two writers on one terminal would spoil each other's lines.
  const watched = !isTerminal.stdout();
  const read = await reading(captures, { watched }, (options) => readSources(sourcesOf(captures), taker, options));
  for (const note of fullTableNotes(run)) say(`note: ${note}`);
  if (read.errors.length > 0) output.write(format.incomplete(read.errors));
  output.flush();
  return read;
}

/** A capture that is being taken has no errors yet. */
const SO_FAR: Reading = { errors: [], cut: false, inputs: [] };

/** Somebody watches the table of a capture that comes in: `tcpdump -w - | cls-flow classify -` on a terminal. */
function isFollowed({ captures, format }: Settings): boolean {
  return isTerminal.stdout() && format === 'table' && captures.length === 1 && captures[0] === '-';
}

/** What sumUp() returns. */
interface Summed {
  readonly read: Reading;
  readonly print: Print;
}

/** Reads all, and returns what prints the sums; before that, nothing is printed except to somebody who watches. */
async function sumUp(settings: Settings, { classifying, notes }: Call): Promise<Summed> {
  const { captures, threads } = settings;
  const { run } = classifying;
  const text = (read: Reading): Promise<string> => summaryText(classifying.result(read), settings, run, notes);
  const screen = isFollowed(settings)
    ? new Screen(
        () => text(SO_FAR),
        () => run.number,
      )
    : null;
  const sources = sourcesOf(captures, (file, replay) => splitFile(file, replay, threads));
  const read = await reading(captures, { screen }, (options) => readSources(sources, classifying.taker(), options));
  const print = async (): Promise<void> => {
    const output = new Output();
    output.write(await text(read));
    output.flush();
  };
  return { read, print };
}

async function summaryText(
  summary: Classification,
  settings: Settings,
  run: Run,
  noted: readonly string[],
): Promise<string> {
  switch (settings.format) {
    case 'json':
      return `${JSON.stringify(summary, null, 2)}\n`;
    case 'ndjson':
      return ndjson(summary);
    case 'csv':
      for (const note of [...estimates(run), ...fullTableNotes(run), ...markNotes(run)]) say(`note: ${note}`);
      if (settings.shown.by !== undefined) return hostsCsv(summary);
      return settings.shown.top === undefined ? csv(rows(summary)) : flowsCsv(summary);
    case 'table': {
      const { summaryTable } = await import('./table.ts');
      return summaryTable(summary, {
        captures: settings.captures,
        hook: settings.hook,
        seedStated: settings.seedStated,
        mapped: run.filters.map(({ filter }) => filter.mode !== Mode.HASH),
        all: settings.all,
        missing: (summary.missing ?? []).flatMap(
          (row) => missingText(row, run.packet.readBy, run.options.marks != null) || [],
        ),
        notes: [...noted, ...notes(settings, run), ...estimates(run), ...fullTableNotes(run), ...markNotes(run)],
        hosts: settings.shown.by === undefined ? null : hostsTable(summary, settings.shown, painter('stdout')),
        flows: settings.shown.top === undefined ? '' : flowsTable(summary, settings.shown),
        paint: painter('stdout'),
      });
    }
  }
}

/** Classes, then what has none, in one rectangle. */
function rows({ classes, unclassified }: Summary): (string | number | null)[][] {
  return [
    ['classid', 'packets', 'bytes', 'share', 'flows', 'hosts', 'reason'],
    ...classes.map((row) => [row.classid, row.packets, row.bytes, row.share, row.flows, row.hosts, null]),
    ...unclassified.map(({ reason, packets, bytes }) => [null, packets, bytes, null, null, null, reason]),
  ];
}

/** What is to be said of counts that are none. */
function estimates({ sharing }: Run): string[] {
  const { v4, v6 } = EXACT;
  const note = `flows and hosts are estimates: there were more than ${v4} of IPv4, or ${v6} of IPv6`;
  return sharing?.isEstimate ? [note] : [];
}

/** What a reader might not expect of these settings. */
function notes({ tracked }: Settings, run: Run): string[] {
  if (!run.needsConntrack)
    return tracked && run.options.crossing?.needsConnections !== true
      ? ['nothing here asks for connections: --nat and --conntrack change nothing']
      : [];
  return [
    ...(run.fallsBack ? ['at ingress the kernel has tracked nothing yet: nfct keys fall back'] : []),
    ...(tracked || !run.tracks ? [] : ['no NAT told (--nat, --conntrack): connections are taken as they are seen']),
  ];
}
