import { Errno, KernelError, type RefusalCode } from '../../errors.ts';
import { getU32, type Printer, strtod, type Words } from '../../lang/index.ts';
import { AttrReader, type AttrWriter, type Codec, decode, TCA } from '../../netlink/index.ts';
import type { Placed, Placing, QdiscPlace } from './kind.ts';

/**
 * What the files of the qdisc kinds share: a kind's words as a table, TCA_OPTIONS around what they become, and the
 * reading of options that tc does before it prints them.
 */

/** One keyword of a kind. `T` collects what was said. */
export interface Option<T> {
  readonly word: string;
  /** Any prefix of the word will do (matches()); without it the whole word (strcmp()). */
  readonly prefix?: boolean;
  /** Other words for it, whole. */
  readonly aliases?: readonly string[];
  /** What follows it, for the usage line. */
  readonly argument?: string;
  /** Takes the words behind the keyword `word`. */
  speak(words: Words, spoken: T, word: string): void;
}

/** How a kind answers words it does not know. */
export interface Manner {
  /** The kind, as the usage line calls it. */
  readonly kind: string;
  /** `help` may be cut short too. */
  readonly helpPrefix?: boolean;
  /** false: `help` is a word like any unknown one. */
  readonly help?: boolean;
  readonly unknown?: (word: string) => string;
}

/** The loop of a parse_qopt() or parse_copt(): each word is the first row's that fits, or else goes to `other`. */
export function speakAll<T>(
  words: Words,
  rows: readonly Option<T>[],
  spoken: T,
  manner: Manner,
  other: (word: string) => boolean = () => false,
): void {
  while (!words.done) {
    const word = words.next();
    const row = rows.find((candidate) => fits(words, candidate));
    if (row !== undefined) row.speak(words, spoken, word);
    else if (isHelp(words, manner) || !other(word)) throw notAnOption(words, word, rows, manner);
  }
}

function isHelp(words: Words, manner: Manner): boolean {
  if (manner.help === false) return false;
  return manner.helpPrefix === true ? words.was('help') : words.wasExactly('help');
}

function fits<T>(words: Words, row: Option<T>): boolean {
  const named = row.prefix === true ? words.was(row.word) : words.wasExactly(row.word);
  return named || row.aliases?.some((alias) => words.wasExactly(alias)) === true;
}

function notAnOption<T>(words: Words, word: string, rows: readonly Option<T>[], manner: Manner) {
  const usage = usageOf(manner.kind, rows);
  if (isHelp(words, manner)) return words.error('', usage);
  return words.error(manner.unknown?.(word) ?? `What is "${word}"?`, usage);
}

/** `Usage: ... kind [ word ARGUMENT ] …`, in lines of at most 100 characters. */
export function usageOf(kind: string, rows: readonly Pick<Option<never>, 'word' | 'argument'>[]): string {
  const lines = [`Usage: ... ${kind}`];
  for (const { word, argument } of rows) {
    const option = argument === undefined ? `[ ${word} ]` : `[ ${word} ${argument} ]`;
    const last = lines.length - 1;
    if (`${lines[last]} ${option}`.length > 100) lines.push(`           ${option}`);
    else lines[last] = `${lines[last]} ${option}`;
  }
  return lines.join('\n');
}

/** A number as the next word; `Illegal "name"` where it is none; the hint is made only then, as it costs more than the number. */
export function take<T extends number | bigint = number>(
  words: Words,
  name: string,
  get: (text: string) => T | undefined,
  hint = (): string => '',
): T {
  const value = get(words.next());
  if (value === undefined) throw words.error(`Illegal "${name}"`, hint());
  return value;
}

/** A decimal u32, as get_u32(…, 10) takes it. */
export function getDecimal(text: string): number | undefined {
  return getU32(text, 10);
}

/** A keyword with a number behind it; `Illegal "word"` where it is none. */
export function number<T>(
  word: string,
  argument: string,
  set: (spoken: T, value: number) => void,
  get: (text: string) => number | undefined = getU32,
): Option<T> {
  return { word, argument, speak: (words, spoken) => set(spoken, take(words, word, get)) };
}

/** The same, into a field. */
export function numberTo<K extends string>(
  word: string,
  argument: string,
  to: K,
  get?: (text: string) => number | undefined,
): Option<Record<K, number>> {
  return number<Record<K, number>>(
    word,
    argument,
    (spoken, value) => {
      spoken[to] = value;
    },
    get,
  );
}

