import type { UsageError } from '../../errors.ts';
import { getS32, getU16, getU32, type Words } from '../../lang/index.ts';
import { be16, be32, bytes, type Codec, s16, s32, struct, u8, u16 } from '../../netlink/index.ts';
import { be32 as readBe32 } from '../../u32.ts';
import { maskBytes, tcPrefix } from './prefix.ts';

/** include/uapi/linux/pkt_cls.h: TC_U32_* in the flags of a selector. */
export const SelFlag = { TERMINAL: 1, OFFSET: 2, VAROFFSET: 4, EAT: 8 } as const;

/** struct tc_u32_sel without its keys; masks as big-endian numbers. */
const HEAD = struct({
  flags: u8,
  offshift: u8,
  nkeys: u8,
  pad: u8,
  offmask: be16,
  off: u16,
  offoff: s16,
  hoff: s16,
  hmask: be32,
});
/** struct tc_u32_key; value and mask as big-endian numbers. */
const KEY = struct({ mask: be32, val: be32, off: s32, offmask: s32 });

export type U32Key = ReturnType<typeof KEY.read>;
export interface U32Selector extends Omit<ReturnType<typeof HEAD.read>, 'pad' | 'nkeys'> {
  readonly keys: readonly U32Key[];
}

/** TCA_U32_SEL; keys that the payload has no room for are missing. */
export const SELECTOR: Codec<U32Selector> = {
  ...bytes,
  fits: HEAD.fits,
  read(data, at, end) {
    const { nkeys, pad: _, ...head } = HEAD.read(data, at, end);
    const room = Math.floor((end - at - HEAD.size) / KEY.size);
    const keys = Array.from({ length: Math.min(nkeys, room) }, (_, i) =>
      KEY.read(data, at + HEAD.size + i * KEY.size, end),
    );
    return { ...head, keys };
  },
  write({ keys, ...head }, w) {
    HEAD.write({ ...head, nkeys: keys.length, pad: 0 }, w);
    for (const key of keys) KEY.write(key, w);
  },
  show: ({ keys, ...head }) => ({ ...head, keys: keys.map((key) => ({ ...key })) }),
  sample(draw) {
    const { nkeys: _, pad: __, ...head } = HEAD.sample(draw);
    return { ...head, keys: Array.from({ length: draw(4) }, () => KEY.sample(draw)) };
  },
};

/** How many keys the payload of a TCA_U32_SEL promises. */
export function promisedKeys(payload: Uint8Array): number {
  return payload[2] ?? 0;
}

/** Bytes of a selector with so many keys. */
export function selectorSize(keys: number): number {
  return HEAD.size + keys * KEY.size;
}

/** struct tc_u32_mark: `success` is counted by the kernel. */
export interface U32Mark {
  readonly val: number;
  readonly mask: number;
}

const MAX_KEYS = 128;
/** `at nexthdr+N`: the offset counts from where the table above said that the next header begins. */
const NEXT_HEADER = -1;

/** A selector while its words are read. */
export class SelectorWords {
  flags = 0;
  offshift = 0;
  offmask = 0;
  off = 0;
  offoff = 0;
  hoff = 0;
  hmask = 0;
  readonly keys: U32Key[] = [];
  /** What it stands behind: `match` or `sample`. */
  private readonly name: string;
  /** TCA_U32_MARK is written as soon as its words are read. */
  private readonly mark: (mark: U32Mark) => void;

  constructor(name: string, mark: (mark: U32Mark) => void) {
    this.name = name;
    this.mark = mark;
  }

  /** tc/f_u32.c: parse_selector() — what stands behind `match`. False: it cannot be read. */
  take(words: Words): boolean {
    const protocol = PROTOCOLS.find(([name]) => words.take(name));
    if (protocol === undefined) return false;
    words.need();
    const [name, fields] = protocol;
    if (name === 'mark') return this.takeMark(words);
    if (name === 'ether') return this.takeEther(words);
    if (fields === null) return this.number(words, name === 'u32' ? 32 : name === 'u16' ? 16 : 8, 0, 0);
    return left(words) >= 2 && this.takeField(words, fields);
  }

  private takeField(words: Words, fields: Readonly<Record<string, Field>>): boolean {
    const name = Object.keys(fields).find((one) => (PREFIXED.has(one) ? words.take(one) : words.takeExact(one)));
    const field = name === undefined ? undefined : fields[name];
    if (field === undefined) return false;
    if (field.kind !== 'fixed') words.need();
    switch (field.kind) {
      case 'number':
        return this.number(words, field.bits, field.off, field.offmask);
      case 'address':
        return this.address(words, field.family, field.off);
      case 'class':
        return this.trafficClass(words);
      case 'fixed':
        return this.pack(16, field.key, field.mask, field.off, 0);
    }
  }

