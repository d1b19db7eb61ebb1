import { FormatError, LimitError } from '../errors.ts';
import { type CaptureInterface, type CaptureReader, type Frame, Heading, type RecordLayout } from './frame.ts';
import { LINKTYPE_ETHERNET, MAX_FRAME } from './pcap.ts';
import type { Cut } from './window.ts';
import { Window } from './window.ts';

/** Largest block accepted, of any type: a frame of the largest size and room for its options. */
export const MAX_BLOCK = MAX_FRAME + (1 << 20);
/** Most interfaces accepted in one file: their list is the only thing here that grows with the file. */
export const MAX_INTERFACES = 1 << 16;
/** Sections that records can be sought in: what is remembered of each grows with the file, too. */
export const MAX_SECTIONS = 1 << 16;

/** Block types that are read; all others are skipped. */
const Block = { SECTION: 0x0a0d0d0a, INTERFACE: 1, PACKET: 2, SIMPLE: 3, ENHANCED: 6 } as const;

/** Fixed part of a block's body, in bytes, behind the eight bytes of type and length. */
const BODY: Readonly<Record<number, number>> = {
  [Block.SECTION]: 16,
  [Block.INTERFACE]: 8,
  [Block.PACKET]: 20,
  [Block.SIMPLE]: 4,
  [Block.ENHANCED]: 20,
};

/** Blocks that hold a packet. */
const PACKETS: readonly number[] = [Block.ENHANCED, Block.SIMPLE, Block.PACKET];
const SECTION_LEAST = 28;

const BYTE_ORDER = 0x1a2b3c4d;
const Option = { END: 0, NAME: 2, MAC: 6, TSRESOL: 9, TSOFFSET: 14 } as const;
/** epb_flags, whose two lowest bits say which way the packet went. */
const FLAGS = 2;
const HEADING = 3;
const SECOND = 1_000_000_000;

interface Interface extends CaptureInterface {
  /** Units of the time stamp per second: 10ⁿ or 2ⁿ. */
  readonly perSecond: bigint;
  /** Nanoseconds per unit, where a unit is a decimal fraction no finer than that; 0: divide the long way. */
  readonly unit: number;
  /** if_tsoffset: seconds to add. */
  readonly offset: bigint;
}

/** Where a section begins, and what its blocks rest on. */
interface Section {
  readonly offset: number;
  readonly little: boolean;
  /** Index in seenInterfaces of its interface 0. */
  readonly first: number;
}

export function isPcapng(head: Uint8Array): boolean {
  return head.length >= 4 && head[0] === 0x0a && head[1] === 0x0d && head[2] === 0x0d && head[3] === 0x0a;
}

/** pcapng, version 1.0 (draft-ietf-opsawg-pcapng): any number of sections, each in its own byte order. */
export class PcapngReader implements CaptureReader {
  private readonly seenInterfaces: Interface[] = [];
  readonly window: Window;
  /** MAX_SECTIONS of them, and where those begin that are not remembered. */
  private readonly sections: Section[] = [];
  /** Index in seenInterfaces of the current section's interface 0, and of the next section's where it is known. */
  private section = 0;
  private sectionEnd = Number.POSITIVE_INFINITY;
  /** Sections and interfaces that begin before here are known. */
  private known = 0;
  /** A record was sought: a packet must come next. */
  private isSought = false;
  record = 0;
  private little = false;
  /** What `layout` gave last; undefined: something it rests on has changed since. */
  private knownLayout: RecordLayout | null | undefined;

  /** `data`: a buffer to begin with. */
  constructor(data?: Uint8Array) {
    this.window = new Window(data);
  }

  get interfaces(): readonly CaptureInterface[] {
    return this.seenInterfaces;
  }

  get offset(): number {
    return this.window.offset;
  }

  get cut(): Cut | null {
    return this.window.cut;
  }

  push(chunk: Uint8Array): void {
    this.window.push(chunk);
  }

