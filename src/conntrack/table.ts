import { type Ct, Direction } from '../packet/index.ts';
import { swab32, word } from '../u32.ts';
import { invertType, isIcmp, Tuple } from './tuple.ts';

/** Bits kept with an entry. */
export const Flag = {
  LIVE: 1 << 0,
  /** A packet of the reply direction was seen (IPS_SEEN_REPLY). */
  REPLIED: 1 << 1,
  /** Came from a table the user gave: never expires, no states. */
  FIXED: 1 << 2,
  /** Ended by a reset: whatever can open a connection replaces it. */
  DEAD: 1 << 3,
  /** The original tuple may itself be a translation whose other side was not seen. */
  ORIGINAL_ASSUMED: 1 << 4,
  /** The translated port or id is a guess until a packet shows it. */
  REPLY_ASSUMED: 1 << 5,
  /** NAT: the reply tuple is not the inverse of the original, and both can be looked up. */
  TRANSLATED: 1 << 6,
  /** Packets went both ways (IPS_ASSURED): a full table keeps it. */
  ASSURED: 1 << 7,
  /** Opened by a packet that need not be the connection's first. */
  MIDWAY: 1 << 8,
  /** Its mark was written, and is known; or is not. */
  MARKED: 1 << 9,
  DOUBTED: 1 << 10,
  /** Whether it is translated, or into what, is not known until a packet shows it. */
  UNSURE: 1 << 11,
} as const;

/** What gave way to another entry. */
export const Gone = { NOTHING: 0, EXPIRED: 1, UNASSURED: 2 } as const;
export type Gone = (typeof Gone)[keyof typeof Gone];

/** Which of an entry's two tuples a packet matched, in its own or the opposite direction: before NAT, or after it. */
export const Side = { ORIGINAL: 0, REPLY: 1 } as const;

const EMPTY = 0;
const TOMBSTONE = -1;
const FIRST_CAPACITY = 1024;

/**
 * Entries that dropEarly() looks at. The kernel looks at 8 buckets (NF_CT_EVICTION_RANGE): a full table of the usual size
 * has as many entries as buckets, each with a key for either direction.
 */
const LOOKED_AT = 16;

/** COUNT of a table that moved out: with it no sum of two counts is below any limit, or overflows. */
const UNCOUNTED = 0x3fffffff;

/**
 * Memory that a table shares with who looks into it while packets go by: addresses of its parts, and the entries that
 * there is room for. Of all keys there can be, the index has eight slots an entry.
 */
export interface TableMemory {
  readonly buffer: ArrayBuffer;
  readonly entries: number;
  readonly index: number;
  readonly state: number;
  readonly room: number;
}

/** Bytes of the parts of a table with so many entries, of addresses of so many words. */
export const sizesOf = (width: 1 | 4, entries: number): Record<'entries' | 'index' | 'state', number> => ({
  entries: 4 * wordsOf(width).stride * entries,
  index: 8 * 8 * entries,
  state: 4 * Cells.SIZE,
});

/**
 * Words of an entry. First its original tuple: source, destination, both 16-bit values; what is asked of every packet
 * comes next. Addresses of IPv6 stand as in a packet.
 */
export const wordsOf = (
  width: 1 | 4,
): Record<'all' | 'meta' | 'end' | 'born' | 'reply' | 'mark' | 'hash' | 'stride', number> => ({
  all: 2 * width,
  /** protocol | state << 8 | flags << 16 */
  meta: 2 * width + 1,
  /** When it ends and when it began, doubles. */
  end: 2 * width + 2,
  born: 2 * width + 4,
  /** The reply tuple, like the original one. */
  reply: 2 * width + 6,
  mark: 4 * width + 7,
  /** Of the original tuple. */
  hash: 4 * width + 8,
  stride: 4 * width + 10,
});

/** Factors of the index's hash, and a shift. */
export const Mix = { PORT: 0x9e3779b1, SIDE: 0x2c1b3c6d, SHIFT: 15, FIRST: 0x85ebca6b, SECOND: 0xc2b2ae35 } as const;

/** Words of a table's state: see its properties of these names. */
export const Cells = { MASK: 0, USED: 1, TOP: 2, FREE: 3, COUNT: 4, CAPACITY: 5, SIZE: 6 } as const;

