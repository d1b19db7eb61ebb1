import type { Printer, Words } from '../../lang/index.ts';
import type { AttrWriter, Codec } from '../../netlink/index.ts';
import type { Packet } from '../../packet/index.ts';
import type { Show, Warn } from '../notation.ts';

/** The device that a qdisc sits on, as far as its settings depend on it. */
export interface QdiscDevice {
  /** Bytes; `mtu + headerLength` is the kernel's psched_mtu(). */
  readonly mtu: number;
  /** Bytes of the link header (hard_header_len): 14 for Ethernet, lo and dummy. */
  readonly headerLength: number;
  /** tx_queue_len, packets. */
  readonly txqlen: number;
  /** num_tx_queues; more than 1: the device is multiqueue. */
  readonly txQueues: number;
}

/** Where a qdisc is being made or changed. */
export interface QdiscPlace {
  readonly device: QdiscDevice;
  /** `major:` of the qdisc, in the upper 16 bits. */
  readonly handle: number;
  /** Class that it hangs on, or one of TC_H. */
  readonly parent: number;
}

/**
 * One kind of qdisc: struct Qdisc_ops and tc's qdisc_util. Its options are bytes until the kind reads them, since
 * every kind has rules of its own about their length. `S` are its settings after the kernel's rules, immutable: a
 * change puts new ones in their place.
 */
export interface QdiscKind<S = unknown, C = unknown> {
  /** tc's word for it, and the kernel's TCA_KIND. */
  readonly kind: string;
  /** Payload of TCA_OPTIONS in requests and dumps, for `netlink decode`. */
  readonly codec: Codec<unknown>;
  /**
   * parse_qopt(): takes all words that are left and writes TCA_OPTIONS as tc does: the attribute itself, or nothing.
   * Throws UsageError in tc's words.
   */
  speak(words: Words, w: AttrWriter, warn?: Warn): void;
  /**
   * ->init() (`old` null) and ->change(): the settings that result from a request's TCA_OPTIONS payload (null:
   * absent). Throws KernelError and leaves `old` as it is.
   */
  settle(old: S | null, options: Uint8Array | null, place: QdiscPlace): S;
  /** There is a ->change(); without one the kernel refuses a change that carries options. */
  readonly changes: boolean;
  /** ->dump(): writes TCA_OPTIONS as the attribute itself, or nothing. */
  dump(settings: S, w: AttrWriter): void;
  /** print_qopt() of a dump's TCA_OPTIONS payload (null: absent); what tc cannot read prints nothing. */
  print(options: Uint8Array | null, out: Printer, show: Show): void;
  /** TCQ_F_INGRESS: sits at ffff:fff1 and nowhere else. */
  readonly ingress: boolean;
  /** It has a second list of filters, for what goes out (clsact). */
  readonly egress: boolean;
  /** Its ->enqueue() is missing: at the root of a device packets are sent at once, and no class takes it (noqueue). */
  readonly sendsAtOnce: boolean;
  /** The kernel puts it at devices unasked, under no number, and tc knows no words for it. */
  readonly unasked: boolean;
  /** It has class operations (->cl_ops): without them a parent below it is "not classful". */
  readonly classful: boolean;
  /** Classes that come with the qdisc; null: none. */
  readonly bands: BandKind<S> | null;
  /** Classes that users make; null: `tc class add` is refused (EOPNOTSUPP, unless they are bands). */
  readonly classes: ClassKind<S, C> | null;
  /**
   * ->tcf_block(): where filters may be attached. `none`: "Class doesn't support blocks", EOPNOTSUPP. `qdisc`: at a
   * class EINVAL with `filterError`. `hooks`: at minor fff2 and, of clsact, fff3.
   */
  readonly filters: 'none' | 'qdisc' | 'classes' | 'hooks';
  /** The extack where filters are refused at a class; '' mostly. */
  readonly filterError: string;
  /** ->classify(), and what ->enqueue() makes of it: where a packet goes from here, as one of the calls of `at` returns it. Never throws. */
  place(settings: S, at: Placing): Placed;
  /** false: its options are not modelled, only that it is there (not-modelled.ts). */
  readonly modelled?: false;
  /** TCQ_F_CAN_BYPASS: at the root, while it is empty and never had a filter, packets are sent past it. */
  readonly bypassed: boolean;
  /** What becomes of a packet whose class is none of this qdisc's. */
  readonly unmatched: Unmatched;
  /** Any minor number of a filter will do: the qdisc hashes it, or does not read it. */
  readonly anyMinor: boolean;
  /** Highest minor number that names a bucket; null: this kind has no numbered buckets. */
  buckets(settings: S): number | null;
  /** Minor number of the class that unmatched packets go to; 0: there is none. */
  defaultMinor(settings: S): number;
  /** Bands that the map of priorities names, from 0; null: there is no such map, every band may be used. */
  usedBands(settings: S): ReadonlySet<number> | null;
  /** How tc's words make it a target of a filter that spreads hosts; null: it is no such target. */
  readonly targets: Targets | null;
}