  room(size: number): Uint8Array {
    return this.window.room(size);
  }

  filled(size: number): void {
    this.window.filled(size);
  }

  get layout(): RecordLayout | null {
    if (this.knownLayout === undefined) this.knownLayout = this.layoutOf();
    return this.knownLayout;
  }

  finish(): void {
    this.window.finished = true;
  }

  seek(offset: number): void {
    this.known = Math.max(this.known, this.offset);
    const isPlace = Number.isSafeInteger(offset) && offset >= SECTION_LEAST && offset % 4 === 0;
    if (!isPlace || offset > this.known) {
      throw new FormatError(
        0,
        `record at ${offset}, expected a multiple of 4 from ${SECTION_LEAST} to ${this.known}: so far the file was read`,
      );
    }
    this.enter(this.sections.findLastIndex((section) => section.offset < offset));
    this.window.seek(offset);
    this.isSought = true;
  }

  next(frame: Frame): boolean {
    const window = this.window;
    for (;;) {
      if (!window.has(12, 'block header')) return false;
      const type = this.type();
      if (this.isSought && !PACKETS.includes(type)) {
        throw new FormatError(this.offset, `block type ${type}, expected a packet where a record was sought`);
      }
      const size = this.size(type);
      if (!window.has(size, 'block')) return false;
      const trailer = this.u32(size - 4);
      if (trailer !== size) {
        throw new FormatError(this.offset + size - 4, `trailing block length ${trailer}, expected ${size}`);
      }
      const isPacket = this.read(type, size, frame);
      if (isPacket) this.record = window.offset;
      window.at += size;
      if (!isPacket) continue;
      this.isSought = false;
      return true;
    }
  }

  private u16(at: number): number {
    return this.window.view.getUint16(this.window.at + at, this.little);
  }

  private u32(at: number): number {
    return this.window.view.getUint32(this.window.at + at, this.little);
  }

  /** The block's type; a section header's byte order holds from its own length field on. */
  private type(): number {
    const { view, at } = this.window;
    // The section header's type reads the same in both orders.
    if (view.getUint32(at) !== Block.SECTION) {
      if (this.offset === 0) throw new FormatError(0, 'expected a pcapng section header');
      return this.u32(0);
    }
    const little = view.getUint32(at + 8, true) === BYTE_ORDER;
    if (!little && view.getUint32(at + 8) !== BYTE_ORDER) {
      throw new FormatError(this.offset + 8, 'expected the byte-order magic 1a2b3c4d of a section header');
    }
    this.little = little;
    return Block.SECTION;
  }

  private size(type: number): number {
    const size = this.u32(4);
    const least = 12 + (BODY[type] ?? 0);
    if (size < least || size % 4 !== 0) {
      throw new FormatError(this.offset + 4, `block length ${size}, expected a multiple of 4, at least ${least}`);
    }
    if (size > MAX_BLOCK) throw new LimitError(this.offset + 4, `block length ${size}, expected at most ${MAX_BLOCK}`);
    return size;
  }

  /** Reads one whole block; true if it was a packet. */
  private read(type: number, size: number, frame: Frame): boolean {
    switch (type) {
      case Block.SECTION:
        this.beginSection();
        return false;
      case Block.INTERFACE:
        this.addInterface(size);
        return false;
      case Block.ENHANCED:
        this.packet(this.u32(8), size, frame);
        return true;
      case Block.PACKET:
        this.packet(this.u16(8), size, frame);
        return true;
      case Block.SIMPLE:
        this.simplePacket(size, frame);
        return true;
      default:
        return false;
    }
  }

  private beginSection(): void {
    const major = this.u16(12);
    const minor = this.u16(14);
    // 1.2 was written by mistake and means 1.0 (the draft, section 4.1).
    if (major !== 1 || (minor !== 0 && minor !== 2)) {
      throw new FormatError(this.offset + 12, `pcapng version ${major}.${minor}, expected 1.0`);
    }
    const { offset, sections, little } = this;
    if (offset < this.known) {
      this.enter(sections.findIndex((section) => section.offset === offset));
      return;
    }
    this.section = this.seenInterfaces.length;
    this.sectionEnd = Number.POSITIVE_INFINITY;
    this.knownLayout = undefined;
    if (sections.length <= MAX_SECTIONS) sections.push({ offset, little, first: this.section });
  }

