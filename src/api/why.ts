import { anything } from '../argument.ts';
import type { Frame } from '../capture/index.ts';
import { addressText, counted, type Prefix, parsePrefix } from '../lang/index.ts';
import {
  type CapturedRow,
  type CaptureProblem,
  type FateRow,
  Fates,
  type FilterRow,
  type HostRow,
} from '../report/index.ts';
import type { Run } from '../run.ts';
import { Key } from '../sched/flow/index.ts';
import { ByHost, type Chance, type ChanceWith, HostChance, keysText, Takings } from '../study/index.ts';
import { type ByHostQuestion, namesOf } from './by-host.ts';
import { fullTableNotes } from './full-table.ts';
import { askOneByOne } from './one-by-one.ts';
import { checkOptions } from './options.ts';
import { type Question, whole } from './question.ts';
import { QuestionError } from './question-error.ts';
import { frameTaker, type ReadOptions, readSources } from './read.ts';
import { type CallRecord, recordOfRun } from './record.ts';
import { runOf, settle, type Tables } from './settle.ts';
import type { Source } from './source.ts';

const SEEDS = 100;

/** What why() takes besides the question. */
export interface WhyOptions extends ReadOptions, Pick<ByHostQuestion, 'names'> {
  /** Values of hashrnd that chances are taken over, 1 to 100 000. Default: 100. */
  readonly seeds?: number;
}

/** What `why` returns, and what `cls-flow why --format json` prints: docs/schema/why.schema.json. */
export interface Why {
  readonly schema: 1;
  readonly complete: boolean;
  readonly era: string;
  readonly seed: number;
  /** Of the whole capture. */
  readonly packets: number;
  readonly bytes: number;
  readonly address: string;
  /** As `classify` has it; absent where all packets come to the hook as they stand. */
  readonly captured?: CapturedRow;
  readonly filters: readonly FilterRow[];
  /** As `classify` has it with `by: 'host'`; null: no packet of it met the filters. */
  readonly host: HostRow | null;
  /** Where its packets ended; absent where no tree was walked. */
  readonly ends?: readonly FateRow[];
  /** How often it shares over values of hashrnd; null: no flow filter gave it a class. */
  readonly chance: WhyChance | null;
  /** What would have it share less often. */
  readonly changes: readonly ChanceWith[];
  readonly notes: readonly string[];
  readonly errors: readonly CaptureProblem[];
  readonly record: CallRecord;
}

export interface WhyChance extends Chance {
  /** Values of hashrnd. */
  readonly seeds: number;
  /** The same under every one: hashrnd was given, or nothing is hashed. */
  readonly fixed: boolean;
  /** Others whose packets have the same key values: no seed and no divisor tells them apart. */
  readonly same: number;
}

/**
 * Why one host gets what it gets: its classes, who shares them and by how much, how likely that is over the kernel's
 * secret seeds, and what would change it.
 *
 * @param source captures: bytes, chunks of any size, a Blob, or several with names; pcap or pcapng
 * @param address of the host: `192.168.1.7`
 * @param question the filters or the script, and what else is known
 * @param options `names` as in classify(); `seeds`: over how many values of hashrnd
 * @returns the host as classify() has it with `by: 'host'`; chances are those of spread(), 0 … 1
 * @throws QuestionError with the field that is wrong; CancelledError after `options.signal`
 * @example
 * const { host, chance } = await why(bytes, '192.168.1.7', { filters: ['hash keys src divisor 16'] });
 * console.log(host?.classes[0]?.neighbours, chance?.chance);
 */
export async function why(source: Source, address: string, question: Question, options: WhyOptions = {}): Promise<Why> {
  checkOptions(options, { names: anything, seeds: anything });
  const who = hostOf(address);
  const seeds = whole(1, 100_000)(options.seeds ?? SEEDS, 'seeds');
  const { names, inputs: named } = namesOf(options.names);
  const { tables } = options;
  const besides = tables === undefined ? options : { ...options, tables: keptTables(tables) };
  const { settled, run } = await askOneByOne(question, besides);
  const asked = new Asking(run, who);
  const filters = run.filterRows();
  const other = await withOtherKeys(question, run, who, besides);
  const taker = frameTaker(
    () => run.number,
    (frame: Frame) => {
      asked.step(frame);
      other?.step(frame);
    },
  );
  const { errors, inputs } = await readSources(source, taker, options);
  const { env } = settled.options;
  const { rows, seen } = asked.hosts.result({ names, only: who });
  const [host = null] = rows;
  const found = asked.chance(seeds);
  const changes = changesOf(found, other, seeds);
  for (const note of fullTableNotes(run)) options.note?.(note);
  const captured = run.options.crossing?.summary(run.tally.elsewhere()) ?? null;
  return {
    ...{ schema: 1, complete: errors.length === 0, era: env.era.name, seed: settled.seed },
    ...{
      packets: run.tally.packets,
      bytes: run.tally.bytes,
      address: addressText(who.address.family, who.address.words),
    },
    ...(captured === null ? {} : { captured }),
    filters,
    host,
    ...(asked.fates === null ? {} : { ends: asked.fates.rows() }),
    chance: found === null ? null : { seeds, fixed: found.isFixed, same: found.same, ...found.chance() },
    changes,
    notes: notesOf(host, found, changes, seen),
    errors,
    record: recordOfRun('why', settled, [...inputs, ...named], { address, seeds }),
  };
}