/**
 * What becomes of a packet for which no class of the qdisc was found. `default`: it goes to the default class, and
 * without one it is dropped; `direct`: the same, but without one it is sent past all classes; `drop`: it is dropped as
 * soon as any filter is attached; `band`: it goes to a band, by its priority; `own`: the qdisc places it by itself.
 */
export type Unmatched = 'default' | 'direct' | 'drop' | 'band' | 'own';

/** What a filter that spreads hosts can use of a qdisc, and the words of tc that set it up. */
export interface Targets {
  /** Number of buckets without any option; 0: every class has to be made. */
  readonly usual: number;
  /** The largest power of two that can be the divisor: class ids count from 1 and end at 0xffff. */
  readonly most: number;
  /** Words of the qdisc's kind and options. `rest`: minor number of the default class, for kinds that have one. */
  qdisc(divisor: number, rest?: number): string;
  /** Words of each class; null: the buckets are there by themselves. */
  readonly class: ((rates: Rates) => string) | null;
  /** Words of a class around all others, for kinds that share one rate out; null: there is none. */
  readonly outer: ((rates: Rates) => string) | null;
}

/** Bits per second. */
export interface Rates {
  /** Of the link. */
  readonly link: number;
  /** Of each class. */
  readonly each: number;
}

/** What a filter list answered. The object is used again for the next answer. */
export interface Answer {
  /** The verdict is not negative; `classid` counts. */
  readonly matched: boolean;
  /** An action dropped or took the packet, or nobody here can evaluate a filter: at.taken() is next. */
  readonly taken: boolean;
  readonly classid: number;
}

/** A packet in front of a qdisc: what the qdisc may ask to place it, and how it says where the packet goes. */
export interface Placing {
  /** `major:0` of the qdisc. */
  readonly handle: number;
  /** skb->priority as it was on arrival; unsigned. */
  readonly priority: number;
  readonly packet: Packet;
  /** Whether chain 0 of this list holds a filter: the qdisc's own (its handle), or one of its classes'. */
  filtered(list: number): boolean;
  /** tcf_classify() of a list: the qdisc's own (its handle), or one of its classes'. The answer is good until the next. */
  ask(list: number): Answer;
  /** Height of a class that users made: -1 there is none, 0 a leaf, more: classes hang below it. */
  level(classid: number): number;

  /** The ways to place a packet; each qdisc calls one of them, once. Down to a class: */
  inClass(classid: number, by: By): Placed;
  /** Into the qdisc's only queue. */
  queued(): Placed;
  /** Into one of many queues, counted from 0. -1: the qdisc's own hash chooses; its key is a secret of the kernel. */
  inBucket(bucket: number, by: By): Placed;
  /** cake: the same, and cake_hash() as it was called; 0: no override. */
  inFlow(bucket: number, flowMode: number, flowOverride: number, hostOverride: number): Placed;
  /** Into htb's queue past all classes, unshaped. */
  direct(by: By): Placed;
  /** Dropped: there is no such class or bucket. */
  nowhere(by: By): Placed;
  /** The last list's answer: dropped or taken by an action. */
  taken(): Placed;
  /** Into a qdisc whose kind is not modelled. */
  notModelled(): Placed;
}

/** What the calls of Placing return: the packet goes on below a class, or its way ends here. */
export const Placed = { BELOW: 0, HERE: 1 } as const;
export type Placed = (typeof Placed)[keyof typeof Placed];

/** Why a packet goes where it goes, by number: a walk writes numbers. */
export const By = {
  FILTER: 0,
  PRIORITY: 1,
  DEFAULT: 2,
  PRIOMAP: 3,
  PRIOMAP_OF_PRIORITY_0: 4,
  ONLY_CHILD: 5,
  QUEUE: 6,
  INTERNAL_HASH: 7,
  NO_FILTER_MATCHED: 8,
  CLASS_MISSING: 9,
  BUCKET_OUT_OF_RANGE: 10,
  NO_DEFAULT_CLASS: 11,
  CLASS_LOOP: 12,
  FILTER_ACTION: 13,
  NOOP: 14,
  REDIRECT_LOOP: 15,
  LIKE_EVERY_PACKET: 16,
} as const;
export type By = (typeof By)[keyof typeof By];

/** The same in the words of the records. */
export const BY_WORDS = [
  'filter',
  'priority',
  'default',
  'priomap',
  'priomap of priority 0',
  'only child',
  'queue',
  'internal hash',
  'no filter matched',
  'class missing',
  'bucket out of range',
  'no default class',
  'class loop',
  'filter action',
  'noop',
  'redirect loop',
  'like every packet',
] as const;