/**
 * The connections of one address family: entries in one Int32Array, found through an open-addressed index of
 * (reference, hash) pairs, at most three quarters full. The hash does not care for direction, so one key finds both
 * directions of a flow; a translated flow has a second key for its other side.
 *
 * An entry is 56 bytes (IPv6: 104), each of its keys 11 to 32 as the index fills up: 67–88 bytes a flow (IPv6:
 * 115–136), a translated one 11–32 more. Times are nanoseconds.
 */
export class Table {
  private readonly width: 1 | 4;
  private readonly at: ReturnType<typeof wordsOf>;
  private readonly stride: number;
  private entries: Int32Array = new Int32Array(0);
  /** The same memory, for times. */
  private times: Float64Array = new Float64Array(0);
  private index: Int32Array = new Int32Array(0);
  private cells: Int32Array = new Int32Array(Cells.SIZE);
  /** Entries that a shared memory has room for; 0: nobody looks in. */
  private shared = 0;
  /** Where dropEarly() goes on: entries were handed out in this order. */
  private hand = 0;

  /** `width`: words of an address, 1 or 4. */
  constructor(width: 1 | 4) {
    this.width = width;
    this.at = wordsOf(width);
    this.stride = this.at.stride;
    this.capacity = FIRST_CAPACITY;
    this.free = -1;
    this.keep(new Int32Array(this.capacity * this.stride));
    this.rebuild();
  }

  /** Moves into a memory where others look in, as long as there is room for all entries. It is all zeroes. */
  share({ buffer, entries, index, state, room }: TableMemory): void {
    if (room < this.capacity) {
      closeTo(new Int32Array(buffer, state));
      return;
    }
    const sizes = sizesOf(this.width, room);
    const moved = (from: Int32Array, at: number, bytes: number): Int32Array => {
      const to = new Int32Array(buffer, at, bytes >> 2);
      to.set(from);
      return to;
    };
    this.entries = moved(this.entries, entries, sizes.entries);
    this.times = new Float64Array(buffer, entries, sizes.entries >> 3);
    this.index = moved(this.index, index, sizes.index);
    this.cells = moved(this.cells, state, sizes.state);
    this.shared = room;
  }

  /** Slots of the index, less one. */
  private get mask(): number {
    return word(this.cells, Cells.MASK);
  }
  private set mask(mask: number) {
    this.cells[Cells.MASK] = mask;
  }

  /** Index slots that are not EMPTY. */
  private get used(): number {
    return word(this.cells, Cells.USED);
  }
  private set used(used: number) {
    this.cells[Cells.USED] = used;
  }

  /** Entries ever handed out; those below that are free hang together through their first word. */
  private get top(): number {
    return word(this.cells, Cells.TOP);
  }
  private set top(top: number) {
    this.cells[Cells.TOP] = top;
  }

  /** The first free entry below; -1: there is none. */
  private get free(): number {
    return word(this.cells, Cells.FREE);
  }
  private set free(free: number) {
    this.cells[Cells.FREE] = free;
  }

  /** Live entries. */
  private get count(): number {
    return word(this.cells, Cells.COUNT);
  }
  private set count(count: number) {
    this.cells[Cells.COUNT] = count;
  }

  /** Entries that there is room for. */
  private get capacity(): number {
    return word(this.cells, Cells.CAPACITY);
  }
  private set capacity(capacity: number) {
    this.cells[Cells.CAPACITY] = capacity;
  }

  /** Live entries, the expired among them that nobody asked for yet. */
  get size(): number {
    return this.count;
  }

  /** `entry << 2 | side << 1 | direction` of the live entry this packet's tuple belongs to, or -1. */
  find(tuple: Tuple, now: number): number {
    const hash = this.hash(tuple);
    for (let slot = hash & this.mask; ; slot = (slot + 1) & this.mask) {
      const reference = this.index[2 * slot] ?? EMPTY;
      if (reference === EMPTY) return -1;
      if (reference === TOMBSTONE || this.index[2 * slot + 1] !== hash) continue;
      const entry = (reference - 1) >> 1;
      const side = (reference - 1) & 1;
      const direction = this.match(entry, side, tuple);
      if (direction < 0) continue;
      if (!this.expired(entry, now)) return (entry << 2) | (side << 1) | direction;
      this.remove(entry);
      return -1;
    }
  }

