import type { Env } from '../../env.ts';
import { Errno, FatalUsageError, KernelError, type UsageError } from '../../errors.ts';
import { getU32, type Printer, type Words } from '../../lang/index.ts';
import {
  type AttrTable,
  type AttrWriter,
  type Codec,
  type Decoded,
  s32,
  struct,
  u32,
  u64,
} from '../../netlink/index.ts';
import type { Packet } from '../../packet/index.ts';
import { Verdict } from '../../verdict.ts';
import type { Act, Notation, Scope, Show, Warn, World } from '../notation.ts';

/** include/uapi/linux/pkt_cls.h: tc_gen — what the parameters of every action begin with. */
export const GEN = { index: u32, capab: u32, action: s32, refcnt: s32, bindcnt: s32 } as const;
export interface Gen {
  readonly index: number;
  readonly capab: number;
  readonly action: number;
  readonly refcnt: number;
  readonly bindcnt: number;
}
export const NO_GEN: Gen = { index: 0, capab: 0, action: 0, refcnt: 0, bindcnt: 0 };

/** struct tcf_t: how long ago, in clock_t (1/100 s). */
export const TM = struct({ install: u64, lastuse: u64, expires: u64, firstuse: u64 });
export type Tm = ReturnType<typeof TM.read>;

/** What tc asks and tells while it reads an action's words. */
export interface Ask {
  /** Index of the device with this name; 0: there is none. */
  ifindex(name: string): number;
  /** A line on stderr that is no error. */
  readonly warn: Warn;
}

export const NOBODY: Ask = { ifindex: () => 0, warn: () => {} };

/** How much of an action tc prints: `-s`, `-d`, `-r`, and names of devices. */
export interface ActionShow extends Show {
  readonly stats: boolean;
  /** Name of the device with this index; null: there is none. */
  device(ifindex: number): string | null;
}

export const BARE: ActionShow = { stats: false, details: false, raw: false, iec: false, device: () => null };

/** struct tcf_tm and the statistics of one action, counted by whoever runs it. */
export class Counters {
  bytes = 0;
  packets = 0;
  drops = 0;
  overlimits = 0;
  /** What ctinfo tells besides. */
  dscpSet = 0;
  dscpError = 0;
  cpmarkSet = 0;
  /** Asked by police with an average rate; null: nobody asked for an estimator. */
  estimator: { bytesPerSecond(): number } | null = null;
}

/** TCA_RATE of the request: struct tc_estimator. */
export interface Estimation {
  readonly interval: number;
  readonly ewmaLog: number;
}

/** The chains of the block whose filter has the action. */
export interface ActionChains {
  /** tcf_chain_get_by_act(): the chain comes into being and stays until the function returned is called. */
  hold(index: number): () => void;
}

/** Where an action is being made. */
export interface ActionPlace {
  /** The filter's chains; null: made by `tc actions`, which belongs to no chain. */
  readonly chains: ActionChains | null;
  /** Set by checkControl(): the chain that the action goes to; -1: none. */
  goto: number;
  /** On ingress or clsact (ct insists). */
  readonly clsact: boolean;
  readonly estimation: Estimation | null;
  readonly world: World;
}

/**
 * One kind of action, as the kernel's tc_action_ops and tc's action_util see it. `T` is its attribute list; after
 * settle() it holds what a dump shows.
 */
export interface Action<T> extends Notation<T> {
  /** Depends on the options: `drop` depends on this packet alone, `random determ` counts all packets. */
  scope(value: T): Scope;
  /** parse_KIND(): from the kind's own word on; writes the payload of TCA_ACT_OPTIONS. */
  speak(words: Words, w: AttrWriter, ask?: Ask): void;
  print(value: T, out: Printer, show?: ActionShow): void;
  /** Its tc_gen; undefined: the request has none. */
  gen(value: T): Gen | undefined;
  /** The value with index, counts and times filled in for a dump. */
  stamp(value: T, gen: Gen, tm: Tm | undefined, counters: Counters): T;
  /** tcf_KIND_init() before the index is looked up. Throws KernelError. */
  check(request: T, place: ActionPlace): void;
  /** The rest of it, for a new action (`old` null) or a replaced one: what then holds. Throws KernelError. */
  settle(request: T, old: T | null, place: ActionPlace): T;
  /** Built when a filter or the action itself changes, run for every packet. */
  compile(value: T, world: World, env: Env, counters?: Counters): Act;
  /** What it says of every packet, where it does nothing else; null: it depends, or it does something. */
  constant?(value: T): Verdict | null;
  /** Every verdict that it may give; absent: the one of its tc_gen. */
  verdicts?(value: T): readonly Verdict[];
  /** Index of the device that it sends packets or copies to; absent: it sends none. */
  target?(value: T): number;
  /** Whether the answer rests on numbers that we draw and the kernel drew otherwise. */
  assumed?(value: T): boolean;
  /** What it may write of what a capture does not hold: bits of Input; absent: nothing. */
  readonly sets?: number;
  /** What it reads of the packet's connection: bits of Asks; absent: nothing. */
  readonly asks?: number;
  /** False: offload_act_setup() balks, which `tc actions add` reports as a warning. */
  offloads?(value: T): boolean;
}

