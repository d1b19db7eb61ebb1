import { bytes, checkFrame } from '../argument.ts';
import { FormatError } from '../errors.ts';
import type { CaptureInterface, Frame } from './frame.ts';

/** Takes each finished piece of the file; the piece is the taker's to keep. */
export type Sink = (chunk: Uint8Array) => void;

const CHUNK = 64 << 10;
const NO_COMMENT = new Uint8Array(0);

/** Collects small records into chunks. */
class Gather {
  view = new DataView(new ArrayBuffer(CHUNK));
  size = 0;
  /** Bytes handed to the sink. */
  written = 0;
  private readonly sink: Sink;

  constructor(sink: Sink) {
    this.sink = sink;
  }

  /** Makes room for `size` bytes and returns where they begin in `view`; the bytes there are zero. */
  reserve(size: number): number {
    if (this.size + size > this.view.byteLength) {
      this.flush();
      this.view = new DataView(new ArrayBuffer(Math.max(CHUNK, size)));
    }
    const at = this.size;
    this.size += size;
    return at;
  }

  bytes(at: number, source: Uint8Array): void {
    new Uint8Array(this.view.buffer).set(source, at);
  }

  flush(): void {
    if (this.size === 0) return;
    this.sink(new Uint8Array(this.view.buffer, 0, this.size));
    this.written += this.size;
    this.view = new DataView(new ArrayBuffer(CHUNK));
    this.size = 0;
  }
}

export interface PcapOptions {
  /** LINKTYPE_ number of every frame. */
  readonly linkType: number;
  readonly snapLength?: number;
  /** Time stamps in nanoseconds (the default) or microseconds. */
  readonly unit?: 'ns' | 'us';
}

/** Frames in, a little-endian pcap 2.4 file out. finish() hands over the last chunk. */
export class PcapWriter {
  private readonly out: Gather;
  private readonly linkType: number;
  private readonly nanoseconds: boolean;
  private readonly times = new Times(0xffffffff);

  constructor(options: PcapOptions, sink: Sink) {
    this.out = new Gather(sink);
    this.linkType = options.linkType;
    this.nanoseconds = options.unit !== 'us';
    const at = this.out.reserve(24);
    const { view } = this.out;
    view.setUint32(at, this.nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, true);
    view.setUint16(at + 4, 2, true);
    view.setUint16(at + 6, 4, true);
    view.setUint32(at + 16, options.snapLength ?? 262144, true);
    view.setUint32(at + 20, options.linkType, true);
  }

  write(frame: Frame): void {
    checkFrame(frame);
    const out = this.out;
    if (frame.linkType !== this.linkType) {
      throw new FormatError(
        out.written + out.size,
        `frame of link type ${frame.linkType}, expected ${this.linkType}: pcap holds one, pcapng many`,
      );
    }
    const captured = frame.end - frame.at;
    const at = out.reserve(16 + captured);
    const { view } = out;
    const { seconds, nanoseconds } = this.times.held(frame);
    view.setUint32(at, seconds, true);
    view.setUint32(at + 4, this.nanoseconds ? nanoseconds : Math.floor(nanoseconds / 1000), true);
    view.setUint32(at + 8, captured, true);
    view.setUint32(at + 12, frame.length, true);
    out.bytes(at + 16, frame.data.subarray(frame.at, frame.end));
  }

  /** Packets whose time the format cannot hold: the nearest that it can was written. */
  get moved(): number {
    return this.times.moved;
  }

  finish(): void {
    this.out.flush();
  }
}

/** Times in a format that holds seconds from 0 to `last`: beyond them the nearest stands there, and is counted. */
class Times {
  moved = 0;
  private readonly last: number;
  private readonly nearest = { seconds: 0, nanoseconds: 0 };

  constructor(last: number) {
    this.last = last;
  }

  held(frame: Frame): Pick<Frame, 'seconds' | 'nanoseconds'> {
    const { seconds } = frame;
    if (seconds >= 0 && seconds <= this.last) return frame;
    this.moved++;
    this.nearest.seconds = seconds < 0 ? 0 : this.last;
    return this.nearest;
  }
}

