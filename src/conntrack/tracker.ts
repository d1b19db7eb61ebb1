import { UsageError } from '../errors.ts';
import { type Ct, Direction, type Packet } from '../packet/index.ts';
import { SeenBeforeNat } from './before-nat.ts';
import { Fragments } from './fragments.ts';
import { Fragment, Headers, isError, readAddresses, readInner, readPacket, readTuple } from './headers.ts';
import type { ListedEntry } from './listing.ts';
import { Nat, type NatRule, Translated } from './nat.ts';
import { followerOf } from './protocol.ts';
import { Next } from './state.ts';
import { Flag, Gone, Side, Table, type TableMemory } from './table.ts';
import { invert, sameButPort, sameTuple, Tuple } from './tuple.ts';

export interface TrackerOptions {
  /** The router's rules; none: NAT was not told, and every tuple is `assumed`. */
  readonly rules?: readonly NatRule[];
  /** A connection table: its entries are exact, never expire, and count. */
  readonly table?: Iterable<ListedEntry>;
  /** net.netfilter.nf_conntrack_max: entries of both families at most; 0: no limit. CONNTRACK_MAX if absent. */
  readonly max?: number;
}

/** nf_conntrack_core.c: nf_conntrack_init_start() — what the kernel takes on machines with more than 4 GB. */
export const CONNTRACK_MAX = 262_144;
/** More than that no memory holds. */
export const MAX_MAX = 2 ** 29;

/** What a connection is to a packet: bits, as rules ask for several at once. */
export const CtState = { NEW: 1, ESTABLISHED: 2, RELATED: 4, INVALID: 8, UNTRACKED: 16 } as const;
export type CtState = (typeof CtState)[keyof typeof CtState];

/** Where the tables besides those of connections are to stand; packets seen before NAT by family. */
interface Addresses {
  readonly beforeNat: Readonly<Record<4 | 6, number>>;
  readonly fragments: number;
}

/** What is known of a packet's headers on the other side of the router; where not all is, ports may differ. */
export type Across = 'all' | 'addresses' | 'nothing';

const SECOND = 1e9;
/** At the limit both tables are swept once for so many entries that want in, and the same again for each 16 that there are. */
const SWEEP = 64;
/** How long a connection that a reset ended still gives its entry to the reset's other sightings. */
const DEAD_SECONDS = 10;

/**
 * nf_conntrack of one host: says for each packet which connection it belongs to, in the order of the capture.
 * A capture may show a flow before NAT, after it, or both: an entry is found by its tuples in either form, so that a
 * packet's entry does not depend on which side of the router it was seen.
 */
export class Tracker {
  private readonly nat: Nat;
  private readonly v4: Table;
  private readonly v6: Table;
  private readonly fragments = new Fragments();
  private readonly beforeNat = { 4: new SeenBeforeNat(), 6: new SeenBeforeNat() };
  /** Entries that wanted into the full table since both were swept. */
  private unswept = Number.POSITIVE_INFINITY;

  /** Entries of both families at most; 0: no limit. */
  readonly max: number;
  /** Entries that gave way as there was no room; from the first on it is not sure which the kernel has. */
  evicted = 0;
  /** Entries are to say whether they began with their connection's first packet. The compiled engine's do not. */
  notesStart = false;
  /** Connections whose translated ports another one had already: the kernel finds them others, or drops their packets. */
  portsTaken = 0;
  /** Packets that the kernel drops, as nothing gave way for the connection that they would open. */
  dropped = 0;

  /** The packet that was tracked last has an entry. */
  private isTracked = false;
  /** The packet reports on another one. */
  private isRelated = false;

  private readonly headers = new Headers();
  private readonly inner = new Headers();
  private readonly tuple = new Tuple();
  private readonly original = new Tuple();
  private readonly translated = new Tuple();
  private readonly reply = new Tuple();
  /** The entry that the last packet belongs to. */
  private lastTable: Table;
  private lastEntry = 0;
  private lastDirection: Direction = Direction.ORIGINAL;

