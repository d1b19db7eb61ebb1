import { CONNTRACK_MAX, listedEntries, type NatRule, parseNat, Tracker, withDevices } from '../conntrack/index.ts';
import { type Clock, createEnv } from '../env.ts';
import { ERAS, type EraName } from '../era.ts';
import { Errno, KernelError } from '../errors.ts';
import type { SipKey } from '../hash/index.ts';
import type { CaptureSample } from '../hook/index.ts';
import { matches, shellWords } from '../lang/index.ts';
import { type Metadata, parseMetadata, parseValues } from '../packet/index.ts';
import { type Around, type Asked, type FilterPlan, planFilter } from '../plan.ts';
import type { EngineName } from '../replay/index.ts';
import { Run, type RunOptions } from '../run.ts';
import type { IpSet } from '../sched/ematch/index.ts';
import { type FlowOptions, Mode } from '../sched/flow/index.ts';
import type { Simulated } from '../shell/index.ts';
import { crossingOf, type Ends, endsOf, guessed, hookOf } from './crossing.ts';
import { Digests, digestOfText, type InputDigest } from './digest.ts';
import { linesOf } from './lines.ts';
import { type MetadataQuestion, oneOf, type Question, readQuestion } from './question.ts';
import { inField, QuestionError } from './question-error.ts';
import type { RunScript, ScriptKernel, ScriptReport } from './script.ts';
import { linesOfSets, readSets, type SetsLines } from './sets.ts';
import type { ScriptFile } from './simulation.ts';

/** Tables in the place of the question's texts, read as they are asked for: they may be too large for one text. */
export interface Tables {
  /** Lines. */
  readonly conntrack?: Iterable<string>;
  readonly sets?: readonly SetsLines[];
  /** As `metadata.some`; undefined where there is nothing (a blank line). */
  readonly metadata?: Iterable<unknown>;
}

/** What a question comes to: all that a run needs. */
export interface Settled {
  readonly question: Question;
  readonly options: RunOptions;
  readonly seed: number;
  /** Digests of what the tables held. */
  readonly inputs: readonly InputDigest[];
}

/**
 * Reads a question. Throws a QuestionError that names the field. What runs a script is loaded where there is one: of a page
 * that asks about filters it is a twelfth.
 */
export async function settle(asked: Question, besides: Besides = {}): Promise<Settled> {
  const { script, state } = Object(asked) as { readonly script?: unknown; readonly state?: unknown };
  if (script === undefined && state === undefined) return settleNow(asked, besides, null);
  const { runQuestionScript } = await import('./script.ts');
  const { simulateQuestion } = await import('./simulation.ts');
  const { simulated = await simulateQuestion(readQuestion(asked), besides.shell) } = besides;
  return settleNow(asked, { ...besides, simulated }, runQuestionScript);
}

/** The same for those who have what runs a script, or take none: null. */
export function settleNow(asked: Question, besides: Besides, runScript: RunScript | null): Settled {
  const { tables = {}, copied } = besides;
  const read = readQuestion(asked);
  const { seed = 0, at = 'egress', vlan = 'offload' } = read;
  const digests = new Digests();
  const sets = readSets(
    (tables.sets ?? linesOfSets(read.sets ?? [])).map((set) => ({
      ...set,
      lines: digests.ofLines(set.name === undefined ? 'sets' : `sets ${set.name}`, set.lines),
    })),
  );
  const around: Around = { sets, ...(copied === undefined ? {} : { copied }) };
  const clock: Clock = { now: 0 };
  const [rxhashKey, foldKey] = [keyOf(read, 'rxhashKey'), keyOf(read, 'foldKey')];
  const env = createEnv({ era: ERAS[eraOf(read)], seed, clock, rxhashKey, foldKey });
  const filters = isSetUp(read) ? [] : filtersOf(read, sets);
  const script = scriptOf(read, { env, ...around }, runScript, besides.simulated ?? null);
  if (script !== undefined) besides.script?.(script.report);
  const rules = natOf(read, script?.nat ?? []);
  const question = guessed(read, besides.sample, rules, script?.asked);
  const options: RunOptions = {
    env,
    clock,
    device: { hook: at === 'ingress' ? 'ingress' : 'egress', vlan },
    filters,
    kernel: script?.asked,
    around,
    known: { rxhashKey: rxhashKey !== undefined, foldKey: foldKey !== undefined },
    metadata: metadataOf(
      question.metadata ?? {},
      digests.ofRows('metadata', tables.metadata ?? question.metadata?.some ?? []),
    ),
    tracker: trackerOf(
      question,
      rules,
      digests.ofLines('conntrack', tables.conntrack ?? linesOf(question.conntrack ?? '')),
    ),
    sharing: question.flows ?? true,
    marks: marksAt(question, script),
    crossing: crossingOf(
      ...([question, rules, script?.asked] as const),
      read.captured === undefined && besides.sample !== undefined,
      { ends: besides.looksAt ?? endsOf(keymasks(filters, script?.asked)), isSaid: besides.looksAt !== undefined },
    ),
  };
  digests.inputs.push(...sourcedBy(besides.simulated ?? null));
  return { question, options, seed, inputs: digests.inputs };
}

