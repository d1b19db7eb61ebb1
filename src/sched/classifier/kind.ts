import type { Env } from '../../env.ts';
import { Errno, KernelError } from '../../errors.ts';
import type { Printer, Words } from '../../lang/index.ts';
import type { AttrWriter } from '../../netlink/index.ts';
import { Input, type Packet, type Reader } from '../../packet/index.ts';
import type { Verdict } from '../../verdict.ts';
import type { Bound } from '../action/index.ts';
import { compileMatch, dumpMatch, type MatchPlan, planMatch } from '../ematch/index.ts';
import type { FlowClassifier, FlowFilter } from '../flow/index.ts';
import type { Match, Result, Scope, Talk, World } from '../notation.ts';

/** What a request asks a classifier to change, and from where. */
export interface FilterChange {
  /** Payload of TCA_OPTIONS; null: absent. */
  readonly options: Uint8Array | null;
  /** Handle of the qdisc; 0 on a shared block. */
  readonly qdisc: number;
  readonly parent: number;
  readonly chain: number;
  readonly pref: number;
  /** tcf_exts_validate_ex(): a filter's actions, to be let go with Host.release(). Throws KernelError. */
  bind(actions: ActionPayloads): Bound;
}

/** The payloads of a filter's two attributes that hold actions. */
export interface ActionPayloads {
  readonly act?: Uint8Array | undefined;
  readonly police?: Uint8Array | undefined;
}

/** What the kernel around one classifier instance gives it: struct tcf_proto and what hangs on it. */
export interface Host {
  readonly env: Env;
  readonly world: World;
  /** The requester's user namespace is not the first one. */
  readonly userNamespace: boolean;
  readonly sharedBlock: boolean;
  /** Handle of the qdisc that it is attached to; 0 on a shared block. */
  readonly qdisc: number;
  readonly pref: number;
  /** What the classifiers of a qdisc, or of a shared block, have in common: by kind. */
  readonly common: Map<string, unknown>;
  /** tcf_bind_filter(): a class that a filter names cannot be deleted until the function returned is called. */
  bindClass(classid: number): () => void;
  /** __dev_get_by_name(); 0: there is none. */
  ifindex(name: string): number;
  /** Lets a filter's actions go. */
  release(actions: Bound): void;
  /** Stream of random numbers for a new filter, and its hashrnd where it is known. */
  readonly nextStream: number;
  hashrnd(filter: Pick<FilterChange, 'parent' | 'chain' | 'pref'> & { readonly handle: number }): number | undefined;
  /** A new filter was made; the next one draws from another stream. */
  filterMade(): void;
}

/** A flow filter as data, for engines that do not call functions for every packet. */
export interface FlowPlan {
  readonly filter: FlowFilter;
  /** Its ematches; null: none. 'opaque': they are no comparisons of numbers. */
  readonly match: MatchPlan | null | 'opaque';
  /** What its actions say of every packet; 'opaque': it depends, or they do something. */
  readonly verdict: Verdict | 'opaque';
}

/** One filter of a classifier as the kernel settled it: what can be known of it without a packet. */
export interface FilterFacts {
  readonly handle: number;
  /** The class that it names; null: none, or one that depends on the packet. */
  readonly classid: number | null;
  /** It takes every packet that it is asked about: it tests nothing, and its actions never send the search on. */
  readonly takesAll: boolean;
  /** What it asks of a packet: all of it must hold; none: every packet does. */
  readonly tests: readonly FilterTest[];
  readonly actions: Bound;
}

/** One thing that a filter asks of a packet, as data; masks and values in hex. */
export type FilterTest =
  /** A number beside the packet (`mark`, `iif`), or a field that flower dissects; equal under the mask. */
  | { readonly field: string; readonly mask: string; readonly value: string }
  /** A port between two bounds, both included. */
  | { readonly field: string; readonly from: number; readonly to: number }
  /** u32: four bytes of the packet, equal under the mask; counted from the network header, or from where a link led. */
  | { readonly offset: number; readonly nexthdr: boolean; readonly mask: string; readonly value: string }
  /** u32: packets get there only from a filter that links to this bucket. */
  | { readonly linkedFrom: string }
  /** Ematches, as comparisons of numbers in the packet. */
  | { readonly match: MatchPlan }
  /** It asks more than data says: ematches of other kinds, words that are not modelled. */
  | { readonly opaque: string };

