import { Errno, KernelError } from '../../errors.ts';
import { byteAt, Input, isReadable, type Packet, Reader } from '../../packet/index.ts';
import { UNSPEC, type Verdict } from '../../verdict.ts';
import type { Bound } from '../action/index.ts';
import type { Result } from '../notation.ts';
import { ClsFlag, cameIn } from './kind.ts';
import { SelFlag, trailingZeros, type U32Mark, type U32Selector } from './u32-selector.ts';

/** The parts of a handle `HHH:BB:NNN`: table, bucket, node. */
export const tableOf = (handle: number): number => (handle & 0xfff00000) >>> 0;
export const bucketOf = (handle: number): number => (handle >>> 12) & 0xff;
export const nodeOf = (handle: number): number => handle & 0xfff;
/** TC_U32_KEY(): bucket and node; 0 names a table. */
export const keyOf = (handle: number): number => handle & 0xfffff;

/** struct tc_u_knode: one filter. A change puts a new one in its place. */
export interface Knode {
  readonly handle: number;
  readonly selector: U32Selector;
  readonly table: Hnode;
  /** The table that packets it matches are sent on to; null: none. */
  readonly link: Hnode | null;
  readonly classid: number;
  /** TCA_CLS_FLAGS_* */
  readonly flags: number;
  readonly mark: U32Mark;
  readonly ifindex: number;
  readonly actions: Bound;
  /** Lets the class go that it names. */
  readonly unbind: () => void;
}

const NOTHING: readonly Knode[] = [];
const NO_KEYS = new Int32Array(0);

/** struct tc_u_hnode: a table of buckets, each with its filters in the order of their numbers. */
export class Hnode {
  readonly handle: number;
  readonly pref: number;
  readonly isRoot: boolean;
  readonly buckets: Knode[][];
  /** refcnt: itself, and every filter that links to it. */
  refs = 1;
  private readonly numbers = new Map<number, NodeNumbers>();
  /** First keys of each bucket's filters, made when packets ask; undefined: a filter came or went. */
  private readonly keys: (Int32Array | undefined)[] = [];

  constructor(handle: number, pref: number, divisor: number, isRoot = false) {
    this.handle = handle;
    this.pref = pref;
    this.isRoot = isRoot;
    this.buckets = Array.from({ length: divisor }, () => []);
  }

  get divisor(): number {
    return this.buckets.length;
  }

  /** u32_lookup_key() — the first filter of that number. */
  find(handle: number): Knode | null {
    const bucket = this.buckets[bucketOf(handle)] ?? NOTHING;
    const found = bucket[firstAt(bucket, nodeOf(handle))];
    return found?.handle === handle ? found : null;
  }

  /** Behind all filters of its number and of lower ones. */
  insert(node: Knode): void {
    const bucket = this.buckets[bucketOf(node.handle)];
    bucket?.splice(firstAt(bucket, nodeOf(node.handle) + 1), 0, node);
    this.keys[bucketOf(node.handle)] = undefined;
  }

  /** u32_replace_knode() */
  replace(node: Knode): void {
    const bucket = this.buckets[bucketOf(node.handle)] ?? [];
    const at = firstAt(bucket, nodeOf(node.handle));
    if (bucket[at]?.handle === node.handle) bucket[at] = node;
  }

  remove(node: Knode): void {
    const bucket = this.buckets[bucketOf(node.handle)] ?? [];
    const at = bucket.indexOf(node, firstAt(bucket, nodeOf(node.handle)));
    if (at >= 0) bucket.splice(at, 1);
    this.keys[bucketOf(node.handle)] = undefined;
    this.release(node.handle);
  }

  /** The first keys of a bucket's filters, KEY_WORDS for each. */
  firstKeys(index: number): Int32Array {
    const known = this.keys[index] ?? firstKeysOf(this.buckets[index] ?? NOTHING);
    this.keys[index] = known;
    return known;
  }

