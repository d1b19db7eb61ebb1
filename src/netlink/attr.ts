import { Errno, KernelError } from '../errors.ts';
import { decodeUtf8, encodeUtf8, type Json } from '../lang/index.ts';
import { classidText, le16, le32, be16 as readBe16, be32 as readBe32, u8 as readU8 } from '../u32.ts';

/*
 * Netlink attributes: type, length, payload, padded to four bytes. AttrReader and AttrWriter move over the bytes;
 * a Codec says once what a payload means, and reading, the kernel's size rule, writing, showing and drawing random
 * values all follow from it. `table` turns rows [number, codec] into a codec of a whole attribute list.
 * Integers are little-endian (a little-endian host's) unless the name says `be`.
 */

export const NLA_F_NESTED = 0x8000;
export const NLA_F_NET_BYTEORDER = 0x4000;
const NLA_TYPE_MASK = 0x3fff;
const NLA_HDRLEN = 4;
export const NLA_MAX = 0xffff;

/** include/uapi/linux/netlink.h: NLA_ALIGN() */
export function align4(length: number): number {
  return (length + 3) & ~3;
}

/**
 * Walks over the attributes in data[at..end): include/net/netlink.h nla_ok(), nla_next(). At the first thing that
 * is no attribute it stops for good; `rest` tells how many bytes were left then.
 */
export class AttrReader {
  readonly data: Uint8Array;
  /** Number of the current attribute, without its flags. */
  type = 0;
  /** NLA_F_NESTED, NLA_F_NET_BYTEORDER. */
  flags = 0;
  /** Payload of the current attribute: data[at..end). */
  at = 0;
  end = 0;
  private next_: number;
  private readonly stop: number;

  constructor(data: Uint8Array, at = 0, end = data.length) {
    this.data = data;
    this.next_ = at;
    this.stop = end;
  }

  next(): boolean {
    const left = this.rest;
    if (left < NLA_HDRLEN) return false;
    const length = le16(this.data, this.next_);
    if (length < NLA_HDRLEN || length > left) return false;
    const type = le16(this.data, this.next_ + 2);
    this.type = type & NLA_TYPE_MASK;
    this.flags = type & ~NLA_TYPE_MASK;
    this.at = this.next_ + NLA_HDRLEN;
    this.end = this.next_ + length;
    this.next_ += align4(length);
    return true;
  }

  /** Bytes not walked over yet; what the kernel calls leftover once next() has said no. */
  get rest(): number {
    return Math.max(0, this.stop - this.next_);
  }

  payload(): Uint8Array {
    return this.data.subarray(this.at, this.end);
  }
}

/** A growing buffer for messages: plain integers for payloads, attributes with header and padding around them. */
export class AttrWriter {
  private data = new Uint8Array(256);
  private view = new DataView(this.data.buffer);
  /** Bytes written so far. */
  length = 0;

  u8(value: number): void {
    const at = this.grow(1);
    this.view.setUint8(at, value);
  }
  u16(value: number): void {
    const at = this.grow(2);
    this.view.setUint16(at, value, true);
  }
  be16(value: number): void {
    const at = this.grow(2);
    this.view.setUint16(at, value);
  }
  u32(value: number): void {
    const at = this.grow(4);
    this.view.setUint32(at, value, true);
  }
  be32(value: number): void {
    const at = this.grow(4);
    this.view.setUint32(at, value);
  }
  u64(value: bigint): void {
    const at = this.grow(8);
    this.view.setBigUint64(at, value, true);
  }
  bytes(value: Uint8Array): void {
    const at = this.grow(value.length);
    this.data.set(value, at);
  }
  zeros(count: number): void {
    this.grow(count);
  }

  /** One attribute: header, what `body` writes, zero padding. `type` may carry flags. */
  nest(type: number, body: () => void): void {
    const header = this.length;
    this.u16(0);
    this.u16(type);
    body();
    const length = this.length - header;
    if (length > NLA_MAX) throw new KernelError(Errno.EMSGSIZE);
    this.view.setUint16(header, length, true);
    this.zeros(align4(length) - length);
  }

  /** One attribute of a known kind: a row of a table, and its value. */
  put<T>([type, codec]: readonly [number, Codec<T>], value: T): void {
    this.nest(type, () => codec.write(value, this));
  }

