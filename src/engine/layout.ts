import { tcH, tcMajor, tcMinor } from '../u32.ts';

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
  /** Results by how far they can be trusted: exact, assumed, unknowable. */
  EXACTNESS: 16,
  /** Bit n: packets of interface n are Ethernet frames. */
  INTERFACES: 32,
  /** Filter and trust of an Answer, where filters are too many for one function. */
  FILTER: 40,
  TRUST: 44,
  /** Not 0: a table of flows has no place for the next packet's. */
  FULL: 48,
  /** Time of the first packet in units of the file (64 bits), nanoseconds in a unit, and the time now (floats). */
  BEGAN: 56,
  UNIT: 64,
  NOW: 72,
} as const;

/** One byte for each IP protocol: what the transport header is to the loop. */
export const PROTOCOLS = 256;
const REASONS = 512;
const REASONS_MAX = 16;
/** The seeds of hash filters, 4 bytes each: perturbation writes new ones. */
const SEEDS = REASONS + REASONS_MAX * COUNTER;

/** Room for what is captured: a read, and what was left of the one before; a longer record is the plain engine's. */
export const ROOM = 1 << 20;
/** The tables of flows, in rows and bytes a row: an IPv4 flow is five words, an IPv6 flow three and its addresses. */
export const FLOWS4 = { slots: 3 << 17, stride: 20 } as const;
export const FLOWS6 = { slots: 1 << 16, stride: 44 } as const;

/** Tickets of connections (tickets.ts), in rows and bytes a row. */
export const TICKETS4 = { slots: 1 << 19, stride: 64 } as const;
export const TICKETS6 = { slots: 1 << 17, stride: 128 } as const;
/** Entries of the two connection tables whose pulse is here; of larger tables all packets are the plain engine's. */
export const ENTRIES4 = 1 << 20;
export const ENTRIES6 = 1 << 18;
const PULSE = 16;

export interface Layout {
  readonly seeds: number;
  /** Counters of all minors of each major number, by its index in `majors`. */
  readonly classes: number;
  readonly majors: readonly number[];
  /** One byte for each counter, by its number: whether the fate of its packets is known. 0: nobody asks. */
  readonly fates: number;
  /** 0: flows are not counted. */
  readonly flows4: number;
  readonly flows6: number;
  /** Where tickets and the pulses of entries begin, by family; 0: connections are not followed. */
  readonly tickets4: number;
  readonly tickets6: number;
  readonly pulse4: number;
  readonly pulse6: number;
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
  const known = seeds + 4 * filters;
  const classes = align(known + (fates ? (majors.length + 1) * MINORS : 0));
  const flows4 = classes + majors.length * MINORS * COUNTER;
  // A row may stand some places behind its own: there is a page for those of the last.
  const flows6 = flows4 + (sharing ? FLOWS4.slots * FLOWS4.stride + PAGE : 0);
  const tickets4 = flows6 + (sharing ? FLOWS6.slots * FLOWS6.stride + PAGE : 0);
  const tickets6 = tickets4 + (tracked ? TICKETS4.slots * TICKETS4.stride + PAGE : 0);
  const pulse4 = tickets6 + (tracked ? TICKETS6.slots * TICKETS6.stride + PAGE : 0);
  const pulse6 = pulse4 + (tracked ? ENTRIES4 * PULSE : 0);
  const room = pulse6 + (tracked ? ENTRIES6 * PULSE : 0);
  return {
    ...{ seeds, fates: fates ? known : 0, classes, majors, room },
    ...(tracked ? { tickets4, tickets6, pulse4, pulse6 } : { tickets4: 0, tickets6: 0, pulse4: 0, pulse6: 0 }),
    ...(sharing ? { flows4, flows6 } : { flows4: 0, flows6: 0 }),
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
