import type { Printer, Words } from '../lang/index.ts';
import type { AttrWriter, Codec } from '../netlink/index.ts';
import type { Packet } from '../packet/index.ts';
import type { Verdict } from '../verdict.ts';

/**
 * Every noun of tc has one meaning and three notations: attribute bytes, tc's words, and what tc prints (text and
 * JSON). The pivot is the attribute list, as in the real world: words are spoken into attributes in their order,
 * repeated ones included; reading lets the last win; a dump has an order of its own.
 *
 * For example, of the flow classifier: `map key dst and 0xff` speaks KEYS, MODE, MASK, XOR; the codec reads them as
 * `{keys: 2, mode: 0, mask: 255, xor: 0}`; that dumps as the kernel does and prints `map keys dst and 0x000000ff `.
 */
export interface Notation<T> {
  /** tc's word for it, and the kernel's TCA_KIND: `gact`, `cmp`, `flow`. */
  readonly kind: string;
  /** The payload: a table for attributes, a struct for packed ones. */
  readonly codec: Codec<T>;
  /** Takes the words it knows and writes the payload; throws UsageError in tc's words. */
  speak(words: Words, w: AttrWriter): void;
  /** Writes the payload as the kernel dumps it. */
  dump(value: T, w: AttrWriter): void;
  print(value: T, out: Printer): void;
}

/**
 * Whose history an answer depends on: this packet's alone, its flow's, or that of all packets. Decides how a capture
 * may be cut for several workers.
 */
export type Scope = 'packet' | 'flow' | 'all';

/** What an answer depends on of the packet's connection, one bit each. */
export const Asks = {
  /** The tuple of the connection that is attached to the packet. */
  TUPLE: 1 << 0,
  /** The entry that the connection table has for the packet, also where none is attached. */
  ENTRY: 1 << 1,
} as const;

/** What a classifier says of a packet besides its verdict: struct tcf_result. */
export interface Result {
  classid: number;
  /** Handle of the filter that wrote `classid` last. */
  handle: number;
}

/** A set of addresses that ematches ask about. */
export interface PacketSet {
  readonly index: number;
  readonly name: string;
  /**
   * Whether the packet is in it; bit i - 1 of `source`: dimension i is the packet's source. `family`: which header
   * begins at `p.network`; its fixed part was captured.
   */
  has(p: Packet, dimensions: number, source: number, family: 4 | 6): boolean;
}

/** What is around a filter in the network namespace that it stands in; the emulated kernel provides it. */
export interface World {
  /** Name of a device, or null if there is none with this index. */
  device(ifindex: number): string | null;
  /** A set by the name that words have or the index that attributes have. */
  set(key: string | number): PacketSet | null;
  /** The action that several filters share under this kind and index. */
  action(kind: string, index: number): Act | null;
  /** Told of every copy that mirred sends to a device: out of it, or into it as if received. */
  copied?(p: Packet, ifindex: number, direction: 'egress' | 'ingress', what: 'mirror' | 'redirect'): void;
}

/** An ematch tree or a part of it, built. */
export type Match = (p: Packet) => boolean;
/** An action list or one action, built. */
export type Act = (p: Packet, result: Result) => Verdict;

/** What tc's parsers and printers ask of the process that they run in. */
export interface Talk {
  /** Index of the device with this name; 0: there is none. */
  ifindex(name: string): number;
  /** Words name a device that the kernel will look up by itself: an emulated one makes it now. */
  mention?(device: string): void;
  /** Name of the device with this index; null: there is none. */
  device(ifindex: number): string | null;
  /** A set by name or index. */
  set(key: string | number): PacketSet | null;
  /** A line on stderr that is no error. */
  warn(line: string): void;
  readonly show: Show & { readonly stats: boolean };
}

/** How much of a qdisc or class tc prints: its options `-d`, `-r`, `-iec`. */
export interface Show {
  readonly details: boolean;
  readonly raw: boolean;
  readonly iec: boolean;
}

/** tc without options. */
export const PLAIN: Show = { details: false, raw: false, iec: false };

/** Says a line on stderr that is no error: what tc warns of while it goes on. */
export type Warn = (line: string) => void;