  /** Adds an entry and returns its number. With Flag.TRANSLATED the reply tuple gets a key of its own. */
  insert(original: Tuple, reply: Tuple, flags: number, now: number): number {
    const entry = this.allocate(now);
    this.reserve();
    const at = entry * this.stride;
    for (let i = 0; i < this.stride; i++) this.entries[at + i] = 0;
    this.writeTuple(at, original);
    this.writeTuple(at + this.at.reply, reply);
    this.setMeta(entry, original.proto | ((flags | Flag.LIVE) << 16));
    this.times[(at + this.at.born) / 2] = now;
    const hash = this.hash(original);
    this.entries[at + this.at.hash] = hash;
    this.addKey(entry, Side.ORIGINAL, hash);
    if (flags & Flag.TRANSLATED) this.addKey(entry, Side.REPLY, this.hash(reply));
    this.count++;
    return entry;
  }

  /**
   * net/netfilter/nf_conntrack_core.c: early_drop_list() — has one of the entries that come next give way: one whose time is
   * over, or else the first that is not assured. Which ones the kernel looks at depends on its secret hash.
   */
  dropEarly(now: number): Gone {
    let unassured = -1;
    for (let looked = Math.min(LOOKED_AT, this.top); looked > 0; looked--) {
      const entry = this.hand;
      this.hand = (entry + 1) % this.top;
      const flags = this.flags(entry);
      if (!(flags & Flag.LIVE) || flags & Flag.FIXED) continue;
      if (flags & Flag.DEAD || this.expired(entry, now)) {
        this.remove(entry);
        return Gone.EXPIRED;
      }
      if (unassured < 0 && !(flags & Flag.ASSURED)) unassured = entry;
    }
    if (unassured < 0) return Gone.NOTHING;
    this.hand = (unassured + 1) % this.top;
    this.remove(unassured);
    return Gone.UNASSURED;
  }

  /** Forgets all entries whose time is over. */
  sweep(now: number): void {
    if (this.forgetExpired(now) > 0) this.rebuild();
  }

  remove(entry: number): void {
    this.dropKey(entry, Side.ORIGINAL, this.originalHash(entry));
    this.dropReplyKey(entry);
    this.release(entry);
  }

  /** Gives an entry the reply tuple that the wire showed. */
  retranslate(entry: number, reply: Tuple): void {
    this.reserve();
    this.dropReplyKey(entry);
    this.writeTuple(entry * this.stride + this.at.reply, reply);
    this.addKey(entry, Side.REPLY, this.hash(reply));
    this.setFlags(entry, (this.flags(entry) | Flag.TRANSLATED) & ~Flag.REPLY_ASSUMED);
  }

  flags(entry: number): number {
    return this.meta(entry) >>> 16;
  }

  setFlags(entry: number, flags: number): void {
    this.setMeta(entry, (this.meta(entry) & 0xffff) | (flags << 16));
  }

  state(entry: number): number {
    return (this.meta(entry) >>> 8) & 0xff;
  }

  setState(entry: number, state: number): void {
    this.setMeta(entry, (this.meta(entry) & ~0xff00) | (state << 8));
  }

  proto(entry: number): number {
    return this.meta(entry) & 0xff;
  }

  setMark(entry: number, mark: number): void {
    this.entries[entry * this.stride + this.at.mark] = mark;
  }

  /** When the entry was made. */
  born(entry: number): number {
    return this.times[(entry * this.stride + this.at.born) / 2] ?? 0;
  }

  setDeadline(entry: number, deadline: number): void {
    this.times[(entry * this.stride + this.at.end) / 2] = deadline;
  }

  readTuple(entry: number, direction: Direction, into: Tuple): void {
    const at = entry * this.stride + direction * this.at.reply;
    into.family = this.width === 1 ? 4 : 6;
    into.proto = this.proto(entry);
    const all = this.readAddresses(at, into.src, into.dst);
    into.srcAll = all >>> 16;
    into.dstAll = all & 0xffff;
  }

  /** Fills `ct` with the tuple of one direction, and the mark. */
  readCt(entry: number, direction: Direction, ct: Ct): void {
    const all = this.readAddresses(entry * this.stride + direction * this.at.reply, ct.src, ct.dst);
    ct.srcAll = all >>> 16;
    ct.dstAll = all & 0xffff;
    ct.direction = direction;
    ct.mark = this.entries[entry * this.stride + this.at.mark] ?? 0;
  }

  private readonly scratch = new Tuple();

  private meta(entry: number): number {
    return this.entries[entry * this.stride + this.at.meta] ?? 0;
  }

  private setMeta(entry: number, meta: number): void {
    this.entries[entry * this.stride + this.at.meta] = meta;
  }