  raw(attr: RawAttr): void {
    this.nest(attr.type, () => this.bytes(attr.payload));
  }

  /** What was written, copied. */
  done(): Uint8Array {
    return this.data.slice(0, this.length);
  }

  /** Makes room and returns where it begins; new bytes are zero. */
  private grow(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.data.length) {
      const larger = new Uint8Array(Math.max(2 * this.data.length, this.length));
      larger.set(this.data);
      this.data = larger;
      this.view = new DataView(larger.buffer);
    }
    return at;
  }
}

/** Draws an integer 0 … bound - 1: where random values come from when messages are made up for tests. */
export type Draw = (bound: number) => number;

/** What one payload means. */
export interface Codec<T> {
  /** lib/nlattr.c: validate_nla() — whether a payload of this length is accepted; if not, the answer is ERANGE. */
  fits(length: number): boolean;
  /** Reads data[at..end), whose length fits. Longer ones than needed are cut, as the kernel does. */
  read(data: Uint8Array, at: number, end: number): T;
  write(value: T, w: AttrWriter): void;
  /** The value for people: what `netlink decode` shows. */
  show(value: T): Json;
  /** A random value that write() and read() give back unchanged. */
  sample(draw: Draw): T;
}

/** A codec that always takes the same number of bytes: can be a field of a struct. */
export interface Fixed<T> extends Codec<T> {
  readonly size: number;
}

/** lib/nlattr.c: validate_nla() — what the kernel says of an attribute that is not as its policy wants it. */
export const FAILED_POLICY = 'Attribute failed policy validation';

/** Reads a payload that may have any length: refuses what does not fit. */
export function decode<T>(codec: Codec<T>, data: Uint8Array, at = 0, end = data.length, extack = ''): T {
  if (!codec.fits(end - at)) throw new KernelError(Errno.ERANGE, extack);
  return codec.read(data, at, end);
}

/** The payload that means `value`. */
export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  const w = new AttrWriter();
  codec.write(value, w);
  return w.done();
}

function integer(
  size: number,
  read: (data: Uint8Array, at: number) => number,
  write: (w: AttrWriter, value: number) => void,
): Fixed<number> {
  return {
    size,
    fits: (length) => length >= size,
    read: (data, at) => read(data, at),
    write: (value, w) => write(w, value),
    show: (value) => value,
    // Numbers near nothing and near everything find more than those in between.
    sample: (draw) =>
      read(
        Uint8Array.from({ length: 4 }, () => [0, 1, 0xff, draw(256)][draw(4)] ?? 0),
        0,
      ),
  };
}

export type u8 = number;
export type u16 = number;
export type u32 = number;
export type s32 = number;

export const u8 = integer(1, readU8, (w, v) => w.u8(v));
export const u16 = integer(2, le16, (w, v) => w.u16(v));
export const be16 = integer(2, readBe16, (w, v) => w.be16(v));
/** A 16-bit number that may be negative. */
export const s16 = integer(
  2,
  (data, at) => (le16(data, at) << 16) >> 16,
  (w, v) => w.u16(v),
);
/** Unsigned; writing takes int32 as well. */
export const u32 = integer(
  4,
  (data, at) => le32(data, at) >>> 0,
  (w, v) => w.u32(v),
);
export const be32 = integer(
  4,
  (data, at) => readBe32(data, at) >>> 0,
  (w, v) => w.be32(v),
);
export const s32 = integer(4, le32, (w, v) => w.u32(v));

/** A u32 shown as a class id. */
export const classid: Fixed<number> = { ...u32, show: classidText };

/** 64 bits: control path only, hence bigint. */
export const u64: Fixed<bigint> = {
  size: 8,
  fits: (length) => length >= 8,
  read: (data, at) => (BigInt(le32(data, at + 4) >>> 0) << 32n) | BigInt(le32(data, at) >>> 0),
  write: (value, w) => w.u64(value),
  show: (value) => value.toString(),
  sample: (draw) => (BigInt(u32.sample(draw)) << 32n) | BigInt(u32.sample(draw)),
};

