import type { RecordLayout } from './frame.ts';

/** Records in a row that must look like records: what only seems to be one is found out by who reads up to it. */
const PLAUSIBLE = 32;
const LONGEST = 256 << 10;
const SHORTEST = 14;
const PCAP_HEADER = 16;
const BLOCK_LEAST = 32;
const ENHANCED_PACKET = 6;
const SECOND = 1_000_000_000;

/**
 * Where the first record of many in a row seems to begin in a piece of a capture; -1: nowhere. A guess: to be trusted
 * once a reader that came from before has stopped just there.
 */
export function findRecord(piece: Uint8Array, { format, little }: Pick<RecordLayout, 'format' | 'little'>): number {
  const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength);
  const size = format === 'pcap' ? pcapSize : blockSize;
  // The blocks of pcapng are multiples of four bytes long, and pieces begin at such a place.
  const step = format === 'pcap' ? 1 : 4;
  for (let from = 0; from + PCAP_HEADER <= piece.length; from += step) {
    let at = from;
    let records = 0;
    for (; records < PLAUSIBLE; records++) {
      const next = at + size(view, at, little);
      if (next <= at || next + PCAP_HEADER > piece.length) break;
      at = next;
    }
    if (records === PLAUSIBLE) return from;
  }
  return -1;
}

/** Size of a pcap record with its header, or 0 if it does not look like one. */
function pcapSize(view: DataView, at: number, little: boolean): number {
  const [fraction, captured, length] = [4, 8, 12].map((offset) => view.getUint32(at + offset, little)) as [
    number,
    number,
    number,
  ];
  const isOdd =
    fraction >= SECOND || captured > LONGEST || captured < SHORTEST || length < captured || length > LONGEST;
  return isOdd ? 0 : PCAP_HEADER + captured;
}

/** Size of an enhanced packet block, or 0 if it does not look like one. */
function blockSize(view: DataView, at: number, little: boolean): number {
  const size = view.getUint32(at + 4, little);
  if (view.getUint32(at, little) !== ENHANCED_PACKET || size < BLOCK_LEAST || size > LONGEST || size % 4 !== 0)
    return 0;
  return at + size <= view.byteLength && view.getUint32(at + size - 4, little) === size ? size : 0;
}