  /** gen_new_kid() — the lowest free number from 800 on, then from 1 on; then fff again and again. `at`: table and bucket. */
  freeNode(at: number): number {
    return (at | this.numbersOf(at).takeLowest()) >>> 0;
  }

  /** idr_alloc_u32() of one number. */
  reserve(handle: number): number {
    if (!this.numbersOf(handle).take(nodeOf(handle))) throw new KernelError(Errno.ENOSPC);
    return handle;
  }

  /** idr_remove(): also where filters share the number, as in the kernel. */
  release(handle: number): void {
    this.numbersOf(handle).release(nodeOf(handle));
  }

  private numbersOf(handle: number): NodeNumbers {
    const bucket = bucketOf(handle);
    const known = this.numbers.get(bucket) ?? new NodeNumbers();
    this.numbers.set(bucket, known);
    return known;
  }
}

const KEY_WORDS = 3;

/**
 * Place, mask and value of each filter's first key; mask 0: it looks at no fixed place, or at something else first. Of
 * a long list nearly all filters are ruled out by that key, and a look at each filter would miss the cache.
 */
function firstKeysOf(bucket: readonly Knode[]): Int32Array {
  const words = new Int32Array(KEY_WORDS * bucket.length);
  for (const [i, { selector, mark, flags }] of bucket.entries()) {
    const [key] = selector.keys;
    if (key === undefined || key.offmask !== 0 || mark.mask !== 0 || (flags & ClsFlag.SKIP_SW) !== 0) continue;
    words.set([key.off, key.mask, key.val], KEY_WORDS * i);
  }
  return words;
}

/** The first filter from `place` on that its first key does not rule out. `base`: where the header is. */
function skipOthers(keys: Int32Array, place: number, p: Packet, base: number): number {
  let last = -1;
  let word = 0;
  for (let i = KEY_WORDS * place; i < keys.length; i += KEY_WORDS, place++) {
    const mask = keys[i + 1] ?? 0;
    const at = base + (keys[i] ?? 0);
    if (mask === 0) return place;
    if (at !== last) {
      if (!isInside(p, at)) return place;
      last = at;
      word = wordAt(p, at);
    }
    if (((word ^ (keys[i + 2] ?? 0)) & mask) === 0) return place;
  }
  return place;
}