/** NLA_STRING: up to the first NUL or the end; written with a NUL. Bytes that are no UTF-8 survive (utf8.ts). */
export const string: Codec<string> = {
  fits: (length) => length >= 1,
  read: (data, at, end) => {
    const nul = data.subarray(at, end).indexOf(0);
    return decodeUtf8(data, at, nul < 0 ? end : at + nul);
  },
  write: (value, w) => {
    w.bytes(encodeUtf8(value));
    w.u8(0);
  },
  show: (value) => value,
  sample: (draw) => Array.from({ length: draw(16) }, () => String.fromCharCode(33 + draw(94))).join(''),
};

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A codec of bytes. A name of its own: written out, the type has a parameter that TypeScript before 5.7 does not know. */
export interface BytesCodec extends Codec<Uint8Array> {}

/** Bytes of any length, as they stand. Copied when read: buffers are reused. */
export const bytes: BytesCodec = {
  fits: () => true,
  read: (data, at, end) => data.slice(at, end),
  write: (value, w) => w.bytes(value),
  show: hexOf,
  sample: (draw) => Uint8Array.from({ length: draw(24) }, () => draw(256)),
};

/** NLA_BINARY: at most so many bytes. */
export function atMost(most: number): BytesCodec {
  const fits = (length: number) => length <= most;
  return { ...bytes, fits, sample: (draw) => bytes.sample(draw).subarray(0, most) };
}

/** NLA_FLAG: there or not; a payload is ignored. */
export const flag: Codec<true> = {
  fits: () => true,
  read: () => true,
  write: () => {},
  show: () => true,
  sample: () => true,
};

/** validate_nla(), NLA_NESTED: nothing at all, or at least one header. */
const nestFits = (length: number): boolean => length === 0 || length >= NLA_HDRLEN;

/** An attribute list whose meaning is somebody else's: kept as bytes, as the kernel hands a nest on. */
export const nest: BytesCodec = {
  ...bytes,
  fits: nestFits,
  sample: (draw) => Uint8Array.from({ length: draw(2) * (4 + draw(12)) }, () => draw(256)),
};

/** The same with its meaning: NLA_NESTED around a table or list. */
export function nested<T>(codec: Codec<T>): Codec<T> {
  return { ...codec, fits: nestFits };
}

/** An attribute nobody here knows: number with flags, and payload. */
export interface RawAttr {
  readonly type: number;
  readonly payload: Uint8Array;
}

/**
 * Rows of an attribute table: name, number (with the flags it is written with; reading ignores them), codec.
 * `any`: a table holds codecs of different values.
 */
export type AttrTable = Readonly<Record<string, readonly [number, Codec<any>]>>;

type ValueOf<C> = C extends Codec<infer V> ? V : never;

/** What a table decodes to. Absent = absent; attributes without a row stand in `unknown`, in order. */
export type Decoded<T extends AttrTable> = { readonly [K in keyof T]?: ValueOf<T[K][1]> } & {
  readonly unknown?: readonly RawAttr[];
};

/**
 * include/net/netlink.h: nla_parse_deprecated() — numbers without a row are set aside, of several with the same number the
 * last wins (each must fit), what follows the last whole attribute is ignored. Written in the order of the rows,
 * unknown ones last. `extack`: what the kernel says with ERANGE where its caller passes an extack.
 */
export function table<T extends AttrTable>(rows: T, extack = ''): Codec<Decoded<T>> {
  const byNumber = new Map(
    Object.entries(rows).map(([name, [number, codec]]) => [number & NLA_TYPE_MASK, { name, codec }]),
  );
  const known = Object.entries(rows);
  return {
    fits: () => true,
    read(data, at, end) {
      const found = new Map<string, () => unknown>();
      const unknown: RawAttr[] = [];
      for (const r = new AttrReader(data, at, end); r.next(); ) {
        const row = byNumber.get(r.type);
        if (row === undefined) unknown.push({ type: r.type | r.flags, payload: r.payload().slice() });
        else {
          if (!row.codec.fits(r.end - r.at)) throw new KernelError(Errno.ERANGE, extack);
          const { at: from, end: to } = r;
          found.set(row.name, () => row.codec.read(data, from, to));
        }
      }
      const value: any = {};
      for (const [name] of known) {
        const read = found.get(name);
        if (read !== undefined) value[name] = read();
      }
      if (unknown.length > 0) value.unknown = unknown;
      return value;
    },
    write(value: any, w) {
      for (const [name, row] of known) if (value[name] !== undefined) w.put(row, value[name]);
      for (const attr of value.unknown ?? []) w.raw(attr);
    },
    show(value: any) {
      const shown: Record<string, Json> = {};
      for (const [name, [, codec]] of known) if (value[name] !== undefined) shown[name] = codec.show(value[name]);
      const unknown = value.unknown?.map((attr: RawAttr) => ({ type: attr.type, payload: hexOf(attr.payload) }));
      return unknown === undefined ? shown : { ...shown, unknown };
    },
    sample(draw) {
      const value: any = {};
      for (const [name, [, codec]] of known) if (draw(2) === 1) value[name] = codec.sample(draw);
      const unknown = Array.from({ length: draw(3) }, () => ({
        type: 0x2000 | draw(256),
        payload: bytes.sample(draw),
      }));
      if (unknown.length > 0) value.unknown = unknown;
      return value;
    },
  };
}