  constructor(options: TrackerOptions = {}) {
    this.nat = new Nat(options.rules ?? []);
    this.v4 = this.lastTable = new Table(1);
    this.v6 = new Table(4);
    this.max = options.max ?? CONNTRACK_MAX;
    if (!Number.isInteger(this.max) || this.max < 0 || this.max > MAX_MAX) {
      throw new UsageError(`max: expected a whole number from 0 to ${MAX_MAX}`);
    }
    for (const entry of options.table ?? []) this.preload(entry);
  }

  /** Entries held, of both families. */
  get size(): number {
    return this.v4.size + this.v6.size;
  }

  /** There was no room for an entry: results from then on are assumed. */
  get wasFull(): boolean {
    return this.evicted + this.dropped > 0;
  }

  /**
   * Tracks one packet and fills `ct` with what skb->_nfct says of it at egress: the tuple of its own direction.
   * `now` is capture time in nanoseconds. False: no entry (not IP, invalid, not tracked, dropped), `ct` is as it was.
   */
  track(packet: Packet, ct: Ct, now: number): boolean {
    const { headers, tuple } = this;
    this.isTracked = this.isRelated = false;
    if (!readPacket(packet, headers)) return false;
    if (headers.fragment === Fragment.LATER) return this.trackFragment(ct, now);
    if (!readTuple(headers, tuple)) return false;
    if (headers.fragment === Fragment.FIRST) this.fragments.note(headers, tuple, now);
    if (this.nat.untracked(tuple)) return false;
    if (isError(headers)) return this.trackError(ct, now);
    const table = this.tableOf(tuple);
    let found = table.find(tuple, now);
    if (found < 0) found = this.findTwin(table);
    return found < 0 ? this.open(table, ct, now) : this.follow(table, found, ct, now);
  }

  /**
   * nf_conntrack_core.c: nf_conntrack_find_get() of the packet's tuple, as actions look an entry up: fills `ct`, and changes
   * nothing. False: the table has none under this tuple, `ct` is as it was. Behind NAT a packet has a tuple that no entry is
   * kept under.
   */
  look(packet: Packet, ct: Ct, now: number): boolean {
    const { headers, tuple } = this;
    if (!readPacket(packet, headers) || headers.fragment === Fragment.LATER || !readTuple(headers, tuple)) return false;
    const table = this.tableOf(tuple);
    const found = table.find(tuple, now);
    if (found < 0) return false;
    const entry = found >> 2;
    const direction = found & 1 ? Direction.REPLY : Direction.ORIGINAL;
    const own = direction === Direction.REPLY ? Side.REPLY : Side.ORIGINAL;
    const isTranslated = (table.flags(entry) & Flag.TRANSLATED) !== 0;
    if (isTranslated && ((found >> 1) & 1) !== own) return false;
    return this.fill(table, entry, direction, ct);
  }

  /** A packet that belongs to an entry. */
  private follow(table: Table, found: number, ct: Ct, now: number): boolean {
    const { headers, tuple } = this;
    const entry = found >> 2;
    const side = (found >> 1) & 1;
    const direction = found & 1 ? Direction.REPLY : Direction.ORIGINAL;
    const flags = table.flags(entry);
    if (flags & Flag.FIXED) return this.fill(table, entry, direction, ct);
    const follower = followerOf(tuple);
    const replied = (flags & Flag.REPLIED) !== 0;
    if (flags & Flag.DEAD) {
      const opens = follower.next(headers, 0, Direction.ORIGINAL, false) >= 0;
      return opens ? this.reopen(table, entry, ct, now) : this.fill(table, entry, direction, ct);
    }
    // A packet seen on both sides of the router is one packet: it moves the states on once, before its source is changed.
    const state = table.state(entry);
    const next = side === Side.REPLY ? state : follower.next(headers, state, direction, replied);
    if (next === Next.INVALID) return false;
    if (next === Next.REOPEN) return this.reopen(table, entry, ct, now);
    if (side === Side.REPLY) table.setFlags(entry, flags & ~(Flag.REPLY_ASSUMED | Flag.UNSURE));
    if (next === Next.KILL) {
      table.setFlags(entry, table.flags(entry) | Flag.DEAD);
      table.setDeadline(entry, now + DEAD_SECONDS * SECOND);
    } else if (next !== Next.IGNORE) {
      table.setState(entry, next);
      const age = (now - table.born(entry)) / SECOND;
      table.setDeadline(entry, now + follower.timeout(next, replied, age) * SECOND);
      if (side === Side.ORIGINAL) {
        const assured = follower.assures?.(state, next, replied, age) ? Flag.ASSURED : 0;
        table.setFlags(entry, flags | assured | (direction === Direction.REPLY ? Flag.REPLIED : 0));
      }
    }
    if (side === Side.ORIGINAL && direction === Direction.ORIGINAL) this.noteTwin(table, entry);
    return this.fill(table, entry, direction, ct);
  }