/** Classes X:1 … X:n that are there as long as the qdisc is, each with a child qdisc. */
export interface BandKind<S = unknown> {
  count(settings: S): number;
  /** tcm_parent of a dumped class: TC_H.ROOT, or else the qdisc's handle. */
  readonly root: boolean;
  /** The classes show in `tc class show`. */
  readonly listed: boolean;
  /** The children that the kernel puts there: a pfifo or bfifo that no list shows, or the default qdisc, which is shown; none: not known. */
  readonly child: 'fifo' | 'bfifo' | 'default' | 'none';
  /** What any class id names: the only child, or the queue of a kind whose number of classes is not known; null: none. */
  readonly anyClass: 'one child' | 'queues' | null;
  /** ->graft() of nothing leaves noop, which drops everything, rather than a fifo. */
  readonly leavesNoop: boolean;
  /** TCQ_F_MQROOT: ->attach() puts a child at each transmit queue, and packets never see the qdisc itself (mq). */
  readonly perQueue: boolean;
  /** The settings for a number of transmit queues, of a kind that has one class for each queue; null: of other kinds. */
  readonly ofQueues: ((queues: number) => S) | null;
  /** How one band changes (`tc class change`); null: not at all (EOPNOTSUPP), and no words of its own. */
  readonly change: BandChange<S> | null;
}

export interface BandChange<S = unknown> {
  /** Payload of TCA_OPTIONS. */
  readonly codec: Codec<unknown>;
  speak(words: Words, w: AttrWriter, warn?: Warn): void;
  /** The qdisc's settings after band X:`band` was changed; `band` 0: there is no such class. Throws KernelError. */
  settle(settings: S, band: number, options: Uint8Array | null): S;
  dump(settings: S, band: number, w: AttrWriter): void;
  print(options: Uint8Array | null, out: Printer, show: Show): void;
}

/** Where a class is being made or changed. `C`: settings of classes of this qdisc. */
export interface ClassPlace<S = unknown, C = unknown> extends QdiscPlace {
  /** Settings of the qdisc. */
  readonly qdisc: S;
  readonly classid: number;
  /** `parent` as the request has it: a class, the qdisc's handle, TC_H.ROOT, or 0. */
  readonly parent: number;
  /** Settings of the class that `parent` names; null: it names no class. */
  readonly above: C | null;
  /** Number of classes above a new one: 0 right under the qdisc. */
  readonly depth: number;
  /** What the other classes of this qdisc weigh together, as its kind says. */
  readonly othersWeigh: number;
}

/** Where a class stands when it is dumped. */
export interface ClassNode {
  /** Number of classes above this one. */
  readonly depth: number;
  /** No class below it. */
  readonly leaf: boolean;
  /** Number of classes on the longest way down to a leaf. */
  readonly height: number;
}

/**
 * The classes of one kind of qdisc: struct Qdisc_class_ops and tc's parse_copt() and print_copt(). A new class has a
 * child qdisc that no list shows (a pfifo).
 */
export interface ClassKind<S = unknown, C = unknown> {
  /** Payload of TCA_OPTIONS. */
  readonly codec: Codec<unknown>;
  /** Classes hang below classes: their parent counts. Without it all stand right under the qdisc. */
  readonly tree: boolean;
  /** It is given less than it may use: it takes the rest from the class above it, and from nowhere else (htb). */
  borrows(settings: C): boolean;
  /** ->change() keeps nothing of the old settings: a class can be changed into any other. */
  readonly changesWhole: boolean;
  /** A filter of an inner class that names this same class is asked again, until the kernel gives up (htb). */
  readonly asksAgain: boolean;
  /** What the qdisc adds up of its classes (qfq's wsum). */
  weight(settings: C): number;
  /** The fewest words that make a class. */
  readonly fewest: string;
  /** Settings of the class X:0 that is there from the beginning and shows as `root` (hfsc); null: there is none. */
  readonly root: C | null;
  speak(words: Words, w: AttrWriter, warn?: Warn): void;
  /** ->change(): `old` null for a new class. Throws KernelError. */
  settle(old: C | null, options: Uint8Array | null, place: ClassPlace<S, C>): C;
  /** ->dump(): writes TCA_OPTIONS as the attribute itself. */
  dump(settings: C, w: AttrWriter, node: ClassNode): void;
  /** ->dump_stats(): what only this kind tells of a class, here one that no packet went through. */
  writeStats?(settings: C, w: AttrWriter, node: ClassNode): void;
  print(options: Uint8Array | null, out: Printer, show: Show): void;
}