/**
 * An array of attributes numbered 1, 2, 3 …: of equal numbers the last wins, a gap ends it, and numbers above `max`
 * are ignored (tcf_action_init()).
 */
export function list<T>(item: Codec<T>, max: number): Codec<T[]> {
  return {
    fits: () => true,
    read(data, at, end) {
      const places = new Map<number, readonly [number, number]>();
      for (const r = new AttrReader(data, at, end); r.next(); ) places.set(r.type, [r.at, r.end]);
      const values: T[] = [];
      for (let number = 1; number <= max; number++) {
        const place = places.get(number);
        if (place === undefined) break;
        values.push(decode(item, data, ...place));
      }
      return values;
    },
    write(values, w) {
      for (const [i, value] of values.entries()) w.put([i + 1, item], value);
    },
    show: (values) => values.map((value) => item.show(value)),
    sample: (draw) => Array.from({ length: draw(Math.min(max, 4) + 1) }, () => item.sample(draw)),
  };
}

/** Fields of a struct, in order, without gaps: padding is a field, as it is in the C headers. */
export type Fields = Readonly<Record<string, Fixed<any>>>;

/** A packed C struct; `size` if the compiler adds bytes at its end. */
export function struct<F extends Fields>(fields: F, size?: number): Fixed<{ [K in keyof F]: ValueOf<F[K]> }> {
  const rows = Object.entries(fields);
  const sum = rows.reduce((total, [, field]) => total + field.size, 0);
  const whole = size ?? sum;
  return {
    size: whole,
    fits: (length) => length >= whole,
    read(data, at) {
      const value: any = {};
      let from = at;
      for (const [name, field] of rows) {
        value[name] = field.read(data, from, from + field.size);
        from += field.size;
      }
      return value;
    },
    write(value, w) {
      for (const [name, field] of rows) field.write(value[name], w);
      w.zeros(whole - sum);
    },
    show: (value) => Object.fromEntries(rows.map(([name, field]) => [name, field.show(value[name])])),
    sample: (draw) => Object.fromEntries(rows.map(([name, field]) => [name, field.sample(draw)])) as any,
  };
}

/** struct nla_bitfield32 */
export const bitfield32 = struct({ value: u32, selector: u32 });
export type Bitfield32 = ReturnType<typeof bitfield32.read>;

/** lib/nlattr.c: validate_nla_bitfield32() — no unknown bit selected or set, and none set that is not selected. */
export function validBits({ value, selector }: Bitfield32, known: number): boolean {
  return ((value | selector) & ~known) === 0 && (value & ~selector) === 0;
}

/** A C bit-field: the parts of one integer with their widths, lowest bits first (little-endian layout). */
export function bits<const W extends Readonly<Record<string, number>>>(
  whole: Fixed<number>,
  widths: W,
): Fixed<{ [K in keyof W]: number }> {
  const rows: { name: string; shift: number; mask: number }[] = [];
  let shift = 0;
  for (const [name, width] of Object.entries(widths)) {
    rows.push({ name, shift, mask: 2 ** width - 1 });
    shift += width;
  }
  const split = (word: number): any =>
    Object.fromEntries(rows.map((row) => [row.name, (word >>> row.shift) & row.mask]));
  return {
    size: whole.size,
    fits: whole.fits,
    read: (data, at, end) => split(whole.read(data, at, end)),
    write: (value: any, w) =>
      whole.write(
        rows.reduce((word, row) => word | ((value[row.name] & row.mask) << row.shift), 0),
        w,
      ),
    show: (value: any) => ({ ...value }),
    sample: (draw) => split(whole.sample(draw)),
  };
}