  /** parse_u32(), parse_u16(), parse_u8() — `VALUE MASK [ at OFFSET ]`; the mask is hexadecimal. */
  private number(words: Words, bits: Bits, off: number, offmask: number): boolean {
    if (left(words) < 2) return false;
    const key = getU32(words.next());
    if (key === undefined) return false;
    const mask = getU32(words.next(), 16);
    if (mask === undefined) return false;
    if (bits === 8 && (key > 0xff || mask > 0xff)) return false;
    const at = takeAt(words, off, offmask);
    return at !== null && this.pack(bits, key, mask, at.off, at.offmask);
  }

  /** parse_ip_addr(), parse_ip6_addr() */
  private address(words: Words, family: 4 | 6, off: number): boolean {
    const prefix = tcPrefix(words.next(), family);
    if (prefix === undefined) return false;
    const at = takeAt(words, off, 0);
    if (at === null) return false;
    const length = family === 4 ? 4 : 4 * Math.ceil(prefix.bits / 32);
    const value = new Uint8Array(16);
    value.set(prefix.bytes);
    const mask = maskBytes(prefix.bits, length);
    for (let i = 0; i < length; i += 4) {
      if (!this.packWord(readBe32(value, i), readBe32(mask, i), at.off + i, at.offmask)) return false;
    }
    return true;
  }

  /** parse_ip6_class() */
  private trafficClass(words: Words): boolean {
    if (left(words) < 2) return false;
    const key = getU32(words.next());
    const mask = key === undefined ? undefined : getU32(words.next(), 16);
    if (key === undefined || mask === undefined || key > 0xff || mask > 0xff) return false;
    return this.packWord(key << 20, mask << 20, 0, 0);
  }

  /** parse_mark() — insists on a word behind the mask (quirk 67). */
  private takeMark(words: Words): boolean {
    if (left(words) <= 1) return false;
    const val = getU32(words.next());
    if (val === undefined) throw this.illegal(words, 'Illegal "mark" value');
    const mask = getU32(words.next());
    if (mask === undefined) throw this.illegal(words, 'Illegal "mark" mask');
    words.need();
    if ((val & mask) >>> 0 !== val) throw this.illegal(words, 'Illegal "mark" (impossible combination)');
    this.mark({ val, mask });
    return true;
  }

  /** parse_ether(), parse_ether_addr() */
  private takeEther(words: Words): boolean {
    if (left(words) < 2) return false;
    const side = words.next();
    const off = ETHER.find(([name]) => words.wasExactly(name))?.[1];
    if (off === undefined) throw this.illegal(words, `Unknown match: ether ${side}`);
    const text = words.next();
    const address = text.split(':').slice(0, 6);
    if (address.length < 6 || !address.every((part) => /^[0-9a-f]{1,2}/i.test(part))) {
      throw this.illegal(words, `parse_ether_addr: improperly formed address '${text}'`);
    }
    const at = takeAt(words, off, 0);
    if (at === null) return false;
    return address.every((part, i) => this.pack(8, Number.parseInt(part, 16) & 0xff, 0xff, at.off + i, at.offmask));
  }

  /** pack_key32(), pack_key16(), pack_key8() — moves the value to its place in the word that holds its offset. */
  private pack(bits: Bits, key: number, mask: number, off: number, offmask: number): boolean {
    if (bits === 32) return this.packWord(key, mask, off, offmask);
    const limit = 2 ** bits - 1;
    if (key > limit || mask > limit) return false;
    const byte = off & 3;
    const shift = bits === 16 ? (byte === 0 ? 16 : 0) : 24 - 8 * byte;
    return this.packWord(key << shift, mask << shift, off & ~3, offmask);
  }

  /** pack_key() — keys at one offset become one, unless they contradict each other. */
  private packWord(value: number, mask: number, off: number, offmask: number): boolean {
    const val = value & mask;
    const at = this.keys.findIndex((key) => key.off === off && key.offmask === offmask);
    const old = this.keys[at];
    if (old !== undefined) {
      if (((val ^ old.val) & mask & old.mask) !== 0) return false;
      this.keys[at] = { ...old, val: (old.val | val) >>> 0, mask: (old.mask | mask) >>> 0 };
      return true;
    }
    if (this.keys.length >= MAX_KEYS || off % 4 !== 0) return false;
    this.keys.push({ val: val >>> 0, mask: mask >>> 0, off, offmask });
    return true;
  }

  private illegal(words: Words, line: string): UsageError {
    return words.error(`${line}\nIllegal "${this.name}"`);
  }

  /** parse_offset(): how a table's filters find the next header. */
  takeOffset(words: Words): boolean {
    while (!words.done) {
      if (words.take('plus')) {
        const off = getS32(words.next());
        if (off === undefined) return false;
        this.off = off & 0xffff;
        this.flags |= SelFlag.OFFSET;
      } else if (words.take('at')) {
        const off = getS32(words.next());
        if (off === undefined) return false;
        if (off % 2 !== 0) throw words.error('offset "at" must be even\nIllegal "offset"');
        this.offoff = (off << 16) >> 16;
        this.flags |= SelFlag.VAROFFSET;
      } else if (words.take('mask')) {
        const mask = getU16(words.next(), 16);
        if (mask === undefined) return false;
        this.offmask = mask;
        this.flags |= SelFlag.VAROFFSET;
      } else if (words.take('shift')) {
        const shift = getS32(words.next());
        if (shift === undefined) return false;
        this.offshift = shift & 0xff;
        this.flags |= SelFlag.VAROFFSET;
      } else if (words.take('eat')) this.flags |= SelFlag.EAT;
      else break;
    }
    return true;
  }

