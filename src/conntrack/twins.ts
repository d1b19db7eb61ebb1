import { IPPROTO } from '../packet/index.ts';
import { be16, be32 } from '../u32.ts';
import { Fragment, type Headers } from './headers.ts';
import { isIcmp } from './tuple.ts';

const SLOTS = 256;

/**
 * The last packets seen before NAT whose translation is not known for sure. The same packet comes by again after
 * NAT a moment later, with another source: what a router leaves as it was tells that the two are one.
 */
export class Twins {
  private readonly entries = new Int32Array(SLOTS).fill(-1);
  private readonly prints = new Int32Array(SLOTS);
  private next = 0;

  /** Remembers a packet of an entry. */
  note(entry: number, h: Headers): void {
    this.entries[this.next] = entry;
    this.prints[this.next] = fingerprint(h);
    this.next = (this.next + 1) % SLOTS;
  }

  /** The entries whose packet could be this one, the latest first; `is` decides. -1: none. */
  find(h: Headers, is: (entry: number) => boolean): number {
    const print = fingerprint(h);
    for (let i = 1; i <= SLOTS; i++) {
      const slot = (this.next - i + SLOTS) % SLOTS;
      const entry = this.entries[slot] ?? -1;
      if (entry >= 0 && this.prints[slot] === print && is(entry)) return entry;
    }
    return -1;
  }
}

/** What source NAT does not touch, in one word: the IP identification, a sequence number, the first of the data. */
function fingerprint(h: Headers): number {
  let print = Math.imul(h.id ^ (h.proto << 24), 0x9e3779b1);
  const add = (word: number): void => {
    print = Math.imul(print ^ word, 0x85ebca6b) ^ (print >>> 15);
  };
  if (h.fragment === Fragment.NONE) add(h.sent);
  if (h.proto === IPPROTO.TCP && h.captured >= 8) add(be32(h.data, h.transport + 4));
  else if (isIcmp(h.proto) && h.captured >= 8) add(be16(h.data, h.transport + 6));
  else if (h.captured >= 12) add(be32(h.data, h.transport + 8));
  return print;
}
