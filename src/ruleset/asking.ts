import { CtState, type DeviceNames, hasPorts, isFor, type Tracker, Tuple } from '../conntrack/index.ts';
import { covers, type Prefix } from '../lang/index.ts';
import type { BaseChain, Masked, Range, Target, Write } from '../netfilter/index.ts';
import { Direction, Packet } from '../packet/index.ts';
import type { DeviceAddress } from './addresses.ts';

/** A set that rules ask: one bit of `source` for each dimension that is the packet's source. */
export interface AskedSet {
  has(p: Packet, dimensions: number, source: number, family: 4 | 6): boolean;
}

const DSTNAT = -100;
const SRCNAT = 100;
const IPV4_LENGTH = 20;
const IPV6_LENGTH = 40;
const TRANSPORT_LENGTH = 20;
/** Every bit is known. */
const ALL = -1;

/**
 * One packet on its way through the rules: what they ask of it, and what they have written so far. Marks are int32; a bit of
 * `known` says that this bit of a mark is known. The same object for every packet.
 */
export class Asking {
  readonly hasNat: boolean;
  family: 4 | 6 = 4;
  /** No connection was there before it. */
  isNew = false;
  /** The router has made it itself. */
  isLocal = false;
  mark = 0;
  known = ALL;
  connmark = 0;
  connKnown = ALL;
  class = 0;
  hasClass = false;
  wroteConnection = false;
  /** Something was asked that is not known; `doubt`: the first rule that did, -1: none. */
  isUnsure = false;
  doubt = -1;
  /** The rule that is asked. */
  rule = 0;
  /** Called with each write, and with the first doubt (null). */
  wrote: ((rule: number, target: Target | null, value: number) => void) | null = null;

  private readonly addresses: readonly DeviceAddress[];
  private readonly devices: readonly string[];
  private readonly tuple = new Tuple();
  private before = this.tuple;
  private after = this.tuple;
  private hasConnection = false;
  private isReply = false;
  private state: number = CtState.INVALID;
  private knowsState = true;
  private knowsTuple = true;
  private incoming: string | null = null;
  private outgoing: string | null = null;
  /** The packet as it stands in the chain, for sets. */
  private readonly standing = standingPacket();

  constructor(addresses: readonly DeviceAddress[], hasNat: boolean) {
    this.addresses = addresses;
    this.devices = addresses.map(({ device }) => device);
    this.hasNat = hasNat;
  }

  /** `before` and `after`: as it comes in, and as it leaves; without a connection, `before` is what stands in the headers. */
  begin(
    p: Packet,
    before: Tuple,
    after: Tuple,
    tracker: Tracker,
    device: string | null,
    incoming: string | null,
  ): void {
    const { ct } = p;
    this.before = before;
    this.after = after;
    this.hasConnection = ct !== null;
    this.isReply = ct?.direction === Direction.REPLY;
    this.family = before.family;
    this.state = tracker.state;
    this.isNew = this.state === CtState.NEW;
    this.knowsState = tracker.isFromStart || !this.isNew;
    this.knowsTuple = !this.hasNat || ct === null || ct.exactness === 'exact';
    this.mark = p.mark;
    this.known = ALL;
    this.connmark = ct?.mark ?? 0;
    this.connKnown = ct === null || ct.knowsMark || tracker.knowsMark ? ALL : 0;
    this.class = 0;
    this.hasClass = this.wroteConnection = this.isUnsure = false;
    this.doubt = -1;
    const at = this.deviceOf(before.src, true);
    this.isLocal = at >= 0 && this.knowsTuple;
    this.isUnsure = at >= 0 && !this.knowsTuple;
    this.outgoing = device;
    const near = this.deviceOf(before.src, false);
    this.incoming = this.isLocal ? '' : (incoming ?? (near < 0 ? null : (this.devices[near] ?? null)));
  }

  /** The device that has an address, or whose network does; -1: none. */
  private deviceOf(words: Int32Array, isOwn: boolean): number {
    const { addresses, family } = this;
    for (let i = 0; i < addresses.length; i++) {
      const prefix = addresses[i]?.prefix;
      if (prefix === undefined) continue;
      if (isOwn ? isAddress(prefix, family, words) : covers(prefix, family, words)) return i;
    }
    return -1;
  }

  /** The packet comes to a chain: NAT has changed it, or not yet. */
  enter({ hook, priority }: BaseChain): void {
    const { before, after, tuple } = this;
    tuple.copy(before);
    if (!this.hasConnection) return;
    const isEarly = hook === 'prerouting' || hook === 'output';
    if (!isEarly || priority > DSTNAT) {
      tuple.dst.set(after.dst);
      tuple.dstAll = after.dstAll;
    }
    if (hook !== 'postrouting' || priority <= SRCNAT) return;
    tuple.src.set(after.src);
    tuple.srcAll = after.srcAll;
  }

  /** What the rule asks is not known. */
  inDoubt(): void {
    this.isUnsure = true;
    if (this.doubt >= 0) return;
    this.doubt = this.rule;
    this.wrote?.(this.rule, null, 0);
  }

