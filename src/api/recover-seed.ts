import { count as aCount, callback, listOf as listWith, members, word32 } from '../argument.ts';
import { type Frame, wholeFrame } from '../capture/index.ts';
import { UsageError } from '../errors.ts';
import { counted, getClassid, hex8 } from '../lang/index.ts';
import { describeFrame } from '../packet/index.ts';
import { Mode } from '../sched/flow/index.ts';
import { type Sample, searchSeeds } from '../study/index.ts';
import { tcMajor, tcMinor } from '../u32.ts';
import { classCounters, risen } from './class-counters.ts';
import { checkOptions } from './options.ts';
import { fieldsReader, listOf, object, text, whole } from './question.ts';
import { inField, QuestionError } from './question-error.ts';
import { CancelledError, type Signal } from './read.ts';
import { type CallRecord, recordOf } from './record.ts';
import { runOf, settleNow } from './settle.ts';
import { turn } from './turn.ts';

/** One packet that was sent between two prints of `tc -s class show`. */
export interface Probe {
  /** What was printed before it, and after it. */
  readonly before: string;
  readonly after: string;
  readonly packet: string;
}

/** What was seen of one filter on a real kernel. */
export interface SeedQuestion {
  /** What follows `flow` in tc, in hash mode. */
  readonly filter: string;
  /** `SRC>DST=CLASS`, `tcp SRC:PORT > DST:PORT=CLASS`, or key values `0xHEX,0xHEX=CLASS`. */
  readonly pairs?: readonly string[];
  readonly probes?: readonly Probe[];
  /** Seeds to try. Default: all 2^32. */
  readonly first?: number;
  readonly count?: number;
}

/** What `recoverSeed` returns, and what `cls-flow recover-seed --format json` prints: docs/schema/recover-seed.schema.json. */
export interface RecoveredSeed {
  readonly schema: 1;
  /** Hex. */
  readonly seeds: readonly string[];
  /** Seeds that fit the first pair, the first two, … */
  readonly left: readonly number[];
  readonly record: CallRecord;
}

/** Seeds from `first` on. */
export interface SeedRange {
  readonly first: number;
  readonly count: number;
}

/** The seeds of a range that fit, and how many fitted each pair and all before it. */
export interface Searched {
  readonly seeds: readonly number[];
  readonly left: readonly number[];
}

export interface SearchOptions {
  readonly signal?: Signal;
  /** Called with the number of seeds that were tried. */
  progress?(tried: number): void;
  /** Tries a range: with several threads, say. Default: this thread. */
  search?(example: Example, range: SeedRange, progress: (tried: number) => void): Promise<Searched>;
}

const ALL = 2 ** 32;
const readSeedQuestion = fieldsReader<SeedQuestion>({
  filter: text,
  pairs: listOf(text),
  probes: listOf(probeOf),
  first: whole(0, ALL - 1),
  count: whole(1, ALL),
});

/**
 * The hidden hashrnd of a filter, from packets whose classes were seen on a real kernel.
 *
 * @param asked the filter and what was seen; without `first` and `count` all 2^32 seeds are tried, in some seconds
 * @param options `signal` cancels; `progress` gets the number of seeds that were tried
 * @returns the seeds that fit, as 32-bit numbers in hex, and how many fit the first pair, the first two, … A packet's place is
 * that of net/sched/cls_flow.c: flow_classify()
 * @throws QuestionError with the field that is wrong; CancelledError after `options.signal`
 * @example
 * const { seeds } = await recoverSeed({ filter: 'hash keys src,dst divisor 1024', pairs: ['10.0.0.1>8.8.8.8=1:6b'] });
 */
export async function recoverSeed(asked: SeedQuestion, options: SearchOptions = {}): Promise<RecoveredSeed> {
  const question = readSeedQuestion(asked);
  checkOptions(options, { search: callback });
  const { first = 0, count = ALL - first } = question;
  return recovered(exampleOf(question), { first, count }, question, options);
}

const someSearched = members({ seeds: listWith(word32), left: listWith(aCount) });

