import { CONNTRACK_MAX, listedEntries, MAX_MAX, type NatRule, parseNat, Tracker } from '../../src/conntrack/index.ts';
import { type Clock, createEnv } from '../../src/env.ts';
import { ERAS, type EraName } from '../../src/era.ts';
import { Errno, KernelError, UsageError } from '../../src/errors.ts';
import type { SipKey } from '../../src/hash/index.ts';
import { matches, shellWords } from '../../src/lang/index.ts';
import { METADATA_NAMES, type Metadata, NO_METADATA, parseMetadata, parseValues } from '../../src/packet/index.ts';
import { type Around, type FilterPlan, planFilter } from '../../src/plan.ts';
import { Run, type RunOptions } from '../../src/run.ts';
import { ALL_KEYS, type FlowOptions, KEYS, Mode } from '../../src/sched/flow/index.ts';
import type { PacketSet } from '../../src/sched/notation.ts';
import { caretInValue } from './caret.ts';
import type { WalkFlags } from './commands/walk.ts';
import { CommandLineError, FailedError, inOption, kernelAnswer } from './errors.ts';
import { readSets } from './ipset.ts';
import { type Limits, limitsOf } from './limits.ts';
import { named, readLines } from './named-file.ts';
import { nearest } from './nearest.ts';
import { unsigned } from './numbers.ts';
import { readScript } from './script.ts';

const FLOW_WORDS = 'map hash keys key and or xor rshift addend divisor baseclass perturb'.split(' ');
const KEY_NAMES = ALL_KEYS.map((key) => KEYS[key].name);

/** What the flags of both commands come to. */
export interface Walk {
  readonly options: RunOptions;
  readonly seed: number;
  /** Whether --seed was typed. */
  readonly seedStated: boolean;
}

/** Reads the flags. Throws CommandLineError, or FailedError for a file that cannot be read. */
export function readWalk(flags: WalkFlags, sharing: boolean, copied?: Around['copied']): Walk {
  const limits = limitsOf(flags);
  const sets = readSets(flags.ipset ?? [], limits);
  const around: Around = { sets, ...(copied === undefined ? {} : { copied }) };
  const seeds = (flags.hashrnd ?? []).map((text) => unsigned('--hashrnd', text));
  const filters = flags.script === undefined ? readFilters(flags.filter ?? [], flags.hashrnd ?? [], sets) : [];
  const seed = flags.seed === undefined ? 0 : unsigned('--seed', flags.seed);
  const rxhashKey = flags.rxhashKey === undefined ? undefined : sipKey('--rxhash-key', flags.rxhashKey);
  const foldKey = flags.foldKey === undefined ? undefined : sipKey('--fold-key', flags.foldKey);
  const clock: Clock = { now: 0 };
  const env = createEnv({ era: ERAS[flags.era as EraName], seed, clock, rxhashKey, foldKey });
  const options: RunOptions = {
    env,
    clock,
    device: { hook: flags.at === 'ingress' ? 'ingress' : 'egress', vlan: flags.vlan },
    filters,
    kernel: flags.script === undefined ? plainPlace(flags) : readScript(flags.script, flags, { env, ...around }, seeds),
    around,
    known: { rxhashKey: rxhashKey !== undefined, foldKey: foldKey !== undefined },
    metadata: readMetadata(flags, limits),
    tracker: readTracker(flags, limits),
    sharing,
  };
  return { options, seed, seedStated: flags.seed !== undefined };
}

/** The run, or what the kernel would say to its filters. */
export function createRun(options: RunOptions): Run {
  try {
    return new Run(options);
  } catch (error) {
    if (error instanceof KernelError) throw refusal(error, options.filters);
    if (error instanceof UsageError) throw new CommandLineError(error.message, null, error.hint);
    throw error;
  }
}

function readFilters(specs: readonly string[], seeds: readonly string[], sets: readonly PacketSet[]): FilterPlan[] {
  if (specs.length === 0) {
    throw new CommandLineError('no filter given', null, "example: --filter 'hash keys src,dst divisor 1024'");
  }
  const extra = seeds[specs.length];
  if (extra !== undefined) {
    const message = `--hashrnd: one for each filter, and there ${specs.length === 1 ? 'is one' : `are ${specs.length}`}`;
    throw new CommandLineError(message, caretInValue('--hashrnd', extra, 0));
  }
  return specs.map((spec, index) => {
    const seed = seeds[index];
    const hashrnd = seed === undefined ? undefined : unsigned('--hashrnd', seed);
    return readSpec(spec, sets, hashrnd);
  });
}

function readSpec(spec: string, sets: readonly PacketSet[], hashrnd: number | undefined): FilterPlan {
  try {
    return planFilter(spec, { sets, hashrnd });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const wrong = /^(?:What is|Unknown flow key) "(.*)"/.exec(error.message)?.[1];
    const known = error.message.startsWith('Unknown') ? KEY_NAMES : FLOW_WORDS;
    throw inOption('--filter', spec, error, wrong === undefined ? null : nearest(wrong, known));
  }
}