/** The script's rules that write marks, where packets have met them: not at ingress, nor on a device that is fed from there. */
function marksAt(question: Question, script: ScriptKernel | undefined): RunOptions['marks'] {
  if (script === undefined || script.marks === null) return null;
  const { hook, dev = null } = hookOf(question, script.asked);
  return hook === 'egress' ? { rules: script.marks, device: dev } : null;
}

/** The keys of each flow filter. */
function keymasks(filters: readonly FilterPlan[], asked: Asked | undefined): number[] {
  if (asked === undefined) return filters.map(({ options }) => options.keys ?? 0);
  const { netns, place } = asked;
  return netns.flowFilters(place).map(({ classifier, handle }) => classifier.get(handle)?.keymask ?? 0);
}

/** Files that a shell script reads commands from; the script itself comes first, and is in the question. */
function sourcedBy(simulated: Simulated | null): InputDigest[] {
  const [, ...sourced] = simulated?.texts ?? [];
  return sourced.map(([name, text]) => digestOfText(name, text));
}

/** What a call is given besides the question. */
export interface Besides {
  readonly tables?: Tables | undefined;
  /** Called with each thing that a reader of the result should know, and that its JSON does not hold. */
  note?(text: string): void;
  /** The first packets: where the question does not say where they were captured, that is guessed from them. */
  readonly sample?: CaptureSample | undefined;
  /** Whose addresses are looked at, where the filters do not say it. */
  readonly looksAt?: Ends | undefined;
  /** Which engine takes packets that are only counted; the answers are the same. Default: `auto`. */
  readonly engine?: EngineName | undefined;
  /** Called with each copy of a packet that mirred sends. */
  readonly copied?: Around['copied'];
  /** What the question's shell script is called, where it lies and which files it may read besides the question's. */
  readonly shell?: ScriptFile | undefined;
  /** The run of the question's shell script, where it was simulated before; null: it is none. */
  readonly simulated?: Simulated | null | undefined;
  /** Called once the question's script was run, with what came of it. */
  script?(report: ScriptReport): void;
}

/** A run for the question, or the QuestionError that says which rule of the kernel a filter breaks. */
export function runOf({ options }: Settled): Run {
  try {
    return new Run(options);
  } catch (error) {
    throw error instanceof KernelError ? refusal(error, options.filters) : error;
  }
}

function filtersOf({ filters = [], hashrnd = [] }: Question, sets: readonly IpSet[]): FilterPlan[] {
  if (filters.length === 0) {
    throw new QuestionError('filters', 'no filter given', { hint: "example: ['hash keys src,dst divisor 1024']" });
  }
  if (hashrnd.length > filters.length) {
    const there = filters.length === 1 ? 'is one' : `are ${filters.length}`;
    throw new QuestionError(`hashrnd[${filters.length}]`, `one for each filter, and there ${there}`);
  }
  return filters.map((spec, i) => inField(`filters[${i}]`, () => planFilter(spec, { sets, hashrnd: hashrnd[i] })));
}

/** Fields that say where in a script's tree the packets are. */
const OF_SCRIPTS = ['dev', 'parent', 'args', 'env', 'files'] as const;

/** Its filters are those that a script makes, or that a state holds. */
const isSetUp = ({ script, state }: Question): boolean => script !== undefined || state !== undefined;

/** A state keeps to the rules under which it was made. */
function eraOf({ kernel, state }: Question): EraName {
  if (state === undefined) return kernel ?? '6.1';
  const era = oneOf(Object.keys(ERAS) as EraName[])(state.era, 'state.era');
  if (kernel !== undefined && kernel !== era) throw new QuestionError('kernel', `the state was begun with ${era}`);
  return era;
}

