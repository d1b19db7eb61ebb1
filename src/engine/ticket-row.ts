/** Marks a row that is taken. */
export const TAKEN = 1 << 31;

/** Words of a ticket's row; the addresses of IPv6, the packet's and then the tuple's, stand as in a packet. */
export const Row = {
  ...{ HEAD: 0, PORTS: 1 },
  /** Address of the entry's pulse, and the version that it must have. */
  ...{ PULSE: 2, VERSION: 3 },
  /** Of the tuple: the last word of each address, both 16-bit values, and bits: it is assumed; TWIN. */
  ...{ SRC: 4, DST: 5, ALL: 6, ASSUMED: 7 },
  /** Nanoseconds to the entry's end, and since when the ticket holds (floats). */
  ...{ TIMEOUT: 8, SINCE: 10 },
  /** A bit for each value of the lower six flags of TCP that it holds for; bit 0 of other protocols. */
  FLAGS: 12,
  ADDRESSES: 14,
  TUPLE: 22,
} as const;
/** Beside the bit that the tuple is assumed: packets are to be noted (twins.ts). */
export const TWIN = 2;
/** The flags of TCP that are told apart. */
export const SIX = 0x3f;
const PUSH = 0x08;

/** A bit for each value of the six flags that is to the tracker as this one: conntrack/tcp.ts leaves PSH aside. */
export function flagsLike(flags: number): [number, number] {
  const other = flags ^ PUSH;
  return [bitOf(flags) | bitOf(other), bitOf(flags - 32) | bitOf(other - 32)];
}

/** One of the lower 32 bits; 0: it is another. */
const bitOf = (number: number): number => (number >= 0 && number < 32 ? 1 << number : 0);