function hostOf(typed: unknown): Prefix {
  const prefix = typeof typed === 'string' && !typed.includes('/') ? parsePrefix(typed) : null;
  if (prefix !== null) return prefix;
  throw new QuestionError('address', 'expected the address of a host like 192.168.1.7');
}

/** A run, and what is counted of one host. */
class Asking {
  readonly run: Run;
  readonly hosts: ByHost;
  readonly fates: Fates | null;
  private readonly who: Prefix;
  private readonly takings: Takings;

  constructor(run: Run, who: Prefix) {
    this.run = run;
    this.who = who;
    this.hosts = new ByHost(run, { by: 'host', subscriberPrefix: 128 });
    this.takings = new Takings(run, true);
    this.fates = run.fates === null ? null : new Fates(run.kernel.netns);
  }

  step(frame: Frame): void {
    const { run, hosts, fates, takings, who } = this;
    run.step(frame);
    takings.add();
    if (hosts.add() && fates !== null && hosts.lastIsOf(who)) fates.add(run.end, run.length);
  }

  /** null: no flow filter gave the host a class. */
  chance(seeds: number): HostChance | null {
    const { family, words } = this.who.address;
    const text = addressText(family, words);
    const chance = new HostChance(this.takings, this.run.options.env, seeds, (one) => one === text);
    return chance.isTaken ? chance : null;
  }
}

const bit = (key: Key): number => 1 << key;
const SENDERS = bit(Key.SRC) | bit(Key.NFCT_SRC);

/**
 * A second run, with the key that tells senders apart and no other: `nfct-src` where NAT is known, else `src`. null: the
 * filter has just this, does not look at senders, or is not the only one.
 */
async function withOtherKeys(question: Question, run: Run, who: Prefix, options: ReadOptions): Promise<Asking | null> {
  const [only, ...others] = run.filters;
  if (question.filters === undefined || only === undefined || others.length > 0) return null;
  const { keymask, divisor } = only.filter;
  const isEgress = (question.at ?? 'egress') === 'egress';
  const mask = bit(isEgress && knowsNat(question, options) ? Key.NFCT_SRC : Key.SRC);
  if ((keymask & SENDERS) === 0 || keymask === mask || divisor === 0) return null;
  const { hashrnd: _, ...rest } = question;
  const filters = [`hash keys ${keysText(mask)} divisor ${divisor}`];
  return new Asking(runOf(await settle({ ...rest, filters, flows: false }, options)), who);
}

const knowsNat = ({ nat = [], conntrack }: Question, { tables }: ReadOptions): boolean =>
  nat.length > 0 || conntrack !== undefined || tables?.conntrack !== undefined;

/** Tables that two runs can read. */
function keptTables({ conntrack, sets, metadata }: Tables): Tables {
  return {
    ...(conntrack === undefined ? {} : { conntrack: [...conntrack] }),
    ...(sets === undefined ? {} : { sets: sets.map((set) => ({ ...set, lines: [...set.lines] })) }),
    ...(metadata === undefined ? {} : { metadata: [...metadata] }),
  };
}

/** What has the host share less often than it does; all, where the filter does not see the host. */
function changesOf(found: HostChance | null, other: Asking | null, seeds: number): ChanceWith[] {
  const now = found?.chance().chance ?? 1;
  const then = other?.chance(seeds) ?? null;
  const filter = then?.filter ?? null;
  if (then === null || filter === null) return found?.larger() ?? [];
  const keys = { keys: keysText(filter.keymask), divisor: filter.divisor, ...then.chance() };
  const others = found === null || found.same > 0 ? then.larger() : found.larger();
  return [...(found === null || keys.chance < now ? [keys] : []), ...others];
}

function notesOf(
  host: HostRow | null,
  found: HostChance | null,
  changes: readonly ChanceWith[],
  seen: number,
): string[] {
  const same = found?.same ?? 0;
  const all = [
    [
      host === null && changes.length > 0,
      `the filter does not see this address, as behind NAT; ${changes[0]?.keys} sees it`,
    ],
    [host !== null && seen === 1, 'no other host was seen: is it a NAT router? See the key nfct-src'],
    [same > 0, `${counted(same, 'other')} with the same key values: no divisor tells them apart`],
  ] as const;
  return all.flatMap(([applies, note]) => (applies ? [note] : []));
}