  /** Takes up a section that was read before. */
  private enter(index: number): void {
    const section = this.sections[index];
    if (section === undefined) throw new FormatError(this.offset, 'expected a section that was read before');
    if (index === MAX_SECTIONS) {
      throw new LimitError(section.offset, `records are sought in the first ${MAX_SECTIONS} sections at most`);
    }
    this.little = section.little;
    this.section = section.first;
    this.sectionEnd = this.sections[index + 1]?.first ?? Number.POSITIVE_INFINITY;
    this.knownLayout = undefined;
  }

  private addInterface(size: number): void {
    if (this.offset < this.known) return;
    if (this.seenInterfaces.length === MAX_INTERFACES) {
      throw new LimitError(this.offset, `more interfaces than the ${MAX_INTERFACES} expected at most`);
    }
    let name = '';
    let mac: Uint8Array | undefined;
    let resolution = 6;
    let offset = 0n;
    let at = 16;
    while (at + 4 <= size - 4) {
      const code = this.u16(at);
      const length = this.u16(at + 2);
      const value = at + 4;
      if (value + length > size - 4) {
        throw new FormatError(this.offset + at + 2, `option length ${length}, expected at most ${size - 4 - value}`);
      }
      if (code === Option.END) break;
      const { view, at: block, data } = this.window;
      if (code === Option.NAME) name = ascii(data.subarray(block + value, block + value + length));
      if (code === Option.MAC && length >= 6) mac = data.slice(block + value, block + value + 6);
      if (code === Option.TSRESOL && length >= 1) resolution = view.getUint8(block + value);
      if (code === Option.TSOFFSET && length >= 8) offset = view.getBigInt64(block + value, this.little);
      at = value + ((length + 3) & ~3);
    }
    const digits = BigInt(resolution & 0x7f);
    const binary = (resolution & 0x80) !== 0;
    this.knownLayout = undefined;
    this.seenInterfaces.push({
      linkType: this.u16(8),
      snapLength: this.u32(12),
      name,
      ...(mac === undefined ? {} : { mac }),
      perSecond: binary ? 2n ** digits : 10n ** digits,
      unit: !binary && resolution <= 9 ? 10 ** (9 - resolution) : 0,
      offset,
    });
  }

  /** Of the section's first 32 interfaces: those that are like its first Ethernet one. */
  private layoutOf(): RecordLayout | null {
    const section = this.seenInterfaces.slice(this.section, Math.min(this.section + 32, this.sectionEnd));
    const first = section.find(
      ({ linkType, unit, offset }) => linkType === LINKTYPE_ETHERNET && unit > 0 && offset === 0n,
    );
    if (first === undefined) return null;
    const alike = (each: Interface): boolean =>
      each.linkType === LINKTYPE_ETHERNET && each.unit === first.unit && each.offset === 0n;
    const ethernet = section.reduce((mask, each, index) => (alike(each) ? mask | (1 << index) : mask), 0);
    const words: RecordLayout['words'] = (seconds, nanoseconds) => {
      const units = BigInt(seconds) * BigInt(SECOND / first.unit) + BigInt(Math.ceil(nanoseconds / first.unit));
      return [Number(units >> 32n), Number(units & 0xffffffffn)];
    };
    return { format: 'pcapng', little: this.little, ethernet, unit: first.unit, words };
  }

  /** An interface of the current section. */
  private described(index: number): Interface | undefined {
    const at = this.section + index;
    return at < this.sectionEnd ? this.seenInterfaces[at] : undefined;
  }

