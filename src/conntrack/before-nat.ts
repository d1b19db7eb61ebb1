import { IPPROTO } from '../packet/index.ts';
import { be16, be32, word } from '../u32.ts';
import { Fragment, type Headers } from './headers.ts';
import { isIcmp } from './tuple.ts';

/** Packets that are remembered; a power of two. */
const SLOTS = 256;
/** Words of what is kept: entries, their packets' fingerprints, and where the next goes. */
export const BeforeNatWords = { ENTRIES: 0, PRINTS: SLOTS, NEXT: 2 * SLOTS, SIZE: 2 * SLOTS + 1 } as const;

/**
 * The last packets seen before NAT whose translation is not known for sure. The same packet comes by again after
 * NAT a moment later, with another source: what a router leaves as it was tells that the two are one.
 */
export class SeenBeforeNat {
  private words = new Int32Array(BeforeNatWords.SIZE).fill(-1, 0, SLOTS);

  /** Moves into a memory where others note packets, too. */
  share(buffer: ArrayBuffer, at: number): void {
    const words = new Int32Array(buffer, at, BeforeNatWords.SIZE);
    words.set(this.words);
    this.words = words;
  }

  /** Remembers a packet of an entry. */
  note(entry: number, h: Headers): void {
    const { words } = this;
    const slot = word(words, BeforeNatWords.NEXT);
    words[BeforeNatWords.ENTRIES + slot] = entry;
    words[BeforeNatWords.PRINTS + slot] = fingerprint(h);
    words[BeforeNatWords.NEXT] = (slot + 1) % SLOTS;
  }

  /** The entries whose packet could be this one, the latest first; `is` decides. -1: none. */
  find(h: Headers, is: (entry: number) => boolean): number {
    const { words } = this;
    const print = fingerprint(h);
    const next = word(words, BeforeNatWords.NEXT);
    for (let i = 1; i <= SLOTS; i++) {
      const slot = (next - i + SLOTS) % SLOTS;
      const entry = word(words, BeforeNatWords.ENTRIES + slot);
      if (entry >= 0 && word(words, BeforeNatWords.PRINTS + slot) === print && is(entry)) return entry;
    }
    return -1;
  }
}

/** Numbers of the fingerprint. */
export const BeforeNatPrint = { FIRST: 0x9e3779b1, NEXT: 0x85ebca6b, SHIFT: 15 } as const;

/** What source NAT does not touch, in one word: the IP identification, a sequence number, the first of the data. */
function fingerprint(h: Headers): number {
  let print = Math.imul(h.id ^ (h.proto << 24), BeforeNatPrint.FIRST);
  const add = (word: number): void => {
    print = Math.imul(print ^ word, BeforeNatPrint.NEXT) ^ (print >>> BeforeNatPrint.SHIFT);
  };
  if (h.fragment === Fragment.NONE) add(h.sent);
  if (h.proto === IPPROTO.TCP && h.captured >= 8) add(be32(h.data, h.transport + 4));
  else if (isIcmp(h.proto) && h.captured >= 8) add(be16(h.data, h.transport + 6));
  else if (h.captured >= 12) add(be32(h.data, h.transport + 8));
  return print;
}