/** A number beside the packet, under a mask. */
export function fieldTest(field: string, value: number, mask = 0xffffffff): FilterTest {
  return { field, mask: hexWord(mask), value: hexWord(value) };
}

export const hexWord = (value: number): string => `0x${(value >>> 0).toString(16)}`;

/** The device that a packet must have come in on; 0: any. */
export const indevTests = (ifindex: number): FilterTest[] => (ifindex === 0 ? [] : [fieldTest('iif', ifindex)]);

/** The payload of an ematch tree; null: there is none. */
export function matchTests(payload: Uint8Array | null): FilterTest[] {
  if (payload === null) return [];
  const match = planMatch(payload);
  return [match === null ? { opaque: 'ematches' } : { match }];
}

/** struct tcf_proto_ops: one classifier instance as the control plane sees it. */
export interface KernelClassifier {
  /** Never throws. UNSPEC: nobody wanted the packet. UNKNOWABLE: nobody here can say. Writes the class as `major:minor`, looked up by who asked. */
  classify(p: Packet, result: Result): Verdict;
  /** The flow classifier that it is; null: another kind. */
  readonly flow: FlowClassifier | null;
  /** The flow filters in the order in which they are asked; absent of other kinds. */
  plans?(): FlowPlan[];
  /** ->get(); handle 0 is nobody's. */
  has(handle: number): boolean;
  /**
   * ->change(): the handle of the filter made or changed; 0: the proto itself. Throws KernelError and changes nothing.
   */
  change(handle: number, request: FilterChange): number;
  /** ->delete(): whether it was the last. Throws KernelError. */
  delete(handle: number): boolean;
  /** ->walk() */
  handles(): readonly number[];
  /** ->dump(): TCA_OPTIONS and what follows it. */
  dump(handle: number, w: AttrWriter): void;
  destroy(): void;
  /** What whoever classifies must know of its filters' ematches and actions. */
  survey(): Survey[];
  /** Its filters; those that cannot be emulated are not among them. */
  facts(): FilterFacts[];
}

/** One classifier in tc's words and prints: struct filter_util. */
export interface ClassifierKind {
  /** tc's word for it, and the kernel's TCA_KIND. */
  readonly kind: string;
  /**
   * parse_fopt(): takes all words that are left, writes TCA_OPTIONS as tc does (the attribute itself, or nothing), and
   * returns tcm_handle. `handle` is the text behind the word `handle`; null: there was none. `protocol`: the filter's
   * EtherType, host order, which decides what some words may say. Throws UsageError.
   */
  speak(handle: string | null, words: Words, w: AttrWriter, talk: Talk, protocol: number): number;
  /** print_fopt() of a TCA_OPTIONS payload. */
  print(handle: number, options: Uint8Array, out: Printer, talk: Talk): void;
}

/** One kind of classifier, tc's and the kernel's side in one row: struct filter_util and struct tcf_proto_ops. */
export interface Kind extends ClassifierKind {
  /** Its filters are found by the packet's mark, which is their handle. */
  readonly byMark?: true;
  /** ->init() */
  create(host: Host): KernelClassifier;
}

/** What is to be known of filters before packets are put past them. */
export interface Survey {
  /** Whose history their answers depend on. */
  readonly scope: Scope;
  /** Whether some answer rests on random numbers that the kernel drew otherwise. */
  readonly assumed: boolean;
  /** What they read of the packet's connection: bits of Asks. */
  readonly asks: number;
}

/** Of a filter of which nothing is to be known but its actions. */
export const surveyOf = ({ scope, assumed, asks }: Survey): Survey => ({ scope, assumed, asks });

/** Of a filter that looks at a packet by itself; `asks`: what it reads of the connection. */
export function surveyWith(scope: Scope, actions: Survey, asks = 0): Survey {
  return together([{ scope, assumed: false, asks }, actions]);
}