  /** parse_hashkey(): which bytes choose the bucket of the table that is linked to. */
  takeHashkey(words: Words): boolean {
    while (!words.done) {
      if (words.take('mask')) {
        const mask = getU32(words.next(), 16);
        if (mask === undefined) return false;
        this.hmask = mask;
      } else if (words.take('at')) {
        const off = getS32(words.next());
        if (off === undefined || off % 4 !== 0) return false;
        this.hoff = (off << 16) >> 16;
      } else break;
    }
    return true;
  }
}

/** tc/f_u32.c: u32_hash_fold() of a `sample`: the bucket that its value falls into. */
export function sampleBucket({ val, mask }: U32Key, divisor: number): number {
  return (((val & mask) >>> 0) >>> trailingZeros(mask)) % divisor;
}

/** ffs() - 1 of a mask; 0 where no bit is set: how far tc and the kernel shift a hash key. */
export function trailingZeros(mask: number): number {
  return mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
}

type Bits = 8 | 16 | 32;
type Field =
  | { readonly kind: 'number'; readonly bits: Bits; readonly off: number; readonly offmask: number }
  | { readonly kind: 'address'; readonly family: 4 | 6; readonly off: number }
  | { readonly kind: 'class' }
  | { readonly kind: 'fixed'; readonly key: number; readonly mask: number; readonly off: number };

const number = (bits: Bits, off: number, offmask = 0): Field => ({ kind: 'number', bits, off, offmask });
const fixed = (key: number, mask: number, off: number): Field => ({ kind: 'fixed', key, mask, off });

/** parse_ip(): offsets without options, so that ports are right only behind headers of 20 bytes. */
const IP: Readonly<Record<string, Field>> = {
  src: { kind: 'address', family: 4, off: 12 },
  dst: { kind: 'address', family: 4, off: 16 },
  tos: number(8, 1),
  dsfield: number(8, 1),
  precedence: number(8, 1),
  ihl: number(8, 0),
  protocol: number(8, 9),
  nofrag: fixed(0, 0x3fff, 6),
  firstfrag: fixed(0x2000, 0x3fff, 6),
  df: fixed(0x4000, 0x4000, 6),
  mf: fixed(0x2000, 0x2000, 6),
  dport: number(16, 22),
  sport: number(16, 20),
  icmp_type: number(8, 20),
  icmp_code: number(8, 21),
};

/** parse_ip6(): `icmp_code` comes with an offset mask of 1, which moves it by nothing or by one byte. */
const IP6: Readonly<Record<string, Field>> = {
  src: { kind: 'address', family: 6, off: 8 },
  dst: { kind: 'address', family: 6, off: 24 },
  priority: { kind: 'class' },
  protocol: number(8, 6),
  flowlabel: number(32, 0),
  dport: number(16, 42),
  sport: number(16, 40),
  icmp_type: number(8, 40),
  icmp_code: number(8, 41, 1),
};

const PORTS: Readonly<Record<string, Field>> = {
  src: number(16, 0, NEXT_HEADER),
  dst: number(16, 2, NEXT_HEADER),
};
const ICMP: Readonly<Record<string, Field>> = { type: number(8, 0, NEXT_HEADER), code: number(8, 1, NEXT_HEADER) };

/** Fields that may be abbreviated. */
const PREFIXED: ReadonlySet<string> = new Set(['dsfield', 'precedence']);

/** In the order in which tc tries them: a prefix takes the first that fits. */
const PROTOCOLS: readonly (readonly [name: string, fields: Readonly<Record<string, Field>> | null])[] = [
  ['u32', null],
  ['u16', null],
  ['u8', null],
  ['ip', IP],
  ['ip6', IP6],
  ['udp', PORTS],
  ['tcp', PORTS],
  ['icmp', ICMP],
  ['mark', null],
  ['ether', null],
];

/** Offsets of the addresses, counted from the network header. */
const ETHER = [
  ['src', -8],
  ['dst', -14],
] as const;

function left(words: Words): number {
  return words.list.length - words.at;
}

/** parse_at(): `at [ nexthdr+ ] OFFSET`, if it is there; null: it cannot be read. */
function takeAt(words: Words, off: number, offmask: number): { off: number; offmask: number } | null {
  if (!words.takeExact('at')) return { off, offmask };
  let text = words.next();
  let mask = offmask;
  if (text.length > NEXTHDR.length && text.startsWith(NEXTHDR)) {
    mask = NEXT_HEADER;
    text = text.slice(NEXTHDR.length);
  } else if (words.was(NEXTHDR)) {
    mask = NEXT_HEADER;
    text = words.next();
  }
  const value = getS32(text);
  return value === undefined ? null : { off: value, offmask: mask };
}

const NEXTHDR = 'nexthdr+';
