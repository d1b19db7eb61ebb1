import type { Frame } from '../../src/capture/index.ts';
import { UsageError } from '../../src/errors.ts';
import { missingOf, missingText } from '../../src/packet/index.ts';
import { type EngineName, Replay } from '../../src/replay.ts';
import { csv, EXACT, type FilterRow, ndjson, type Summary, summarise } from '../../src/report/index.ts';
import type { Run } from '../../src/run.ts';
import { Mode } from '../../src/sched/flow/index.ts';
import { frameTaker, type Taker } from '../files.ts';
import { type Reading, readCaptures } from './captures.ts';
import type { ClassifyFlags } from './commands/classify.ts';
import { Copies } from './copies.ts';
import { CommandLineError, inOption } from './errors.ts';
import type { ExpectFile } from './expect.ts';
import { Exports } from './exports.ts';
import { fullTableNotes } from './full-table.ts';
import { limitsOf } from './limits.ts';
import { unsigned } from './numbers.ts';
import { createRun, readWalk, type Walk } from './options.ts';
import { isTerminal, painter, say } from './output.ts';
import { checkOutputs, walkInputs } from './outputs.ts';
import { PACKET_FORMATS, packetRecord } from './packets.ts';
import type { Shown } from './progress.ts';
import { Output } from './result.ts';
import { Screen } from './screen.ts';
import { splitFile } from './split.ts';

const FAILED = 1;
const CUT = 3;

/** `cls-flow classify`; returns what the process exits with. */
export async function classify(captures: readonly string[], flags: ClassifyFlags): Promise<number> {
  if (flags.seeds !== undefined || flags.perturb) {
    if (flags.expect !== undefined) throw new CommandLineError('--expect: goes with neither --seeds nor --perturb');
    if ((flags.export ?? flags.exportClass) !== undefined) {
      throw new CommandLineError('--export and --export-class: go with neither --seeds nor --perturb');
    }
    const { classifyOften } = await import('./seeds.ts');
    return classifyOften(captures, flags);
  }
  const copies = new Copies();
  const settings = settingsOf(captures, flags, copies);
  const { walk, listed } = settings;
  const run = createRun(walk.options);
  copies.name = run.kernel.netns.links.name;
  const exports = new Exports(flags, run);
  checkOutputs([...exports.paths, flags.copies], [...captures, ...walkInputs(flags), flags.expect]);
  const expected = await readExpected(flags, run);
  const each: Stepping = (frame) => {
    if (expected === null) run.step(frame);
    else expected.expecting.step(frame);
    exports.take(frame);
  };
  const replay = replayOf(run, flags.engine, listed || expected !== null || exports.wanted ? each : null);
  const isStream = expected === null && !exports.wanted && flags.copies === undefined;
  let print: Print = async () => {};
  const work = async (): Promise<Reading> => {
    if (listed) return listPackets(settings, run, each, new Output(isStream));
    const summed = await sumUp(settings, run, copies, replay);
    print = summed.print;
    return summed.reading;
  };
  // Where no packet could be read at all, a file of an earlier run is worth more than an empty one.
  const isWorth = ({ errors }: Reading): boolean => errors.length === 0 || run.number > 0;
  const exporting = (): Promise<Reading> => exports.written(work, isWorth);
  const { copies: copied } = flags;
  const reading = copied === undefined ? await exporting() : await copies.writtenTo(copied, exporting, isWorth);
  await print();
  const unmet = expected?.report() ?? '';
  if (unmet !== '') say(unmet);
  if (reading.errors.length > 0 || unmet !== '') return FAILED;
  return reading.cut && flags.strict ? CUT : 0;
}

/** What the flags come to: read once, before any file is opened for the result. */
interface Settings {
  readonly captures: readonly string[];
  readonly walk: Walk;
  /** One record a packet. */
  readonly listed: boolean;
  readonly format: NonNullable<ClassifyFlags['format']>;
  readonly all: boolean;
  readonly hook: ClassifyFlags['at'];
  /** --nat or --conntrack was given. */
  readonly tracked: boolean;
  /** null: as many as the file deserves. */
  readonly threads: number | null;
}

function settingsOf(captures: readonly string[], flags: ClassifyFlags, copies: Copies): Settings {
  const listed = flags.packets === true;
  return {
    captures,
    walk: readWalk(flags, flags.flows && !listed, copies.take),
    listed,
    format: flags.format ?? (listed ? 'ndjson' : 'table'),
    all: flags.all === true,
    hook: flags.at,
    tracked: flags.nat !== undefined || flags.conntrack !== undefined,
    threads: flags.threads === undefined ? null : unsigned('--threads', flags.threads),
  };
}

function replayOf(run: Run, engine: EngineName, each: Stepping | null): Replay {
  try {
    return new Replay(run, engine, each);
  } catch (error) {
    throw error instanceof UsageError ? inOption('--engine', engine, error) : error;
  }
}

/** Prints the result, once all files are written. */
type Print = () => Promise<void>;

/** What is done with each packet: it is classified, held against --expect, and exported. */
type Stepping = (frame: Frame) => void;