  private reopen(table: Table, entry: number, ct: Ct, now: number): boolean {
    table.remove(entry);
    return this.open(table, ct, now);
  }

  /** net/netfilter/nf_conntrack_core.c: init_conntrack() — the packet is the first of its connection. */
  private open(table: Table, ct: Ct, now: number): boolean {
    const { headers, tuple, original, translated, reply } = this;
    const follower = followerOf(tuple);
    if (!invert(tuple, reply) || !this.makesRoom(now)) return false;
    const state = follower.next(headers, 0, Direction.ORIGINAL, false);
    if (state < 0) return false;
    const pickedUp = follower.isMidway?.(state) ?? true;
    const direction = pickedUp && this.nat.isAnswer(tuple, reply) ? Direction.REPLY : Direction.ORIGINAL;
    original.copy(direction === Direction.REPLY ? reply : tuple);
    translated.copy(original);
    const done = this.nat.translate(translated);
    invert(translated, reply);
    const flags =
      this.flagsOf(table, done, now) | (direction && Flag.REPLIED) | (pickedUp && this.notesStart ? Flag.MIDWAY : 0);
    const entry = table.insert(original, reply, flags, now);
    table.setState(entry, state);
    table.setDeadline(entry, now + follower.timeout(state, false, 0) * SECOND);
    if (direction === Direction.ORIGINAL) this.noteTwin(table, entry);
    return this.fill(table, entry, direction, ct);
  }

  /**
   * net/netfilter/nf_conntrack_core.c: __nf_conntrack_alloc() — even a packet that turns out to open nothing needs a place
   * (quirk 74). To look for the expired each time would take too long; entries that come next are mostly the oldest. Of the
   * two families the one with more entries is tried first, as most buckets are its own. What gc_worker() drops besides, once
   * packets were dropped, depends on when it runs, and is left out.
   */
  private makesRoom(now: number): boolean {
    if (this.max === 0 || this.size < this.max) return true;
    if (this.unswept++ > SWEEP + (this.size >> 4)) this.sweep(now);
    if (this.size < this.max) return true;
    const [more, less] = this.v4.size < this.v6.size ? [this.v6, this.v4] : [this.v4, this.v6];
    const gone = more.dropEarly(now) || less.dropEarly(now);
    if (gone === Gone.UNASSURED) this.evicted++;
    if (gone === Gone.NOTHING) this.dropped++;
    return gone !== Gone.NOTHING;
  }

  private sweep(now: number): void {
    this.v4.sweep(now);
    this.v6.sweep(now);
    this.unswept = 0;
  }

  /** Keeps its tables where others look into them, and follow connections, too. */
  share(v4: TableMemory, v6: TableMemory, { beforeNat, fragments }: Addresses): void {
    this.fragments.share(v4.buffer, fragments);
    this.v4.share(v4);
    this.v6.share(v6);
    this.beforeNat[4].share(v4.buffer, beforeNat[4]);
    this.beforeNat[6].share(v6.buffer, beforeNat[6]);
  }