/** The same for an example that was read already. */
export async function recovered(
  example: Example,
  range: SeedRange,
  question: object,
  { signal, search, progress = () => {} }: SearchOptions = {},
): Promise<RecoveredSeed> {
  const watched = (tried: number): void => {
    if (signal?.aborted) throw new CancelledError();
    progress(tried);
  };
  const found = await (search ?? searchHere)(example, range, watched);
  if (search !== undefined) someSearched(found, 'options.search()');
  const { seeds, left } = found;
  return {
    schema: 1,
    seeds: seeds.map((seed) => `0x${hex8(seed)}`),
    left,
    record: recordOf('recoverSeed', question, []),
  };
}

/** Seeds that are listed of all that fit; more are only counted. */
export const MOST_SEEDS = 2 ** 20;
/** Seeds tried between two looks at the signal: about 0.1 s. */
const SLICE = 2 ** 24;

async function searchHere(
  { samples, divisor }: Example,
  { first, count }: SeedRange,
  progress: (tried: number) => void,
): Promise<Searched> {
  const left: number[] = [];
  const seeds: number[] = [];
  for (let done = 0; done < count; done += SLICE) {
    const [slice, most] = [Math.min(SLICE, count - done), MOST_SEEDS - seeds.length];
    for (const seed of searchSeeds(samples, divisor, first + done, slice, left, most)) seeds.push(seed);
    progress(Math.min(count, done + SLICE));
    await turn();
  }
  return { seeds, left };
}

/** What was observed of one filter, in numbers. */
export interface Example {
  readonly name: string;
  /** Buckets: classes from the base class on. */
  readonly divisor: number;
  readonly samples: readonly Sample[];
}

/** More would wrap around in the minor number of a class. */
const DIVISOR_MAX = 65536;
const ETHERNET = 1;

function probeOf(value: unknown, field: string): Probe {
  const { before, after, packet } = object(value, field);
  return {
    before: text(before, `${field}.before`),
    after: text(after, `${field}.after`),
    packet: text(packet, `${field}.packet`),
  };
}

/** A question's observations. Throws a QuestionError. */
export function exampleOf({ filter, pairs = [], probes = [] }: SeedQuestion): Example {
  const reader = new PairReader(text(filter, 'filter'));
  const samples = [
    ...pairs.map((pair, i) => reader.pair(pair, `pairs[${i}]`)),
    ...probes.map((probe, i) => reader.probe(probe, `probes[${i}]`)),
  ];
  if (samples.length === 0) throw new QuestionError('pairs', 'no pair given');
  return { name: filter, divisor: reader.divisor || DIVISOR_MAX, samples };
}

/** An example as a file has it: `{"keys", "divisor", "baseclass", "observed": [{"keyValues", "class"}]}`. */
export function exampleOfJson(value: unknown, field: string): Example {
  const { name, divisor, baseclass = '1:1', observed } = object(value, field);
  const wrong = (what: string): QuestionError => new QuestionError(field, what);
  const base = typeof baseclass === 'string' ? getClassid(baseclass) : undefined;
  if (base === undefined) throw wrong('"baseclass": a class id expected');
  if (!isCount(divisor, DIVISOR_MAX)) throw wrong(`"divisor": a number from 0 to ${DIVISOR_MAX} expected`);
  if (!Array.isArray(observed) || observed.length === 0) throw wrong('"observed": a list of pairs expected');
  const samples = observed.map((pair: unknown, index): Sample => {
    const { keyValues, class: id } = (pair ?? {}) as Record<string, unknown>;
    if (!Array.isArray(keyValues) || keyValues.length === 0 || !keyValues.every((key) => isCount(key, 0xffffffff))) {
      throw wrong(`pair ${index + 1}: "keyValues": a list of 32-bit numbers expected`);
    }
    const classid = typeof id === 'string' ? getClassid(id) : undefined;
    const bucket = classid === undefined ? null : bucketOf(classid, base, divisor);
    if (bucket === null) throw wrong(`pair ${index + 1}: "class": a class of this filter expected`);
    return { keys: Int32Array.from(keyValues, (key: number) => key | 0), bucket };
  });
  return { name: typeof name === 'string' ? name : '', divisor: divisor || DIVISOR_MAX, samples };
}

