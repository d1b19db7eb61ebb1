import {
  BeforeNatWords,
  FragmentSlots,
  KIND_OF_FLAGS,
  Kind,
  STATES,
  sizesOf,
  type TableMemory,
} from '../conntrack/index.ts';
import { tcH, tcMajor, tcMinor } from '../u32.ts';

/** Where a table stands. Its size is in the memory, too, as it grows. */
export interface TablePlace {
  /** Address of the first row. */
  readonly base: number;
  /** Bytes of a row. */
  readonly stride: number;
  /** Which of all it is. */
  readonly number: number;
  /** Rows at first and at most; there is room for WAYS more, as a row may stand so far behind its home. */
  readonly first: number;
  readonly most: number;
  /** Address of how many rows there are (64 bits). */
  readonly size: number;
}

/**
 * Places that a row may stand in, one behind the other: with fewer, a table is "full" when a quarter of it is.
 */
export const WAYS = 64;

/** Where things stand in the memory that a compiled loop works on. Addresses are bytes from its start; all 8-aligned. */

const PAGE = 1 << 16;
export const MINORS = 1 << 16;
/** A counter: packets and bytes, 64 bits each. */
export const COUNTER = 16;
export const LOG_COUNTER = 4;

/** Single numbers that the loop and its driver tell each other. */
export const Cell = {
  /** Packets since the driver last looked. */
  PACKETS: 0,
  /** The time from which packets are the plain engine's, in the two words of a record. */
  UNTIL: 8,
  /** Bit n: packets of interface n are Ethernet frames. */
  INTERFACES: 32,
  /** Host and trust of an Answer, where filters are too many for one function. */
  HOST: 40,
  TRUST: 44,
  /** Why the loop stopped: one of Stop. */
  STOP: 48,
  /** Time of the first packet in units of the file (64 bits), and nanoseconds in a unit (a float). */
  BEGAN: 56,
  UNIT: 64,
  /** What the rows that were fetched begin with: nobody reads it. */
  FETCHED: 72,
  /** Addresses of the slot that a batch stopped at, and of the one where it ends; the same: there is none. */
  SLOT: 144,
  SLOTS_END: 148,
  /** Address of the record whose connection stands at `given`. */
  GIVEN_AT: 152,
  /** State of the two connection tables, 24 bytes each. */
  CONNECTIONS: 160,
  /** Sizes of the tables (64 bits each), and the samples of those that are counted: see tableAt(). */
  SIZES: 80,
  SAMPLES: 128,
} as const;

/** Why a loop stopped before the bytes ended. */
export const Stop = {
  PLAIN: 0,
  /** The packet's connection is the tracker's to say. */
  UNKNOWN: 1,
  /** Table 0, 1, … has no place for the packet's row. */
  FULL: 2,
} as const;

/** One byte for each IP protocol: what the transport header is to the loop. */
export const PROTOCOLS = 256;
const REASONS = 512;
const REASONS_MAX = 16;
/** Results by what they rest on, 64 bits each: see restsCell(). Nobody reads the first. */
const RESTS = REASONS + REASONS_MAX * COUNTER;
export const RESTS_MAX = 128;
/** The seeds of hash filters, 4 bytes each: perturbation writes new ones. */
const SEEDS = RESTS + 8 * RESTS_MAX;

/** Room for what is captured: a read, and what was left of the one before; a longer record is the plain engine's. */
export const ROOM = 1 << 20;
/** Packets of a batch (batch.ts), and bytes that each takes until it is classified. */
export const BATCH = { packets: 64, stride: 72 } as const;

/**
 * The tables, by number: flows and hosts of IPv4 and IPv6 (flows.ts). Bytes of a row, rows at first and at most: to grow
 * costs 0.3 µs a row, a page that is never touched nothing.
 */
export const TABLES = {
  flows4: { stride: 24, first: 1 << 16, most: 1 << 23 },
  flows6: { stride: 60, first: 1 << 14, most: 1 << 21 },
  hosts4: { stride: 8, first: 1 << 16, most: 1 << 23 },
  hosts6: { stride: 20, first: 1 << 14, most: 1 << 21 },
} as const;
export type TableName = keyof typeof TABLES;
const NAMES = Object.keys(TABLES) as TableName[];

/** Entries of the two connection tables (conntrack/table.ts) at most; of larger ones all packets are the plain engine's. */
const ENTRIES = { 4: 1 << 20, 6: 1 << 18 } as const;

/** Where the connection of one packet stands: its tuple as in an entry, and more. Nobody reads NOWHERE. */
export const Given = { KNOWN: 36, ASSUMED: 40, NOWHERE: 44, SIZE: 48 } as const;

/** Bytes of what a packet does to a connection (steps.ts), one for each kind, state, direction, and answered or not. */
export const STEP = 32;
const STEPS = Kind.COUNT * STATES * 4 * STEP;

/** Where a connection table stands. */
export type Connections = Omit<TableMemory, 'buffer'>;