/** The index in a bucket of the first filter whose number is not lower. */
function firstAt(bucket: readonly Knode[], number: number): number {
  let [low, high] = [0, bucket.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const node = bucket[middle];
    if (node !== undefined && nodeOf(node.handle) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

const FIRST_AUTO = 0x800;
const LAST_AUTO = 0xfff;

/** handle_idr: the numbers that are taken in one bucket. */
class NodeNumbers {
  private readonly taken = new Set<number>();
  /** No number from FIRST_AUTO to here is free; nor any from 1 to `low`. To look at all of them each time is slow. */
  private high = FIRST_AUTO;
  private low = 1;

  take(number: number): boolean {
    if (this.taken.has(number)) return false;
    this.taken.add(number);
    return true;
  }

  takeLowest(): number {
    while (this.high <= LAST_AUTO && this.taken.has(this.high)) this.high++;
    if (this.high > LAST_AUTO) while (this.low < FIRST_AUTO && this.taken.has(this.low)) this.low++;
    const number = this.high <= LAST_AUTO ? this.high : this.low < FIRST_AUTO ? this.low : LAST_AUTO;
    this.taken.add(number);
    return number;
  }

  release(number: number): void {
    this.taken.delete(number);
    if (number >= FIRST_AUTO) this.high = Math.min(this.high, number);
    else this.low = Math.min(this.low, number);
  }
}

/** struct tc_u_common: the tables of all u32 classifiers of one qdisc, or of one shared block. */
export class Common {
  /** Latest first. */
  readonly tables: Hnode[] = [];
  private readonly byHandle = new Map<number, Hnode>();
  /** Classifiers that use it. */
  users = 0;
  /** idr_alloc_cyclic(): numbers are not given again before all were. */
  private nextId = 0;

  find(handle: number): Hnode | null {
    return this.byHandle.get(handle) ?? null;
  }

  /** gen_new_htid(): 801:, 802: and on; the very first root is 800:. */
  freeTable(): number {
    for (let tries = 0; tries < 0x7fe; tries++) {
      this.nextId = (this.nextId % 0x7fe) + 1;
      const handle = ((this.nextId | 0x800) << 20) >>> 0;
      if (this.find(handle) === null) return handle;
    }
    throw new KernelError(Errno.ENOMEM);
  }

  add(table: Hnode): void {
    this.tables.unshift(table);
    this.byHandle.set(table.handle, table);
  }

  remove(table: Hnode): void {
    const at = this.tables.indexOf(table);
    if (at < 0) return;
    this.tables.splice(at, 1);
    this.byHandle.delete(table.handle);
  }

  get filters(): number {
    return this.tables.reduce((sum, { buckets }) => sum + buckets.reduce((count, { length }) => count + length, 0), 0);
  }
}

/** TC_U32_MAXDEPTH */
const MAX_DEPTH = 8;

/** The walk of one packet through tables. Holds its stack, so that nothing is allocated for a packet. */
export class Walk {
  private readonly buckets: (readonly Knode[])[] = new Array(MAX_DEPTH).fill(NOTHING);
  private readonly keys: Int32Array[] = new Array(MAX_DEPTH).fill(NO_KEYS);
  private readonly places = new Int32Array(MAX_DEPTH);
  private readonly offsets = new Int32Array(MAX_DEPTH);

  /**
   * net/sched/cls_u32.c: u32_classify() — filters of a bucket in the order of their numbers; one with a link goes on
   * in the table that it links to, and comes back if nothing there wanted the packet. A byte that the packet does not
   * have ends the whole search.
   */
  classify(root: Hnode, p: Packet, result: Result): Verdict {
    let bucket = root.buckets[0] ?? NOTHING;
    let keys = root.firstKeys(0);
    let place = 0;
    let depth = 0;
    let off = p.network - p.at;
    // What the last filter with an offset found; not taken back on the way up, as in the kernel.
    let next = 0;
    for (;;) {
      place = skipOthers(keys, place, p, p.at + off);
      const node = bucket[place];
      if (node === undefined) {
        if (depth === 0) return UNSPEC;
        depth--;
        bucket = this.buckets[depth] ?? NOTHING;
        keys = this.keys[depth] ?? NO_KEYS;
        place = this.places[depth] ?? 0;
        off = this.offsets[depth] ?? 0;
        const verdict = finish(bucket[place], p, result);
        if (verdict >= 0) return verdict;
        place++;
        continue;
      }
      const fit = compare(node, p, off, next);
      if (fit === MISSING) return UNSPEC;
      if (fit === OTHER) {
        place++;
        continue;
      }
      const { link, selector } = node;
      if (link === null) {
        const verdict = finish(node, p, result);
        if (verdict >= 0) return verdict;
        place++;
        continue;
      }
      if (depth >= MAX_DEPTH) return UNSPEC;
      this.buckets[depth] = bucket;
      this.keys[depth] = keys;
      this.places[depth] = place;
      this.offsets[depth] = off;
      depth++;
      place = 0;
      const chosen = bucketFor(link, selector, p, off);
      if (chosen < 0) return UNSPEC;
      bucket = link.buckets[chosen] ?? NOTHING;
      keys = link.firstKeys(chosen);
      if ((selector.flags & (SelFlag.OFFSET | SelFlag.VAROFFSET)) !== 0) {
        next = nextHeader(selector, p, off);
        if (next < 0) return UNSPEC;
      }
      if ((selector.flags & SelFlag.EAT) !== 0) {
        off += next;
        next = 0;
      }
      if ((selector.flags & MOVES) !== 0 && off >= p.len) {
        bucket = NOTHING;
        keys = NO_KEYS;
      }
    }
  }
}

const MOVES = SelFlag.OFFSET | SelFlag.VAROFFSET | SelFlag.EAT;
const FITS = 1;
const OTHER = 0;
const MISSING = -1;

/** Whether the filter's mark and keys are the packet's; MISSING: a byte is not there. */
function compare({ flags, mark, selector }: Knode, p: Packet, off: number, next: number): number {
  if ((flags & ClsFlag.SKIP_SW) !== 0) return OTHER;
  if (mark.mask !== 0) p.reads(Input.MARK, Reader.U32);
  if (((p.mark & mark.mask) ^ mark.val) !== 0) return OTHER;
  for (const key of selector.keys) {
    const at = p.at + off + key.off + (next & key.offmask);
    if (!isThere(p, at, 4)) return MISSING;
    if (isBefore(p, at, key.mask)) p.reads(Input.MEMORY, Reader.U32);
    if (((wordAt(p, at) ^ key.val) & key.mask) !== 0) return OTHER;
  }
  return FITS;
}

/** A filter that matched and has no table to go to, or came back from it. UNSPEC: the next one is asked. */
function finish(node: Knode | undefined, p: Packet, result: Result): Verdict {
  if (node === undefined || (node.selector.flags & SelFlag.TERMINAL) === 0) return UNSPEC;
  result.classid = node.classid;
  result.handle = node.handle;
  return cameIn(p, node.ifindex, Reader.U32) ? node.actions.act(p, result) : UNSPEC;
}

/** Index of the bucket that the packet's hash key names; -1: those bytes are not there. */
function bucketFor(table: Hnode, { hoff, hmask }: U32Selector, p: Packet, off: number): number {
  if (table.divisor === 1) return 0;
  const at = p.at + off + hoff;
  if (!isThere(p, at, 4)) return -1;
  if (isBefore(p, at, hmask)) p.reads(Input.MEMORY, Reader.U32);
  const hash = ((wordAt(p, at) & hmask) >>> 0) >>> trailingZeros(hmask);
  return hash & (table.divisor - 1);
}

/** Where the next header begins, as the filter's `offset` says, a multiple of four; -1: those bytes are not there. */
function nextHeader({ flags, off, offoff, offmask, offshift }: U32Selector, p: Packet, from: number): number {
  let next = off + 3;
  if ((flags & SelFlag.VAROFFSET) !== 0) {
    const at = p.at + from + offoff;
    if (!isThere(p, at, 2)) return -1;
    next += (((read(p, at) << 8) | read(p, at + 1)) & offmask) >> offshift;
  }
  return next & ~3;
}

function wordAt(p: Packet, at: number): number {
  return (read(p, at) << 24) | (read(p, at + 1) << 16) | (read(p, at + 2) << 8) | read(p, at + 3);
}

/** Of the 16 bytes reserved for an Ethernet header (HH_DATA_MOD) the first two stay free: `ether dst` begins there. */
const HEADROOM = 2;

/** skb_header_pointer(), which reads the headroom too. */
function isThere(p: Packet, at: number, length: number): boolean {
  if (p.isCutBefore(at + length)) p.reads(Input.CUT, Reader.U32);
  if (p.isGuessed(at, length)) p.reads(Input.NAT, Reader.U32);
  return at + length <= p.end && at >= (p.mac < 0 ? p.head : p.mac) - HEADROOM;
}

/** The word is there without a doubt: not in the headroom, nor where the capture was cut. */
function isInside(p: Packet, at: number): boolean {
  return at >= p.network && at + 4 <= p.end && !p.isCutBefore(at + 4);
}

/** Whether a mask over the word at `at` covers bytes of the headroom. */
function isBefore(p: Packet, at: number, mask: number): boolean {
  const before = (p.mac < 0 ? p.head : p.mac) - at;
  return before > 0 && mask >>> (32 - 8 * Math.min(before, 4)) !== 0;
}

/** One byte; what is in the headroom nobody knows, and here it is 0. */
function read(p: Packet, at: number): number {
  return isReadable(p, at, 1, Reader.U32) ? byteAt(p, at) : 0;
}