  private expired(entry: number, now: number): boolean {
    if (this.flags(entry) & Flag.FIXED) return false;
    return now > (this.times[(entry * this.stride + this.at.end) / 2] ?? 0);
  }

  private readAddresses(at: number, src: Int32Array, dst: Int32Array): number {
    for (let i = 0; i < 4; i++) {
      src[i] = i < this.width ? this.turned(this.entries[at + i] ?? 0) : 0;
      dst[i] = i < this.width ? this.turned(this.entries[at + this.width + i] ?? 0) : 0;
    }
    return this.entries[at + this.at.all] ?? 0;
  }

  /** A word of an address as it is kept, or was. */
  private turned(address: number): number {
    return this.width === 1 ? address : swab32(address);
  }

  private writeTuple(at: number, tuple: Tuple): void {
    for (let i = 0; i < this.width; i++) {
      this.entries[at + i] = this.turned(tuple.src[i] ?? 0);
      this.entries[at + this.width + i] = this.turned(tuple.dst[i] ?? 0);
    }
    this.entries[at + this.at.all] = (tuple.srcAll << 16) | tuple.dstAll;
  }

  /** Direction of a packet with this tuple if it belongs to that side of the entry, else -1. */
  private match(entry: number, side: number, tuple: Tuple): number {
    if (this.proto(entry) !== tuple.proto) return -1;
    const at = entry * this.stride + side * this.at.reply;
    const all = this.entries[at + this.at.all] ?? 0;
    if (all === ((tuple.srcAll << 16) | tuple.dstAll) && this.addressesAre(at, tuple.src, tuple.dst)) return side;
    if (all === inverseAll(tuple) && this.addressesAre(at, tuple.dst, tuple.src)) return 1 - side;
    return -1;
  }

  private addressesAre(at: number, src: Int32Array, dst: Int32Array): boolean {
    for (let i = 0; i < this.width; i++) {
      if (this.entries[at + i] !== this.turned(word(src, i))) return false;
      if (this.entries[at + this.width + i] !== this.turned(word(dst, i))) return false;
    }
    return true;
  }

  /** The same for both directions of a flow: what differs between an ICMP question and its answer stays out. */
  private hash(tuple: Tuple): number {
    const there = tuple.srcAll;
    const back = isIcmp(tuple.proto) ? tuple.srcAll : tuple.dstAll;
    return mix((side(folded(tuple.src), there) + side(folded(tuple.dst), back) + tuple.proto) | 0);
  }

  private originalHash(entry: number): number {
    return word(this.entries, entry * this.stride + this.at.hash);
  }

  /** Sees to it that two more keys fit: a rebuild must not happen while an entry is half in the index. */
  private reserve(): void {
    if (4 * (this.used + 2) > 3 * (this.mask + 1)) this.rebuild();
  }

  private addKey(entry: number, side: number, hash: number): void {
    let slot = hash & this.mask;
    while (this.index[2 * slot] !== EMPTY) slot = (slot + 1) & this.mask;
    this.index[2 * slot] = entry * 2 + side + 1;
    this.index[2 * slot + 1] = hash;
    this.used++;
  }

  private dropKey(entry: number, side: number, hash: number): void {
    for (let slot = hash & this.mask; ; slot = (slot + 1) & this.mask) {
      const reference = this.index[2 * slot];
      if (reference === EMPTY) return;
      if (reference !== entry * 2 + side + 1) continue;
      this.index[2 * slot] = TOMBSTONE;
      return;
    }
  }

  private dropReplyKey(entry: number): void {
    if (!(this.flags(entry) & Flag.TRANSLATED)) return;
    this.dropKey(entry, Side.REPLY, this.replyHash(entry));
  }

  private replyHash(entry: number): number {
    this.readTuple(entry, Direction.REPLY, this.scratch);
    return this.hash(this.scratch);
  }

  /** Puts an entry without keys back on the list of the free. */
  private release(entry: number): void {
    this.setMeta(entry, 0);
    this.entries[entry * this.stride] = this.free;
    this.free = entry;
    this.count--;
  }

  private allocate(now: number): number {
    if (this.free < 0 && this.top >= this.capacity) this.makeRoom(now);
    if (this.free < 0) return this.top++;
    const entry = this.free;
    this.free = this.entries[entry * this.stride] ?? -1;
    return entry;
  }