function scriptOf(
  question: Question,
  around: Parameters<RunScript>[1],
  runScript: RunScript | null,
  simulated: Simulated | null,
) {
  const { script, state, filters = [], at } = question;
  if (isSetUp(question)) {
    if (script !== undefined && state !== undefined) {
      throw new QuestionError('state', 'give a script or a state, not both');
    }
    const what = script === undefined ? 'state' : 'script';
    if (filters.length > 0) throw new QuestionError('filters', `give filters or a ${what}, not both`);
    if (runScript === null) throw new QuestionError(what, `no ${what} is taken here`);
    return runScript(question, around, simulated);
  }
  // With where the packets were captured, a device is where filters stand: its side of the router is known then.
  const isPlaced = question.captured !== undefined || question.interface !== undefined;
  const alone = OF_SCRIPTS.find((field) => question[field] !== undefined && !(field === 'dev' && isPlaced));
  if (alone !== undefined) throw new QuestionError(alone, 'goes with a script');
  if (at === 'clsact-egress') throw new QuestionError('at', 'clsact-egress goes with a script');
  return undefined;
}

function natOf({ nat = [] }: Question, ofScript: readonly NatRule[]): readonly NatRule[] {
  const given = nat.map((rule, i) => inField(`nat[${i}]`, () => parseNat(rule)));
  return given.length > 0 ? withDevices(given, ofScript) : ofScript;
}

function trackerOf(
  { conntrackMax: max = CONNTRACK_MAX }: Question,
  rules: readonly NatRule[],
  lines: Iterable<string>,
): Tracker {
  return inField('conntrack', () => new Tracker({ rules, table: listedEntries(lines), max }));
}

function metadataOf({ all }: MetadataQuestion, rows: Iterable<unknown>): Metadata {
  const every = all === undefined ? null : inField('metadata.all', () => parseValues(all));
  return { ...rowsOf(rows), all: every };
}

/** The rows; what is wrong with one is reported with its number. */
function rowsOf(rows: Iterable<unknown>): Pick<Metadata, 'byPacket' | 'byPrefix'> {
  let at = -1;
  function* numbered(): Generator<unknown> {
    for (const row of rows) {
      at++;
      if (row !== undefined) yield row;
    }
  }
  try {
    return parseMetadata(numbered());
  } catch (error) {
    return inField(`metadata.some[${at}]`, () => {
      throw error;
    });
  }
}

/** Two 64-bit numbers in hex, as the kernel's siphash_key_t holds them. */
function keyOf(question: Question, field: 'rxhashKey' | 'foldKey'): SipKey | undefined {
  const text = question[field];
  if (text === undefined) return undefined;
  const words = /^(?:0x)?([0-9a-f]{1,16}),(?:0x)?([0-9a-f]{1,16})$/i.exec(text);
  if (words === null) throw new QuestionError(field, 'expected two 64-bit numbers in hex, HEX64,HEX64');
  const [k0 = 0n, k1 = 0n] = words.slice(1).map((word) => BigInt(`0x${word}`));
  const low = (k: bigint): number => Number(BigInt.asIntN(32, k));
  return { k0lo: low(k0), k0hi: low(k0 >> 32n), k1lo: low(k1), k1hi: low(k1 >> 32n) };
}

/** Rules of the kernel's that tc's words can break, in the kernel's order: net/sched/cls_flow.c: flow_change() */
const RULES: readonly {
  readonly word: string;
  broken(o: FlowOptions): boolean;
  readonly errno: Errno;
  readonly rule: string;
}[] = [
  {
    word: 'rshift',
    broken: (o) => (o.rshift ?? 0) > 31,
    errno: Errno.ERANGE,
    rule: 'rshift is at most 31',
  },
  { word: 'keys', broken: (o) => o.keys === undefined, errno: Errno.EINVAL, rule: 'a filter needs keys' },
  {
    word: 'perturb',
    broken: (o) => o.perturb !== undefined && o.mode !== Mode.HASH,
    errno: Errno.EINVAL,
    rule: 'perturb is for hash mode only',
  },
];

/** Which filter it is, the rule that it breaks, and the word that it is about. */
function refusal(reason: KernelError, filters: readonly FilterPlan[]): QuestionError {
  for (const [i, { spec, options }] of filters.entries()) {
    const rule = RULES.find(({ errno, broken }) => errno === reason.errno && broken(options));
    if (rule === undefined) continue;
    const word = shellWords(spec).findIndex((written) => written.length > 1 && matches(written, rule.word));
    return new QuestionError(`filters[${i}]`, rule.rule, { word, reason });
  }
  return new QuestionError('filters', reason.message, { reason });
}