/** Kinds whose parameters are the attribute `parms`, and whose times `tm`. */
interface WithParms {
  readonly parms?: Gen;
  readonly tm?: Tm;
}
export const PARMS = {
  gen: (value: WithParms): Gen | undefined => value.parms,
  stamp: <T extends WithParms>(value: T, gen: Gen, tm: Tm | undefined): T => ({
    ...value,
    parms: { ...value.parms, ...gen },
    ...(tm === undefined ? {} : { tm }),
  }),
  /** Most kinds say no more than this where it is missing; a kind with words of its own has its own check. */
  check: ({ parms }: WithParms): void => {
    if (parms === undefined) throw new KernelError(Errno.EINVAL);
  },
} as const;

/** Writes these attributes of a table, in this order, as far as they are there. */
export function dumpRows<T extends AttrTable>(
  rows: T,
  names: readonly (keyof T & string)[],
  value: Decoded<T>,
  w: AttrWriter,
): void {
  for (const name of names) {
    const [type, codec] = rows[name] as readonly [number, Codec<unknown>];
    const item: unknown = (value as Readonly<Record<string, unknown>>)[name];
    if (item !== undefined) w.put([type & 0x3fff, codec], item);
  }
}

/** Takes the current word and insists that another follows: NEXT_ARG(). */
export function skip(words: Words): void {
  words.next();
  words.need();
}

/** `index N` where it may stand; undefined: something else stands there. `%s` in the refusal is the word. */
export function takeIndex(words: Words, illegal = 'Illegal "index"'): number | undefined {
  if (!words.take('index')) return undefined;
  const word = words.next();
  const index = getU32(word, 10);
  if (index === undefined) throw words.error(illegal.replace('%s', word));
  return index;
}

/** A u32 as the next word, any base; else invarg(). */
export function takeU32(words: Words, what: string): number {
  const value = getU32(words.next());
  if (value === undefined) throw words.invalid(what);
  return value;
}

/** A parser's usage(): tc says what it has to say and exits at once. */
export function usage(words: Words, hint: string, message = ''): UsageError {
  return new FatalUsageError(message, Math.max(0, words.at - 1), 255, hint);
}

/** index, ref and bind; `lead` is what stands before the index. */
export function printIndex(out: Printer, gen: Gen, lead = '\t index '): void {
  out.put('index', gen.index, `${lead}${gen.index}`);
  out.put('ref', gen.refcnt, ` ref ${gen.refcnt}`);
  out.put('bind', gen.bindcnt, ` bind ${gen.bindcnt}`);
}

const CLOCK_TICKS = 100n;
const TIMES = [
  ['install', 'installed', 'installed'],
  ['lastuse', 'last_used', 'used'],
  ['firstuse', 'first_used', 'firstused'],
  ['expires', 'expires', 'expires'],
] as const;

/** iproute2 tc/tc_util.c: print_tm() — with `-s` only. */
export function printTm(out: Printer, tm: Tm | undefined, show: ActionShow): void {
  if (tm === undefined || !show.stats) return;
  for (const [field, name, word] of TIMES) {
    const seconds = Number(tm[field] / CLOCK_TICKS);
    if (tm[field] !== 0n) out.put(name, seconds, ` ${word} ${seconds} sec`);
  }
}

/** The last lines of most kinds. */
export function printTail(out: Printer, gen: Gen, tm: Tm | undefined, show: ActionShow, lead = '\t index '): void {
  out.text('\n');
  printIndex(out, gen, lead);
  printTm(out, tm, show);
  out.text('\n');
}

/** skb_at_tc_ingress(): data begins behind the link header. */
export function atIngress(p: Packet): boolean {
  return p.mac >= 0 && p.at > p.mac;
}

/** What a kind compiles to that tc speaks and nobody here can run: its packets' ways are lost. */
export const NOT_EMULATED: Act = () => Verdict.UNKNOWABLE;