/** A keyword that stands alone and means that a field has this number. */
export function fix<K extends string>(word: string, to: K, value: number): Option<Record<K, number>> {
  return {
    word,
    speak(_, spoken) {
      spoken[to] = value;
    },
  };
}

/** A keyword that stands alone. */
export function flag<T>(word: string, set: (spoken: T) => void): Option<T> {
  return { word, speak: (_, spoken) => set(spoken) };
}

/** TCA_OPTIONS around a payload. */
export function options(w: AttrWriter, body: () => void): void {
  w.nest(TCA.options[0], body);
}

/** TCA_OPTIONS that hold one struct or table. */
export function putOptions<T>(w: AttrWriter, codec: Codec<T>, value: T): void {
  options(w, () => codec.write(value, w));
}

/**
 * What tc finds in a nest before it prints: parse_rtattr() — of equal numbers the last wins, nothing is refused, and
 * too short a payload counts as absent.
 */
export class Found {
  private readonly payloads = new Map<number, Uint8Array>();

  constructor(nest: Uint8Array) {
    for (const r = new AttrReader(nest); r.next(); ) this.payloads.set(r.type, r.payload());
  }

  /** The attribute's bytes. */
  payload(row: readonly [number, unknown]): Uint8Array | undefined {
    return this.payloads.get(row[0] & 0x3fff);
  }

  /** The attribute's value, undefined where it is absent or too short. */
  get<T>([number, codec]: readonly [number, Codec<T>]): T | undefined {
    const payload = this.payload([number, codec]);
    return payload === undefined || !codec.fits(payload.length) ? undefined : decode(codec, payload);
  }
}

/** psched_mtu(): the largest packet with its link header. */
export function pschedMtu({ device }: QdiscPlace): number {
  return device.mtu + device.headerLength;
}

export function einval(extack = '', code: RefusalCode = 'invalid', attribute: string | null = null): KernelError {
  return new KernelError(Errno.EINVAL, extack, code, attribute);
}

/** A kernel's reading of options that are one struct: absent or shorter is EINVAL. */
export function readStruct<T>(codec: Codec<T>, payload: Uint8Array | null): T {
  if (payload === null || !codec.fits(payload.length)) throw einval();
  return decode(codec, payload);
}

/** A kernel's reading of options that are a nest: absent is EINVAL, a short attribute ERANGE. */
export function readNest<T>(codec: Codec<T>, payload: Uint8Array | null): T {
  if (payload === null) throw einval();
  return decode(codec, payload);
}

/** What a kind says of itself that is the same for most: a classless queue whose options can change. */
export const QUEUE = {
  changes: true,
  ingress: false,
  classful: false,
  bands: null,
  classes: null,
  filters: 'none',
  filterError: '',
  egress: false,
  sendsAtOnce: false,
  unasked: false,
  place: (_: unknown, at: Placing): Placed => at.queued(),
  bypassed: false,
  unmatched: 'own',
  anyMinor: false,
  buckets: () => null,
  defaultMinor: () => 0,
  usedBands: () => null,
  targets: null,
} as const;

/** A queue of many flows: class operations for filters only. */
export const FLOWS = { ...QUEUE, classful: true, filters: 'qdisc' } as const;

/** Exactly one class, X:1, that holds the child; no filters. */
export const ONE_CHILD = {
  count: () => 1,
  root: false,
  listed: true,
  child: 'fifo',
  anyClass: 'one child',
  leavesNoop: true,
  perQueue: false,
  ofQueues: null,
  change: null,
} as const;

/** Text of a double as C's "%g" prints it. */
export function gText(x: number): string {
  if (x === 0) return '0';
  const [mantissa = '', exponent = '0'] = x.toExponential(5).split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(Number(x.toPrecision(6)));
  return `${Number(mantissa)}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** print_float(): JSON has the number as the text shows it. */
export function printFloat(name: string, value: number, out: Printer): void {
  const text = gText(value);
  out.put(name, Number(text), `${name} ${text} `);
}

/** sscanf("%lg"): the number that the text begins with. */
export function getDouble(text: string): number | undefined {
  return strtod(text)?.value;
}