const SCOPES: readonly Scope[] = ['packet', 'flow', 'all'];

/** One survey of several. */
export function together(surveys: readonly Survey[]): Survey {
  const widest = Math.max(0, ...surveys.map(({ scope }) => SCOPES.indexOf(scope)));
  return {
    scope: SCOPES[widest] ?? 'all',
    assumed: surveys.some(({ assumed }) => assumed),
    asks: surveys.reduce((bits, { asks }) => bits | asks, 0),
  };
}

/** A filter's ematch tree, built. */
export interface BuiltMatch {
  readonly match: Match;
  /** The payload of the attribute; null: a dump is silent about it. */
  readonly payload: Uint8Array | null;
  readonly scope: Scope;
}

/** net/sched/ematch.c: tcf_em_tree_validate(); without the attribute everything matches. */
export function buildMatch(ematches: Uint8Array | undefined, { world, env }: Host): BuiltMatch {
  if (ematches === undefined) return { match: () => true, payload: null, scope: 'packet' };
  return { ...compileMatch(ematches, world, env), payload: dumpMatch(ematches) };
}

/** TCA_OPTIONS, as requests and dumps have it. */
export const TCA_OPTIONS = 2;

/** include/uapi/linux/pkt_cls.h: TCA_CLS_FLAGS_* */
export const ClsFlag = { SKIP_HW: 1, SKIP_SW: 2, IN_HW: 4, NOT_IN_HW: 8, VERBOSE: 16 } as const;

/** include/net/pkt_cls.h: tc_flags_valid() — hardware and software cannot both be left out. */
export function flagsValid(flags: number): boolean {
  const both = ClsFlag.SKIP_HW | ClsFlag.SKIP_SW;
  return (flags & ~(both | ClsFlag.VERBOSE)) === 0 && (flags & both) !== both;
}

/** tc_setup_cb_add() where no device takes filters over: `skip_sw` is refused, all others stay in software. */
export function offload(flags: number): number {
  if ((flags & ClsFlag.SKIP_SW) !== 0) throw new KernelError(Errno.EOPNOTSUPP);
  return flags | ClsFlag.NOT_IN_HW;
}

/** include/net/pkt_cls.h: tcf_change_indev() — index of the device a packet must have come in on. */
export function indev(name: string, host: Host, errno: Errno): number {
  if (name.length > IFNAME_MAX) throw new KernelError(errno, 'Interface name too long');
  const ifindex = host.ifindex(name);
  if (ifindex === 0) throw new KernelError(errno, 'Network device not found');
  return ifindex;
}

/** IFNAMSIZ without the NUL. */
const IFNAME_MAX = 15;

/** The unbind of a filter that names no class. */
export const NOTHING_BOUND = (): void => {};

/** tcf_bind_filter(), where the filter names a class. */
export function bindClassid(host: Host, classid: number | undefined): () => void {
  return classid === undefined ? NOTHING_BOUND : host.bindClass(classid);
}

/** Binds a filter's actions and builds the rest of it; where that fails they are let go again. */
export function withActions<T>(
  host: Host,
  request: FilterChange,
  payloads: ActionPayloads,
  build: (actions: Bound) => T,
): T {
  const actions = request.bind(payloads);
  try {
    return build(actions);
  } catch (error) {
    host.release(actions);
    throw error;
  }
}

/** What a filter that goes lets go. */
export function letGo(host: Host, { actions, unbind }: { readonly actions: Bound; readonly unbind: () => void }): void {
  host.release(actions);
  unbind();
}

/** include/net/pkt_cls.h: tcf_match_indev() */
export function cameIn(p: Packet, ifindex: number, reader: Reader): boolean {
  return ifindex === 0 || iifOf(p, reader) === ifindex;
}

/** skb->skb_iif; what comes in on a device has that device's. */
export function iifOf(p: Packet, reader: Reader): number {
  if (p.received && p.dev !== 0) return p.dev;
  p.reads(Input.IIF, reader);
  return p.iif;
}