  private needsTuple(): void {
    if (!this.knowsTuple) this.inDoubt();
  }

  isIn(prefixes: readonly Prefix[], isSource: boolean): boolean {
    this.needsTuple();
    const words = isSource ? this.tuple.src : this.tuple.dst;
    for (let i = 0; i < prefixes.length; i++) {
      const prefix = prefixes[i];
      if (prefix !== undefined && covers(prefix, this.family, words)) return true;
    }
    return false;
  }

  isProtocol(number: number): boolean {
    return this.tuple.proto === number;
  }

  hasPort(ranges: readonly Range[], isSource: boolean): boolean {
    this.needsTuple();
    const { tuple } = this;
    if (!hasPorts(tuple.proto)) return false;
    const port = isSource ? tuple.srcAll : tuple.dstAll;
    for (let i = 0; i < ranges.length; i++) {
      const range = ranges[i];
      if (range !== undefined && port >= range[0] && port <= range[1]) return true;
    }
    return false;
  }

  /** Where the device is not known, the packet has come in by the one that is asked for, and goes out by another. */
  isBy(devices: DeviceNames, isOut: boolean): boolean {
    const { names, not } = devices;
    const device = isOut ? this.outgoing : this.incoming;
    if (device !== null) return isFor(devices, device);
    const { outgoing } = this;
    // Nothing goes out by the device that it came in by.
    if (!isOut && outgoing !== null && names.length === 1 && names[0] === outgoing) return not;
    this.inDoubt();
    return isOut ? not : !not;
  }

  hasMark(masked: readonly Masked[], isConnection: boolean): boolean {
    if (isConnection && !this.hasConnection) return false;
    const mark = isConnection ? this.connmark : this.mark;
    const known = isConnection ? this.connKnown : this.known;
    let isOne = false;
    for (let i = 0; i < masked.length; i++) {
      const one = masked[i];
      if (one === undefined) continue;
      if ((one.mask & ~known) !== 0) this.inDoubt();
      isOne ||= ((mark ^ one.value) & one.mask) === 0 && (one.value & ~one.mask) === 0;
    }
    return isOne;
  }

  hasState(states: number): boolean {
    if (!this.knowsState && (states & (CtState.NEW | CtState.ESTABLISHED)) !== 0) this.inDoubt();
    return (this.state & states) !== 0;
  }

  goes(isReply: boolean): boolean {
    return this.hasConnection && this.isReply === isReply;
  }

  isInSet(set: AskedSet, dimensions: number, source: number): boolean {
    this.needsTuple();
    this.stand();
    return set.has(this.standing, dimensions, source, this.family);
  }

  /** Writes the headers that a set reads. */
  private stand(): void {
    const { standing: p, tuple, family } = this;
    const { data } = p;
    const at = family === 4 ? 12 : 8;
    const length = family === 4 ? IPV4_LENGTH : IPV6_LENGTH;
    const words = family === 4 ? 1 : 4;
    data[0] = family === 4 ? 0x45 : 0x60;
    data[family === 4 ? 9 : 6] = tuple.proto;
    p.protocol = family === 4 ? 0x0800 : 0x86dd;
    for (let i = 0; i < words; i++) {
      put32(data, at + 4 * i, tuple.src[i] ?? 0);
      put32(data, at + 4 * (words + i), tuple.dst[i] ?? 0);
    }
    put32(data, length, (tuple.srcAll << 16) | tuple.dstAll);
  }

  /** False: the rule ends here, as there is no connection. */
  write({ to, keep, from, and, xor }: Write): boolean {
    if ((to === 'connmark' || from === 'connmark') && !this.hasConnection) return false;
    const value = (this.valueOf(to) & keep) ^ (this.valueOf(from) & and) ^ xor;
    const known = (~keep | this.knownOf(to)) & (~and | this.knownOf(from));
    if (to === 'mark') {
      this.mark = value;
      this.known = known;
    } else if (to === 'connmark') {
      this.connmark = value;
      this.connKnown = known;
      this.wroteConnection = true;
    } else {
      this.class = value;
      this.hasClass = true;
    }
    this.wrote?.(this.rule, to, value);
    return true;
  }

  private valueOf(target: Target): number {
    return target === 'mark' ? this.mark : target === 'connmark' ? this.connmark : this.class;
  }

  private knownOf(target: Target): number {
    return target === 'mark' ? this.known : target === 'connmark' ? this.connKnown : ALL;
  }
}

function isAddress({ address }: Prefix, family: number, words: Int32Array): boolean {
  if (address.family !== family) return false;
  for (let i = 0; i < 4; i++) if (address.words[i] !== words[i]) return false;
  return true;
}

function standingPacket(): Packet {
  const p = new Packet();
  p.data = new Uint8Array(IPV6_LENGTH + TRANSPORT_LENGTH);
  p.end = p.len = p.data.length;
  return p;
}

function put32(data: Uint8Array, at: number, word: number): void {
  data[at] = word >>> 24;
  data[at + 1] = word >>> 16;
  data[at + 2] = word >>> 8;
  data[at + 3] = word;
}