/** Without a script there is one device, and no other hook. */
function plainPlace(flags: WalkFlags): undefined {
  const alone = [
    ['--dev', flags.dev],
    ['--parent', flags.parent],
  ] as const;
  for (const [option, value] of alone) {
    if (value !== undefined)
      throw new CommandLineError(`${option}: goes with --script`, caretInValue(option, value, -1));
  }
  if (flags.at === 'clsact-egress') {
    throw new CommandLineError('--at clsact-egress: goes with --script', caretInValue('--at', flags.at, -1));
  }
  return undefined;
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

function refusal(error: KernelError, filters: readonly FilterPlan[]): CommandLineError {
  for (const { spec, options } of filters) {
    const rule = RULES.find(({ errno, broken }) => errno === error.errno && broken(options));
    if (rule === undefined) continue;
    const word = shellWords(spec).findIndex((written) => written.length > 1 && matches(written, rule.word));
    return new CommandLineError(`${kernelAnswer(error)} (${rule.rule})`, caretInValue('--filter', spec, word));
  }
  return new CommandLineError(kernelAnswer(error));
}

/** Two 64-bit numbers in hex, as the kernel's siphash_key_t holds them. */
function sipKey(option: string, text: string): SipKey {
  const words = /^(?:0x)?([0-9a-f]{1,16}),(?:0x)?([0-9a-f]{1,16})$/i.exec(text);
  if (words === null) {
    throw new CommandLineError(
      `${option}: expected two 64-bit numbers in hex, HEX64,HEX64`,
      caretInValue(option, text, -1),
    );
  }
  const [k0 = 0n, k1 = 0n] = words.slice(1).map((word) => BigInt(`0x${word}`));
  const low = (k: bigint): number => Number(BigInt.asIntN(32, k));
  return { k0lo: low(k0), k0hi: low(k0 >> 32n), k1lo: low(k1), k1hi: low(k1 >> 32n) };
}

function readTracker({ nat = [], conntrack, conntrackMax }: WalkFlags, limits: Limits): Tracker {
  const rules = nat.map(readNat);
  const max = conntrackMax === undefined ? CONNTRACK_MAX : unsigned('--conntrack-max', conntrackMax, MAX_MAX);
  if (conntrack === undefined) return new Tracker({ rules, max });
  const table = listedEntries(readLines(conntrack, limits));
  return named(conntrack, FailedError, () => new Tracker({ rules, table, max }));
}

function readNat(rule: string): NatRule {
  try {
    return parseNat(rule);
  } catch (error) {
    throw error instanceof UsageError ? inOption('--nat', rule, error) : error;
  }
}

function readMetadata(flags: WalkFlags, limits: Limits): Metadata {
  const told = (flags.set ?? []).flatMap(assignments);
  const all = told.length === 0 ? null : readSet(told, (flags.set ?? []).join(','));
  const lines = flags.meta === undefined ? NO_METADATA : readMeta(flags.meta, limits);
  return { ...lines, all };
}

function readSet(told: readonly (readonly [string, unknown])[], text: string): Metadata['all'] {
  try {
    return parseValues(Object.fromEntries(told));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const wrong = /^unknown name "(.*)"/.exec(error.message)?.[1];
    throw inOption('--set', text, error, wrong === undefined ? null : nearest(wrong, METADATA_NAMES));
  }
}

/** `name=value,name=value`; a value in braces is JSON and may hold commas. */
function assignments(text: string): (readonly [string, unknown])[] {
  return splitOutsideBraces(text).map((part) => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(part) ?? [];
    if (name === undefined || value === undefined) {
      throw new CommandLineError('--set: expected name=value', caretInValue('--set', text, 0, part));
    }
    return [name, literal(value)];
  });
}

function splitOutsideBraces(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const char of text) {
    depth += char === '{' ? 1 : char === '}' ? -1 : 0;
    if (char === ',' && depth === 0) parts.push('');
    else parts.push(`${parts.pop() ?? ''}${char}`);
  }
  return parts;
}

/** true, false, null and objects as in JSON; everything else stays text. */
function literal(value: string): unknown {
  if (!/^(true|false|null|\{.*\})$/s.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function readMeta(path: string, limits: Limits): Pick<Metadata, 'byPacket' | 'byPrefix'> {
  const place = { line: 0 };
  try {
    return named(path, FailedError, () => parseMetadata(objects(readLines(path, limits), place)));
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof SyntaxError)) throw error;
    const hint = error instanceof UsageError ? error.hint : '';
    throw new CommandLineError(`${path}:${place.line}: ${error.message}`, null, hint);
  }
}

/** The objects of lines of JSON; `place` says which line is the last that was handed out. */
function* objects(lines: Iterable<string>, place: { line: number }): Generator<unknown> {
  for (const line of lines) {
    place.line++;
    if (line.trim() !== '') yield JSON.parse(line);
  }
}
