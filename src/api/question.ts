import { MAX_MAX } from '../conntrack/index.ts';
import { ERAS, type EraName } from '../era.ts';
import type { Captured } from '../hook/index.ts';
import type { SavedNetns } from '../kernel/index.ts';
import { QuestionError } from './question-error.ts';

/** Where packets meet the filters. */
export type Hook = 'egress' | 'ingress' | 'clsact-egress';

/** Sets for `ipset(NAME src)`: what `ipset save` or `ipset list` prints, or the entries of one set called `name`. */
export interface SetsText {
  readonly name?: string;
  readonly text: string;
}

/** What a capture does not hold, with the names of `--set`: `mark`, `priority`, `iif`, `sk-uid`, … */
export interface MetadataQuestion {
  /** Of all packets. */
  readonly all?: Readonly<Record<string, unknown>>;
  /** Of some: each has `packet` (a number from 1) or `prefix` (an address prefix), and values. A later one wins. */
  readonly some?: readonly Readonly<Record<string, unknown>>[];
}

/**
 * What is wanted to be known of packets: which filters or script, on which device and kernel, with what else is known.
 * Plain JSON: the command line makes one of its options, and it can be kept, sent and repeated. One of `filters`, `script`
 * and `state` is needed; all else may be left out.
 *
 * @example { filters: ['hash keys src,dst divisor 16'], nat: ['masquerade 10.0.0.0/8 to 203.0.113.2'] }
 */
export interface Question {
  /** What follows `flow` in tc, with the preferences 1, 2, … */
  readonly filters?: readonly string[];
  /**
   * The text of a tc batch file or shell script: its tc commands are run in an emulated kernel, the script itself is not run.
   * Or what `tc -j … show` or `tc … show` printed, which is made again.
   */
  readonly script?: string;
  /** Arguments of a shell script. */
  readonly args?: readonly string[];
  /** Environment variables of a shell script; it has no others. */
  readonly env?: Readonly<Record<string, string>>;
  /** Texts that a shell script may read, by absolute path. */
  readonly files?: Readonly<Record<string, string>>;
  /** A kernel that was saved: the state of an earlier `tc()`, or of `cls-flow tc`. */
  readonly state?: SavedNetns;
  /** With a script: the device whose filters the packets meet. Without: the only one that it names. */
  readonly dev?: string;
  /** With a script: the filters of this parent alone, `1:` or `1:10`. Without: the root qdisc's. */
  readonly parent?: string;
  /** Default: `egress`. */
  readonly at?: Hook;
  /**
   * Where packets were captured: `lan`, before the router's NAT, `wan`, behind it, or `here`, at the very hook; of all
   * packets, or by interface of a pcapng file. Those of other interfaces are left out then. Default: `here`.
   */
  readonly captured?: Captured | Readonly<Record<string, Captured>>;
  /** Packets of this interface alone: its name, or its number in a Linux cooked capture (SLL2). */
  readonly interface?: string;
  /** `in`: all packets came in where they were captured; `out`: all went out. Default: `both`, to be found out of each. */
  readonly direction?: 'in' | 'out' | 'both';
  /** Prefixes in which the hosts are: whoever of a packet's two addresses is there is its host. */
  readonly hosts?: readonly string[];
  /** What the device does with VLAN tags. Default: `offload`. */
  readonly vlan?: 'offload' | 'inband';
  /** Transmit queues of every device. Default: as many as are named, and 2 where a qdisc needs several. */
  readonly txQueues?: number;
  /** Whose rules. Default: `6.1`. */
  readonly kernel?: EraName;
  /** Draws what the kernel draws at random and is not given here. Default: 0. */
  readonly seed?: number;
  /** hashrnd of the filters, in the order in which they are made. */
  readonly hashrnd?: readonly number[];
  /** Key of the flow hash: two 64-bit numbers in hex, `HEX64,HEX64`. */
  readonly rxhashKey?: string;
  /** Key under which pointers are folded, written the same way. */
  readonly foldKey?: string;
  /** `masquerade PREFIX to ADDR`, `snat PREFIX to ADDR[:PORT-PORT]` or `dnat ADDR[:PORT] to ADDR[:PORT]`; the first that fits. */
  readonly nat?: readonly string[];
  /** The text of a connection table: of `conntrack -L`, or of /proc/net/nf_conntrack. */
  readonly conntrack?: string;
  /** Connections that are followed at once, as net.netfilter.nf_conntrack_max; 0: all. Default: 262144. */
  readonly conntrackMax?: number;
  readonly sets?: readonly SetsText[];
  readonly metadata?: MetadataQuestion;
  /** Whether flows and hosts are counted: memory grows with their number. Default: true. */
  readonly flows?: boolean;
}

/** How each field of a question is read: what it must be. */
export type Fields<Q> = { readonly [K in keyof Q]-?: (value: unknown, field: string) => NonNullable<Q[K]> };