const isCount = (value: unknown, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;

/** net/sched/cls_flow.c: flow_classify(), backwards; null: the filter has no such class. */
function bucketOf(classid: number, baseclass: number, divisor: number): number | null {
  const bucket = (tcMinor(classid) - tcMinor(baseclass)) & 0xffff;
  return tcMajor(classid) === tcMajor(baseclass) && (divisor === 0 || bucket < divisor) ? bucket : null;
}

/** Reads pairs as the keys and the base class of a filter want them. */
class PairReader {
  readonly divisor: number;
  private readonly run;
  private readonly at;

  constructor(spec: string) {
    this.run = inField('filter', () => runOf(settleNow({ filters: [spec], flows: false }, {}, null)));
    const [at] = this.run.filters;
    if (at === undefined || at.filter.mode !== Mode.HASH)
      throw new QuestionError('filter', 'only hash mode has a seed');
    this.at = at;
    this.divisor = at.filter.divisor;
    if (this.divisor > DIVISOR_MAX) throw new QuestionError('filter', `divisor above ${DIVISOR_MAX}`);
  }

  /** `WHAT=CLASS` */
  pair(pair: string, field: string): Sample {
    const at = pair.lastIndexOf('=');
    const classid = getClassid(pair.slice(at + 1));
    if (at >= 0 && classid !== undefined) return this.sample(pair.slice(0, at), classid, field);
    throw new QuestionError(field, 'expected PACKET=CLASS', { hint: "example: '192.168.0.1>8.8.8.8=1:6b'" });
  }

  /** The packet's class is the one that counted a packet. */
  probe({ before, after, packet }: Probe, field: string): Sample {
    const [first, second] = [countersOf(before, `${field}.before`), countersOf(after, `${field}.after`)];
    const rose = risen(first, second);
    const [only] = rose;
    if (only !== undefined && rose.length === 1) return this.sample(packet, only, field);
    const why = rose.length === 0 ? 'no class counted a packet' : `${counted(rose.length, 'class')} counted packets`;
    throw new QuestionError(`${field}.after`, `${why}: one probe and nothing else expected`);
  }

  private sample(packet: string, classid: number, field: string): Sample {
    // A class without a major number, as `:6b`, has that of the filter's base class.
    const { baseclass } = this.at.filter;
    const whole = tcMajor(classid) === 0 ? (baseclass & 0xffff0000) | classid : classid;
    const bucket = bucketOf(whole, baseclass, this.divisor);
    if (bucket === null) throw new QuestionError(field, 'the filter has no such class');
    return { keys: this.keys(packet, field), bucket };
  }

  private keys(packet: string, field: string): Int32Array {
    const { filter, classifier } = this.at;
    if (!/^\s*0x/i.test(packet)) {
      this.run.prepare(frameOf(packet, field));
      return classifier.readKeys(filter, this.run.packet).slice(0, filter.nkeys);
    }
    const hex = /^\s*0x[0-9a-f]{1,8}\s*$/i;
    const values = packet.split(',').map((value) => (hex.test(value) ? Number(value) : Number.NaN));
    if (values.length === filter.nkeys && !values.some(Number.isNaN)) {
      return Int32Array.from(values, (value) => value | 0);
    }
    const expected = `${filter.nkeys} key value${filter.nkeys === 1 ? '' : 's'} 0xHEX`;
    throw new QuestionError(field, `expected ${expected}, lowest key first`);
  }
}

function countersOf(printed: string, field: string): Map<number, number> {
  const counters = classCounters(printed);
  if (counters === null) throw new QuestionError(field, 'expected what tc -s class show prints');
  return counters;
}

/** `tcp A:1 > B:2`, or `A>B` where only addresses matter. */
function frameOf(packet: string, field: string): Frame {
  const words = packet.replace(/\s*>\s*/, ' > ').trim();
  return wholeFrame(
    inField(field, () => described(words)),
    ETHERNET,
  );
}

function described(words: string): Uint8Array {
  if (words === '') throw new UsageError('no packet');
  return describeFrame(/^\S+ > /.test(words) ? `udp ${words}` : words);
}