  /** Reads the tuple that stands in a packet's headers, and tracks nothing. False: there is none. */
  read(packet: Packet, into: Tuple): boolean {
    const { headers } = this;
    return readPacket(packet, headers) && headers.fragment !== Fragment.LATER && readTuple(headers, into);
  }

  /** The state of the packet that was tracked last, as rules ask for it: what the kernel's ctinfo says. */
  get state(): CtState {
    if (!this.isTracked) return CtState.INVALID;
    if (this.isRelated) return CtState.RELATED;
    const isReply = this.lastDirection === Direction.REPLY;
    const isOld = isReply || (this.lastFlags & (Flag.REPLIED | Flag.FIXED)) !== 0;
    return isOld ? CtState.ESTABLISHED : CtState.NEW;
  }

  /** Flags of the entry of the packet that was tracked last; 0: it has none. */
  private get lastFlags(): number {
    return this.isTracked ? this.lastTable.flags(this.lastEntry) : 0;
  }

  /** The connection of the packet that was tracked last was seen from its first packet on, or came from a table. */
  get isFromStart(): boolean {
    return (this.lastFlags & (Flag.MIDWAY | Flag.FIXED)) !== Flag.MIDWAY;
  }

  /** The mark of the connection of the packet that was tracked last is that of a table, or all its writes were known. */
  get knowsMark(): boolean {
    const { lastFlags: flags } = this;
    return (flags & (Flag.FIXED | Flag.MARKED)) !== 0 || (flags & (Flag.MIDWAY | Flag.DOUBTED)) === 0;
  }

  /** Writes the mark of the connection of the packet that was tracked last. `known`: it is the one that the kernel writes. */
  setMark(mark: number, known: boolean): void {
    if (!this.isTracked) return;
    const { lastTable: table, lastEntry: entry } = this;
    table.setMark(entry, mark);
    table.setFlags(entry, (table.flags(entry) & ~(Flag.MARKED | Flag.DOUBTED)) | (known ? Flag.MARKED : Flag.DOUBTED));
  }

  /** Rules of NAT were told: who opens a connection may be another than its first packet says. */
  get knowsNat(): boolean {
    return this.nat.told;
  }

  /** What is known of a new entry, whose tuples are in `original` and `translated`. */
  private flagsOf(table: Table, done: number, now: number): number {
    if (done === Translated.NO) {
      const isGuess = this.nat.isAssumed ? Flag.REPLY_ASSUMED : 0;
      return (this.nat.mayBeTranslated(this.original) ? Flag.ORIGINAL_ASSUMED : 0) | isGuess;
    }
    const known = !(done & (Translated.PORT_RANDOM | Translated.UNKNOWN)) && this.claim(table, now);
    const isGuess = !known || (done & (Translated.PORT_GUESSED | Translated.ASSUMED)) !== 0;
    const isUnsure = (done & (Translated.UNKNOWN | Translated.ASSUMED)) !== 0;
    return (isGuess ? Flag.REPLY_ASSUMED : 0) | (known ? Flag.TRANSLATED : 0) | (isUnsure ? Flag.UNSURE : 0);
  }

  /**
   * Is the translated tuple free? An entry made from a packet that came by after NAT, before its sighting on the
   * inside (captures of two interfaces are not in strict order), gives way to the one that knows both sides.
   */
  private claim(table: Table, now: number): boolean {
    const found = table.find(this.translated, now);
    if (found < 0) return true;
    const entry = found >> 2;
    if (((found >> 1) & 1) !== Side.ORIGINAL || !(table.flags(entry) & Flag.ORIGINAL_ASSUMED)) {
      this.portsTaken++;
      return false;
    }
    table.remove(entry);
    return true;
  }

  /** Remembers a packet that will come by again under a source port that cannot be foretold. */
  private noteTwin(table: Table, entry: number): void {
    if (table.flags(entry) & Flag.REPLY_ASSUMED) this.beforeNat[this.tuple.family].note(entry, this.headers);
  }