/** Frames in, a little-endian pcapng file of one section out, time stamps in nanoseconds. finish() hands over the last chunk. */
export class PcapngWriter {
  private readonly out: Gather;
  private readonly interfaces: CaptureInterface[] = [];
  /** 2^64 nanoseconds end within the second behind it. */
  private readonly times = new Times(18_446_744_072);

  constructor(interfaces: readonly CaptureInterface[], sink: Sink) {
    this.out = new Gather(sink);
    const at = this.block(0x0a0d0d0a, 16);
    const { view } = this.out;
    view.setUint32(at, 0x1a2b3c4d, true);
    view.setUint16(at + 4, 1, true);
    // Section length: not known, written as -1.
    view.setBigInt64(at + 8, -1n, true);
    for (const described of interfaces) this.describe(described);
  }

  /** One more interface; returns its index. */
  describe(described: CaptureInterface): number {
    this.writeInterface(described);
    return this.interfaces.push(described) - 1;
  }

  /**
   * `on`: index of the interface: those given at first, then those described later. `comment`: UTF-8, at most 65535
   * bytes, none if empty (opt_comment of draft-ietf-opsawg-pcapng, section 3.5).
   */
  write(frame: Frame, on = 0, comment: Uint8Array = NO_COMMENT): void {
    checkFrame(frame);
    bytes(comment, 'comment');
    const described = this.interfaces[on];
    if (!described || described.linkType !== frame.linkType) {
      throw new FormatError(
        this.out.written + this.out.size,
        `frame of link type ${frame.linkType} on interface ${on}, expected ${described?.linkType ?? 'a known interface'}`,
      );
    }
    const captured = frame.end - frame.at;
    const options = 20 + padded(captured);
    const size = comment.length === 0 ? 20 + captured : options + 4 + padded(comment.length) + 4;
    const at = this.block(6, size);
    const { view } = this.out;
    const { seconds, nanoseconds } = this.times.held(frame);
    const time = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
    view.setUint32(at, on, true);
    view.setUint32(at + 4, Number((time >> 32n) & 0xffffffffn), true);
    view.setUint32(at + 8, Number(time & 0xffffffffn), true);
    view.setUint32(at + 12, captured, true);
    view.setUint32(at + 16, frame.length, true);
    this.out.bytes(at + 20, frame.data.subarray(frame.at, frame.end));
    if (comment.length === 0) return;
    // opt_comment is 1; opt_endofopt behind it is the four zeros that are there.
    view.setUint16(at + options, 1, true);
    view.setUint16(at + options + 2, comment.length, true);
    this.out.bytes(at + options + 4, comment);
  }

  /** Packets whose time the format cannot hold: the nearest that it can was written. */
  get moved(): number {
    return this.times.moved;
  }

  finish(): void {
    this.out.flush();
  }

  /** Interface description: link type, snap length, if_name (2) and if_tsresol (9) of 10⁻⁹. */
  private writeInterface(described: CaptureInterface): void {
    const name = Uint8Array.from(described.name, (letter) => letter.charCodeAt(0));
    const named = name.length === 0 ? 0 : 4 + padded(name.length);
    const at = this.block(1, 8 + named + 8 + 4);
    const { view } = this.out;
    view.setUint16(at, described.linkType, true);
    view.setUint32(at + 4, described.snapLength, true);
    if (named > 0) {
      view.setUint16(at + 8, 2, true);
      view.setUint16(at + 10, name.length, true);
      this.out.bytes(at + 12, name);
    }
    view.setUint16(at + 8 + named, 9, true);
    view.setUint16(at + 10 + named, 1, true);
    view.setUint8(at + 12 + named, 9);
  }

  /** Writes a block's frame around a body of `size` bytes and returns where the body begins. */
  private block(type: number, size: number): number {
    const total = 12 + padded(size);
    const at = this.out.reserve(total);
    const { view } = this.out;
    view.setUint32(at, type, true);
    view.setUint32(at + 4, total, true);
    view.setUint32(at + total - 4, total, true);
    return at + 8;
  }
}

function padded(size: number): number {
  return (size + 3) & ~3;
}