export interface Layout {
  readonly seeds: number;
  readonly batch: number;
  /** A connection (Given), for one packet alone. */
  readonly given: number;
  /** Counters of all minors of each major number, by its index in `majors`. */
  readonly classes: number;
  readonly majors: readonly number[];
  /** One byte for each counter, by its number: whether the fate of its packets is known. 0: nobody asks. */
  readonly fates: number;
  /** How many flows and hosts each class has, as large as a counter and in the order of `classes`; 0: nobody counts. */
  readonly shares: number;
  /** Those of which nobody asks have no room. */
  readonly tables: Readonly<Record<TableName, TablePlace>>;
  /** By family; of no room where connections are not followed. */
  readonly connections4: Connections;
  readonly connections6: Connections;
  /** What packets do to connections (steps.ts), and the kind of each value of TCP's flags (transport.ts). */
  readonly steps: number;
  readonly kinds: number;
  /** Packets that may come by again, by family, and first fragments (conntrack/). */
  readonly beforeNat: Readonly<Record<4 | 6, number>>;
  readonly fragments: number;
  readonly room: number;
  /** Size of the whole, in pages of 64 KiB. */
  readonly pages: number;
}

/** Virtual sizes: a page that is never touched costs no memory. */
export function layoutOf(
  filters: number,
  majors: readonly number[],
  { sharing, fates, tracked }: Record<'sharing' | 'fates' | 'tracked', boolean>,
): Layout {
  const seeds = SEEDS;
  const batch = Math.ceil((seeds + 4 * filters) / BATCH.stride) * BATCH.stride;
  // One more, for where the next batch begins.
  const given = batch + (BATCH.packets + 1) * BATCH.stride;
  const kinds = given + Given.SIZE;
  const steps = kinds + KIND_OF_FLAGS.length;
  const fragments = steps + (tracked ? STEPS : 0);
  const beforeNat = { 4: fragments + FragmentSlots.SIZE, 6: fragments + FragmentSlots.SIZE + 4 * BeforeNatWords.SIZE };
  const known = tracked ? beforeNat[6] + 4 * BeforeNatWords.SIZE : fragments;
  const classes = align(known + (fates ? (majors.length + 1) * MINORS : 0));
  const counters = majors.length * MINORS * COUNTER;
  const shares = classes + counters;
  let end = shares + (sharing ? counters : 0);
  const tables = {} as Record<TableName, TablePlace>;
  for (const [number, name] of NAMES.entries()) {
    const { stride, first, most } = TABLES[name];
    tables[name] = { base: end, size: Cell.SIZES + 8 * number, number, stride, first, most };
    if (sharing) end = align(end + (most + WAYS) * stride);
  }
  const connectionsOf = (width: 1 | 4, room: number): Connections => {
    const { entries, index, state: size } = sizesOf(width, tracked ? room : 0);
    const at = end;
    end = align(at + entries + index);
    const state = Cell.CONNECTIONS + (width === 1 ? 0 : size);
    return { entries: at, index: at + entries, state, room: tracked ? room : 0 };
  };
  const connections4 = connectionsOf(1, ENTRIES[4]);
  const connections6 = connectionsOf(4, ENTRIES[6]);
  const room = end;
  return {
    seeds,
    batch,
    given,
    kinds,
    steps,
    fates: fates ? known : 0,
    classes,
    majors,
    tables,
    room,
    shares: sharing ? shares : 0,
    connections4,
    connections6,
    beforeNat,
    fragments,
    pages: Math.ceil((room + ROOM) / PAGE),
  };
}

/** Address of the counter of minor 0 under a major number. */
export function majorAt({ classes, majors }: Layout, major: number): number {
  return classes + majors.indexOf(major) * MINORS * COUNTER;
}

/** Address of a class's counter; null: no filter gives classes of its major number. */
export function counterAt(layout: Layout, classid: number): number | null {
  const isKnown = layout.majors.includes(tcMajor(classid));
  return isKnown ? majorAt(layout, tcMajor(classid)) + tcMinor(classid) * COUNTER : null;
}

const align = (address: number): number => Math.ceil(address / PAGE) * PAGE;

/** Address of the counter of packets without a class, by number of the reason. */
export const reasonAt = (reason: number): number => REASONS + reason * COUNTER;

/** Address of the cell that counts results, by the number of what they rest on. */
export const restsCell = (number: number): number => RESTS + 8 * number;

/** The class whose counter stands at an address. Whole numbers only: it is asked for every flow. */
export function classidAt({ classes, majors }: Layout, address: number): number {
  const index = (address - classes) >> LOG_COUNTER;
  return tcH(majors[index >>> 16] ?? 0, index & 0xffff);
}

/**
 * Where it stands whether the fate of a counter's packets is known: of reasons first, then of classes.
 */
export function fateAt({ fates, classes }: Layout, counter: number): number {
  return fates + (counter < classes ? (counter - REASONS) / COUNTER : MINORS + (counter - classes) / COUNTER);
}

/** What is left of a batch is void: its bytes have moved, or the homes in it are those of a smaller table. */
export function dropBatch(words: Int32Array): void {
  words[Cell.SLOTS_END >> 2] = 0;
}