  private interface(index: number): Interface {
    const found = this.described(index);
    if (!found) {
      const known = Math.min(this.seenInterfaces.length, this.sectionEnd) - this.section;
      throw new FormatError(this.offset + 8, `interface ${index}, expected one of the ${known} described before`);
    }
    return found;
  }

  /** Enhanced and obsolete packet blocks: the same but for the width of the interface number. */
  private packet(index: number, size: number, frame: Frame): void {
    const from = this.interface(index);
    const captured = this.u32(20);
    if (captured > size - 32) {
      throw new FormatError(this.offset + 20, `captured length ${captured}, expected at most ${size - 32}`);
    }
    stamp(frame, from, this.u32(12), this.u32(16));
    this.fill(frame, from, 28, captured, this.u32(24));
    const options = 28 + ((captured + 3) & ~3);
    if (size - 4 - options >= 4) frame.heading = this.headingIn(options, size - 4);
  }

  /** The packet's direction in the options of its block; an option that is too long ends them. */
  private headingIn(from: number, end: number): Heading {
    for (let at = from; at + 4 <= end; ) {
      const code = this.u16(at);
      const length = this.u16(at + 2);
      if (code === Option.END || at + 4 + length > end) break;
      if (code === FLAGS && length === 4) return headingOf(this.u32(at + 4));
      at += 4 + ((length + 3) & ~3);
    }
    return Heading.UNKNOWN;
  }

  /** No length of its own: the wire length, or what the snap length left of it. No time either. */
  private simplePacket(size: number, frame: Frame): void {
    const from = this.described(0);
    if (!from) throw new FormatError(this.offset, 'simple packet block, expected an interface description before it');
    const length = this.u32(8);
    const snap = from.snapLength === 0 ? length : Math.min(length, from.snapLength);
    if (snap > size - 16) {
      throw new FormatError(this.offset + 8, `packet length ${length}, expected at most ${size - 16}`);
    }
    frame.seconds = 0;
    frame.nanoseconds = 0;
    this.fill(frame, from, 12, snap, length);
  }

  private fill(frame: Frame, from: Interface, at: number, captured: number, length: number): void {
    const { data, at: block } = this.window;
    frame.data = data;
    frame.at = block + at;
    frame.end = block + at + captured;
    frame.length = length;
    frame.linkType = from.linkType;
    frame.interface = from;
    frame.heading = Heading.UNKNOWN;
  }
}

/** draft-ietf-opsawg-pcapng: 01 inbound, 10 outbound. */
function headingOf(flags: number): Heading {
  const bits = flags & HEADING;
  if (bits === 1) return Heading.IN;
  return bits === 2 ? Heading.OUT : Heading.UNKNOWN;
}

/** Splits a 64-bit count of units into seconds and nanoseconds, exactly. */
function stamp(frame: Frame, from: Interface, high: number, low: number): void {
  if (from.unit === 0 || from.offset !== 0n) {
    const units = (BigInt(high) << 32n) | BigInt(low);
    const rest = units % from.perSecond;
    frame.seconds = Number(units / from.perSecond + from.offset);
    frame.nanoseconds = Number((rest * BigInt(SECOND)) / from.perSecond);
    return;
  }
  // Long division, 32 + 16 + 16 bits: perSecond < 2³⁰, so no step exceeds 2⁴⁶ and doubles stay exact.
  const perSecond = SECOND / from.unit;
  const top = Math.floor(high / perSecond);
  const upper = (high - top * perSecond) * 65536 + (low >>> 16);
  const middle = Math.floor(upper / perSecond);
  const lower = (upper - middle * perSecond) * 65536 + (low & 0xffff);
  const bottom = Math.floor(lower / perSecond);
  frame.seconds = top * 0x100000000 + middle * 65536 + bottom;
  frame.nanoseconds = (lower - bottom * perSecond) * from.unit;
}

function ascii(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    if (byte === 0) break;
    const plain = byte >= 0x20 && byte < 0x7f;
    text += plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return text;
}
