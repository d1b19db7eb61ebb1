import type { Headers } from './headers.ts';
import type { Tuple } from './tuple.ts';

/** A slot: the words of a tuple, identification, what kind of packet it is, both 16-bit values; its time stands elsewhere. */
const WORDS = 12;
const SLOTS = 1024;

/**
 * How first fragments are kept, for who looks whether there is one: the words of all slots, then until when each is good
 * (doubles). The number of a slot is the upper bits of a product.
 */
export const FragmentSlots = {
  STRIDE: 4 * WORDS,
  ID: 4 * 8,
  TIMES: 4 * WORDS * SLOTS,
  SIZE: (4 * WORDS + 8) * SLOTS,
  SOURCE: 31,
  FACTOR: 0x9e3779b1,
  SHIFT: 32 - Math.log2(SLOTS),
} as const;

/** net.ipv4.ipfrag_time, net.ipv6.ip6frag_time: how long fragments wait for each other. */
const LIFETIME = 30e9;

/**
 * The ports that only the first fragment of a packet carries, for those that follow. The kernel puts a packet
 * together before it tracks it; here the later fragments find the first one's tuple. Fixed in size (52 KiB):
 * a new packet may push an older one out, whose later fragments then have no entry.
 */
export class Fragments {
  private words = new Int32Array(0);
  /** 0 at first: a slot that nobody wrote has no family. */
  private times = new Float64Array(0);

  /** Moves into a memory where others look for first fragments, too. It is all zeroes. */
  share(buffer: ArrayBuffer, at: number): void {
    const { words, times } = this;
    this.place(buffer, at);
    this.words.set(words);
    this.times.set(times);
  }

  /** Remembers a first fragment. */
  note(h: Headers, tuple: Tuple, now: number): void {
    if (this.words.length === 0) this.place(new ArrayBuffer(FragmentSlots.SIZE), 0);
    const slot = slotOf(h, tuple);
    const at = slot * WORDS;
    for (let i = 0; i < 4; i++) {
      this.words[at + i] = tuple.src[i] ?? 0;
      this.words[at + 4 + i] = tuple.dst[i] ?? 0;
    }
    this.words[at + 8] = h.id;
    this.words[at + 9] = tuple.proto | (h.family << 8);
    this.words[at + 10] = (tuple.srcAll << 16) | tuple.dstAll;
    this.times[slot] = now + LIFETIME;
  }

  /** Completes the tuple of a later fragment, whose addresses and protocol are set; false: its first was not seen. */
  complete(h: Headers, tuple: Tuple, now: number): boolean {
    if (this.words.length === 0) return false;
    const slot = slotOf(h, tuple);
    const at = slot * WORDS;
    if (now > (this.times[slot] ?? 0) || this.words[at + 8] !== (h.id | 0)) return false;
    for (let i = 0; i < 4; i++) {
      if (this.words[at + i] !== tuple.src[i] || this.words[at + 4 + i] !== tuple.dst[i]) return false;
    }
    const kind = this.words[at + 9] ?? 0;
    // IPv6 fragments belong together by addresses and identification; the first alone knows the protocol.
    if (kind >>> 8 !== h.family || (h.family === 4 && (kind & 0xff) !== tuple.proto)) return false;
    const all = this.words[at + 10] ?? 0;
    tuple.proto = kind & 0xff;
    tuple.srcAll = all >>> 16;
    tuple.dstAll = all & 0xffff;
    return true;
  }

  private place(buffer: ArrayBuffer, at: number): void {
    this.words = new Int32Array(buffer, at, SLOTS * WORDS);
    this.times = new Float64Array(buffer, at + FragmentSlots.TIMES, SLOTS);
  }
}

function slotOf(h: Headers, tuple: Tuple): number {
  const { SOURCE, FACTOR, SHIFT } = FragmentSlots;
  const source = Math.imul((tuple.src[0] ?? 0) ^ (tuple.src[3] ?? 0), SOURCE);
  const ends = source ^ (tuple.dst[0] ?? 0) ^ (tuple.dst[3] ?? 0);
  return Math.imul(ends ^ h.id ^ (h.id >>> 16), FACTOR) >>> SHIFT;
}