/** The fields of all questions about packets. */
export const QUESTION_FIELDS: Fields<Question> = {
  filters: listOf(text),
  script: text,
  args: listOf(text),
  env: textsByName,
  files: textsByName,
  state: (value, field) => object(value, field) as unknown as SavedNetns,
  dev: text,
  parent: text,
  at: oneOf(['egress', 'ingress', 'clsact-egress']),
  captured: capturedOf,
  interface: text,
  direction: oneOf(['in', 'out', 'both']),
  hosts: listOf(text),
  vlan: oneOf(['offload', 'inband']),
  txQueues: whole(1, 1024),
  kernel: oneOf(Object.keys(ERAS) as EraName[]),
  seed: whole(0, 0xffffffff),
  hashrnd: listOf(whole(0, 0xffffffff)),
  rxhashKey: text,
  foldKey: text,
  nat: listOf(text),
  conntrack: text,
  conntrackMax: whole(0, MAX_MAX),
  sets: listOf(setsText),
  metadata: metadataOf,
  flows: flag,
};

/**
 * Checks that a value is a question: the types and ranges of its fields, and that no field is unknown. What the fields
 * mean is checked where they are used.
 *
 * @returns the same, without fields that are undefined
 * @throws QuestionError with the field that is wrong: `filters[0]`
 * @example
 * const question = readQuestion(JSON.parse(text));
 */
export const readQuestion = fieldsReader<Question>(QUESTION_FIELDS);

/** What reads a value that has these fields at most. Fields that are undefined are left out. */
export function fieldsReader<Q>(fields: Fields<Q>): (value: unknown) => Q {
  return (value) => {
    const given = Object.entries(object(value, '')).filter(([, field]) => field !== undefined);
    return Object.fromEntries(given.map(([name, field]) => [name, readField(fields, name, field)])) as Q;
  };
}

function readField<Q>(fields: Fields<Q>, name: string, value: unknown): unknown {
  if (!Object.hasOwn(fields, name)) {
    throw new QuestionError(name, 'no such field', { hint: `fields: ${Object.keys(fields).join(', ')}` });
  }
  return fields[name as keyof Q](value, name);
}

/** A text. */
export function text(value: unknown, field: string): string {
  if (typeof value === 'string') return value;
  throw wrong(field, 'a text', value);
}

function flag(value: unknown, field: string): boolean {
  if (typeof value === 'boolean') return value;
  throw wrong(field, 'true or false', value);
}

/** A whole number in a range. */
export function whole(least: number, most: number) {
  return (value: unknown, field: string): number => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    throw wrong(field, `a whole number from ${least} to ${most}`, value);
  };
}

/** One of some words. */
export function oneOf<const W extends string>(words: readonly W[]) {
  return (value: unknown, field: string): W => {
    const word = words.find((one) => one === value);
    if (word !== undefined) return word;
    throw wrong(field, `one of ${words.join(', ')}`, value);
  };
}

/** A list of what `read` reads. */
export function listOf<T>(read: (value: unknown, field: string) => T) {
  return (value: unknown, field: string): readonly T[] => {
    if (!Array.isArray(value)) throw wrong(field, 'a list', value);
    // Array.from() comes to holes too.
    return Array.from(value as readonly unknown[], (one, index) => read(one, `${field}[${index}]`));
  };
}

/** An object with any fields. */
export function object(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw wrong(field, 'an object', value);
}

/** An object whose fields are texts. */
function textsByName(value: unknown, field: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(object(value, field)).map(([name, one]) => [name, text(one, `${field}.${name}`)]),
  );
}

function capturedOf(value: unknown, field: string): Captured | Readonly<Record<string, Captured>> {
  const side = oneOf(['lan', 'wan', 'here']);
  if (typeof value !== 'object') return side(value, field);
  return Object.fromEntries(
    Object.entries(object(value, field)).map(([name, one]) => [name, side(one, `${field}.${name}`)]),
  );
}

function setsText(value: unknown, field: string): SetsText {
  const { name, text: entries } = object(value, field);
  const of = name === undefined ? {} : { name: text(name, `${field}.name`) };
  return { ...of, text: text(entries, `${field}.text`) };
}

function metadataOf(value: unknown, field: string): MetadataQuestion {
  const { all, some } = object(value, field);
  return {
    ...(all === undefined ? {} : { all: jsonObject(all, `${field}.all`) }),
    ...(some === undefined ? {} : { some: listOf(jsonObject)(some, `${field}.some`) }),
  };
}

/** A question is plain JSON. */
function jsonObject(value: unknown, field: string): Readonly<Record<string, unknown>> {
  const checked = object(value, field);
  try {
    JSON.stringify(checked);
  } catch {
    throw new QuestionError(field, 'holds what JSON cannot: a BigInt, or itself');
  }
  return checked;
}

/** The field, what it should be and what it is; long values are cut. */
function wrong(field: string, expected: string, value: unknown): QuestionError {
  return new QuestionError(field, `expected ${expected}, not ${shown(value)}`);
}

const SHOWN = 40;

function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  if (typeof value === 'function') return 'a function';
  const written = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return written.length > SHOWN ? `${written.slice(0, SHOWN)}…` : written;
}