async function readExpected(flags: ClassifyFlags, run: Run): Promise<ExpectFile | null> {
  if (flags.expect === undefined) return null;
  const { ExpectFile } = await import('./expect.ts');
  return new ExpectFile(flags.expect, run, limitsOf(flags));
}

/** Writes a record as soon as its packet was read. */
async function listPackets(
  { captures, format: name }: Settings,
  run: Run,
  step: Stepping,
  output: Output,
): Promise<Reading> {
  const format = PACKET_FORMATS[name];
  output.write(format.head);
  // Two writers on one terminal would spoil each other's lines.
  const watched = !isTerminal.stdout();
  const reading = await readAll(captures, run, watched, (frame) => {
    step(frame);
    output.write(format.line(packetRecord(run, frame)));
  });
  if (reading.errors.length > 0) output.write(format.incomplete(reading.errors));
  for (const note of fullTableNotes(run)) say(`note: ${note}`);
  output.flush();
  return reading;
}

/** A capture that is being taken has no errors yet. */
const SO_FAR: Reading = { errors: [], cut: false };

/** Somebody watches the table of a capture that comes in: `tcpdump -w - | cls-flow classify -` on a terminal. */
function isFollowed({ captures, format }: Settings): boolean {
  return isTerminal.stdout() && format === 'table' && captures.length === 1 && captures[0] === '-';
}

/** What sumUp() returns. */
interface Summed {
  readonly reading: Reading;
  readonly print: Print;
}

/** Reads all, and returns what prints the sums; before that, nothing is printed except to somebody who watches. */
async function sumUp(settings: Settings, run: Run, copies: Copies, replay: Replay): Promise<Summed> {
  const filters = run.filterRows();
  const text = (reading: Reading): Promise<string> => {
    replay.settle();
    return summaryText(summaryOf(run, replay, settings.walk, filters, reading, copies), settings, run);
  };
  const screen = isFollowed(settings)
    ? new Screen(
        () => text(SO_FAR),
        () => run.number,
      )
    : null;
  const taker: Taker = {
    room: replay.room,
    split: (file) => splitFile(file, replay, settings.threads),
    take(reader) {
      replay.take(reader);
      return true;
    },
  };
  const reading = await takeAll(settings.captures, run, true, taker, screen);
  const print = async (): Promise<void> => {
    const output = new Output();
    output.write(await text(reading));
    output.flush();
  };
  return { reading, print };
}

/** Has all captures taken, while somebody who watches is shown how far it has come. */
export async function takeAll(
  captures: readonly string[],
  run: { readonly number: number },
  watched: boolean,
  taker: Taker,
  screen: Shown | null = null,
): Promise<Reading> {
  const progress = screen ?? (watched && isTerminal.stderr() ? await progressOf(captures, run) : null);
  try {
    return await readCaptures(captures, taker, {
      onBatch: (file) => progress?.update(file),
      onMessage: () => progress?.stop(),
    });
  } finally {
    progress?.stop();
  }
}

async function progressOf(captures: readonly string[], run: { readonly number: number }): Promise<Shown> {
  const { createProgress } = await import('./progress.ts');
  return createProgress(captures, () => run.number);
}

/** The same, frame by frame. */
export function readAll(
  captures: readonly string[],
  run: { readonly number: number },
  watched: boolean,
  onFrame: (frame: Frame) => void,
): Promise<Reading> {
  const taker = frameTaker((frame) => {
    onFrame(frame);
  });
  return takeAll(captures, run, watched, taker);
}

function summaryOf(
  run: Run,
  { why: engine }: Replay,
  walk: Walk,
  filters: readonly FilterRow[],
  { errors }: Reading,
  { rows: copies }: Copies,
): Summary {
  const { tally, sharing, fates } = run;
  const { era } = walk.options.env;
  const missing = missingOf(tally.rests);
  const counts = { tally, sharing, fates, fullTable: run.fullTable };
  return summarise({ ...counts, filters, era: era.name, engine, seed: walk.seed, errors, copies, missing });
}

async function summaryText(summary: Summary, settings: Settings, run: Run): Promise<string> {
  switch (settings.format) {
    case 'json':
      return `${JSON.stringify(summary, null, 2)}\n`;
    case 'ndjson':
      return ndjson(summary);
    case 'csv':
      for (const note of [...estimates(run), ...fullTableNotes(run)]) say(`note: ${note}`);
      return csv(rows(summary));
    case 'table': {
      const { summaryTable } = await import('./table.ts');
      return summaryTable(summary, {
        captures: settings.captures,
        hook: settings.hook,
        seedStated: settings.walk.seedStated,
        mapped: run.filters.map(({ filter }) => filter.mode !== Mode.HASH),
        all: settings.all,
        missing: (summary.missing ?? []).flatMap((row) => missingText(row, run.packet.readBy) || []),
        notes: [...notes(settings, run), ...estimates(run), ...fullTableNotes(run)],
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
function notes({ tracked, hook }: Settings, run: Run): string[] {
  if (!run.needsConntrack) {
    return tracked ? ['no filter has an nfct key: --nat and --conntrack change nothing'] : [];
  }
  if (hook === 'ingress') return ['at ingress the kernel has tracked nothing yet: nfct keys fall back'];
  return tracked ? [] : ['no NAT told (--nat, --conntrack): connections are taken as they are seen'];
}