  /** The entry whose packet came by before NAT, if this is it after NAT; its reply tuple is known from here on. */
  private findTwin(table: Table): number {
    const { headers, tuple, reply } = this;
    if (!this.nat.isOutside(tuple.family, tuple.src)) return -1;
    const entry = this.beforeNat[tuple.family].find(headers, (candidate) => {
      const flags = table.flags(candidate);
      if (!(flags & Flag.LIVE) || !(flags & Flag.REPLY_ASSUMED)) return false;
      table.readTuple(candidate, Direction.REPLY, reply);
      return invert(reply, this.translated) && sameButPort(this.translated, tuple);
    });
    if (entry < 0 || !invert(tuple, reply)) return -1;
    table.retranslate(entry, reply);
    return (entry << 2) | (Side.REPLY << 1) | Direction.ORIGINAL;
  }

  /** nf_conntrack_proto_icmp.c: nf_conntrack_inet_error() — the error goes with the packet that it carries. */
  private trackError(ct: Ct, now: number): boolean {
    const { headers, inner, tuple, translated, reply } = this;
    if (!readInner(headers, headers.transport + 8, inner) || !readTuple(inner, translated)) return false;
    if (!invert(translated, reply)) return false;
    const table = this.tableOf(reply);
    const found = table.find(reply, now);
    if (found < 0 || reply.dst.some((word, i) => word !== tuple.dst[i])) return false;
    this.isRelated = true;
    return this.fill(table, found >> 2, found & 1 ? Direction.REPLY : Direction.ORIGINAL, ct);
  }

  private trackFragment(ct: Ct, now: number): boolean {
    const { headers, tuple } = this;
    readAddresses(headers, tuple);
    if (!this.fragments.complete(headers, tuple, now) || this.nat.untracked(tuple)) return false;
    const table = this.tableOf(tuple);
    const found = table.find(tuple, now);
    return found >= 0 && this.fill(table, found >> 2, found & 1 ? Direction.REPLY : Direction.ORIGINAL, ct);
  }

  /**
   * The packet that track() filled `ct` for last, on its two ways through the router: `before` as it comes in, `after` as it
   * leaves (net/netfilter/nf_nat_core.c: nf_nat_packet() has the inverse of the other direction's tuple).
   */
  across(before: Tuple, after: Tuple): Across {
    const { lastTable: table, lastEntry: entry, lastDirection: direction } = this;
    const other = direction === Direction.ORIGINAL ? Direction.REPLY : Direction.ORIGINAL;
    table.readTuple(entry, direction, before);
    table.readTuple(entry, other, this.reply);
    invert(this.reply, after);
    const flags = table.flags(entry);
    if (!this.nat.told && (flags & Flag.FIXED) === 0) return 'nothing';
    if ((flags & (Flag.ORIGINAL_ASSUMED | Flag.UNSURE)) !== 0) return 'nothing';
    return (flags & Flag.REPLY_ASSUMED) !== 0 ? 'addresses' : 'all';
  }

  private fill(table: Table, entry: number, direction: Direction, ct: Ct): boolean {
    table.readCt(entry, direction, ct);
    this.lastTable = table;
    this.isTracked = true;
    this.lastEntry = entry;
    this.lastDirection = direction;
    const flags = table.flags(entry);
    const guess = Flag.ORIGINAL_ASSUMED | (direction === Direction.REPLY ? Flag.REPLY_ASSUMED : 0);
    const told = this.nat.told || (flags & Flag.FIXED) !== 0;
    ct.knowsMark = (flags & Flag.FIXED) !== 0;
    ct.exactness = told && !(flags & guess) ? 'exact' : 'assumed';
    return true;
  }

  private preload({ original, reply, mark }: ListedEntry): void {
    const table = this.tableOf(original);
    const straight = invert(reply, this.translated) && sameTuple(this.translated, original);
    const entry = table.insert(original, reply, Flag.FIXED | (straight ? 0 : Flag.TRANSLATED), 0);
    table.setDeadline(entry, Number.POSITIVE_INFINITY);
    table.setMark(entry, mark);
  }

  private tableOf(tuple: Tuple): Table {
    return tuple.family === 4 ? this.v4 : this.v6;
  }
}