  /** No entry is free: forget the expired; if that is little, grow. */
  private makeRoom(now: number): void {
    if (this.forgetExpired(now) < this.capacity >> 2) this.grow(2 * this.capacity);
    this.rebuild();
  }

  /** How many were expired. */
  private forgetExpired(now: number): number {
    const { entries, times, top, stride } = this;
    const { meta, end } = this.at;
    const before = this.count;
    for (let entry = 0, at = 0; entry < top; entry++, at += stride) {
      const flags = word(entries, at + meta) >>> 16;
      if ((flags & (Flag.LIVE | Flag.FIXED)) === Flag.LIVE && now > (times[(at + end) / 2] ?? 0)) this.release(entry);
    }
    return before - this.count;
  }

  private grow(capacity: number): void {
    if (capacity > this.shared) {
      if (this.shared > 0) this.leave();
      const entries = new Int32Array(capacity * this.stride);
      entries.set(this.entries);
      this.keep(entries);
    }
    this.capacity = capacity;
  }

  private keep(entries: Int32Array): void {
    this.entries = entries;
    this.times = new Float64Array(entries.buffer);
  }

  /** Moves out of the shared memory: whoever looks there finds nothing, and no place. */
  private leave(): void {
    const { index, cells, mask, capacity } = this;
    this.keep(this.entries.slice(0, capacity * this.stride));
    this.index = index.slice(0, 2 * (mask + 1));
    this.cells = cells.slice();
    this.shared = 0;
    index.fill(EMPTY, 0, 2 * (mask + 1));
    closeTo(cells);
  }

  /**
   * A new index with the keys of the living. This and forgetExpired() see all entries each time that a table grows, and read
   * what they need of them by hand: to 215,000 connections that took 40 ms, and 30 so.
   */
  private rebuild(): void {
    this.clearIndex();
    const { entries, top, stride } = this;
    const { meta, hash } = this.at;
    for (let entry = 0, at = 0; entry < top; entry++, at += stride) {
      const count = keysOf(word(entries, at + meta));
      if (count > 0) this.addKey(entry, Side.ORIGINAL, word(entries, at + hash));
      if (count > 1) this.addKey(entry, Side.REPLY, this.replyHash(entry));
    }
  }

  /** An empty index that the keys of the living fill half at most. It may come to stand elsewhere, and the entries too. */
  private clearIndex(): void {
    const { entries, top, stride } = this;
    let keys = 2;
    for (let entry = 0, at = this.at.meta; entry < top; entry++, at += stride) keys += keysOf(word(entries, at));
    let slots = 2 * FIRST_CAPACITY;
    while (slots < 2 * keys) slots *= 2;
    if (2 * slots <= this.index.length) this.index.fill(EMPTY, 0, 2 * Math.max(slots, this.mask + 1));
    else {
      if (this.shared > 0) this.leave();
      this.index = new Int32Array(2 * slots);
    }
    this.mask = slots - 1;
    this.used = 0;
  }
}

/** Has whoever looks into a table's cells find no place, and no room for entries of the other family. */
function closeTo(cells: Int32Array): void {
  cells[Cells.CAPACITY] = 0;
  cells[Cells.FREE] = -1;
  cells[Cells.COUNT] = UNCOUNTED;
}

/** Keys of an entry with this meta word. */
function keysOf(meta: number): number {
  const flags = meta >>> 16;
  if (!(flags & Flag.LIVE)) return 0;
  return flags & Flag.TRANSLATED ? 2 : 1;
}

/** Both 16-bit values of the inverse tuple in one word; a number that no tuple has where there is none. */
function inverseAll(tuple: Tuple): number {
  if (!isIcmp(tuple.proto)) return (tuple.dstAll << 16) | tuple.srcAll;
  const answer = invertType(tuple.proto, tuple.dstAll);
  return answer < 0 ? Number.NaN : (tuple.srcAll << 16) | answer;
}

/** The four words of an address in one. */
function folded(address: Int32Array): number {
  return word(address, 0) ^ word(address, 1) ^ word(address, 2) ^ word(address, 3);
}

/** One end of a connection in a word. */
function side(address: number, all: number): number {
  const product = Math.imul(address + Math.imul(all, Mix.PORT), Mix.SIDE);
  return product ^ (product >>> Mix.SHIFT);
}

/** Spreads every bit of a word over all of it (the finaliser of MurmurHash3). */
function mix(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), Mix.FIRST);
  h = Math.imul(h ^ (h >>> 13), Mix.SECOND);
  return h ^ (h >>> 16);
}
