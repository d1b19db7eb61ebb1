import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KernelError } from '../errors.ts';
import {
  AttrReader,
  AttrWriter,
  atMost,
  be16,
  be32,
  bits,
  bytes,
  type Codec,
  classid,
  type Draw,
  decode,
  encode,
  flag,
  list,
  NLA_F_NESTED,
  nest,
  nested,
  s16,
  s32,
  string,
  struct,
  table,
  u8,
  u16,
  u32,
  u64,
} from './attr.ts';

const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');
const fromHex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

const ROWS = {
  mask: [6, u32],
  name: [1, string],
  port: [2, be16],
  parms: [9 | NLA_F_NESTED, nested(table({ index: [3, u32], far: [4, u64] } as const))],
  last: [10, bytes],
} as const;
const TABLE = table(ROWS);

/** fast-check's numbers as a source for Codec.sample. */
const draws: fc.Arbitrary<Draw> = fc.array(fc.nat(), { minLength: 64, maxLength: 64 }).map((numbers) => {
  let at = 0;
  return (bound) => (numbers[at++ % numbers.length] ?? 0) % bound;
});

describe('AttrReader', () => {
  test('walks over attributes, flags apart, padding skipped', () => {
    const reader = new AttrReader(fromHex('0500 0100 61000000 0800 0280 01000000'));
    expect(reader.next()).toBe(true);
    expect([reader.type, reader.flags, hex(reader.payload())]).toEqual([1, 0, '61']);
    expect(reader.next()).toBe(true);
    expect([reader.type, reader.flags, hex(reader.payload())]).toEqual([2, NLA_F_NESTED, '01000000']);
    expect([reader.next(), reader.rest]).toEqual([false, 0]);
  });

  test.each([
    ['a length that is smaller than the header', '0300 0100'],
    ['a length beyond the end', '0900 0100 01020304'],
    ['half a header', '0800'],
  ])('stops for good at %s', (_, text) => {
    const data = fromHex(text);
    const reader = new AttrReader(data);
    expect([reader.next(), reader.next(), reader.rest]).toEqual([false, false, data.length]);
  });

  test('never looks outside its range', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(40), fc.nat(40), (data, a, b) => {
        const [from, to] = [Math.min(a, b, data.length), Math.min(Math.max(a, b), data.length)];
        for (const r = new AttrReader(data, from, to); r.next(); ) {
          expect(r.at >= from + 4 && r.end <= to && r.at <= r.end).toBe(true);
        }
      }),
    );
  });
});

describe('AttrWriter', () => {
  test('lays out integers, nests and padding as uapi/linux/netlink.h says', () => {
    const w = new AttrWriter();
    w.nest(2 | NLA_F_NESTED, () => {
      w.put([1, string], 'flow');
      w.put([3, u8], 7);
    });
    expect(hex(w.done())).toBe('18000280' + '09000100666c6f7700000000' + '0500030007000000');
  });

  test('grows as far as needed and starts with zeros', () => {
    const w = new AttrWriter();
    w.zeros(1000);
    w.u16(0x1234);
    expect(w.done()).toHaveLength(1002);
    expect(
      w
        .done()
        .subarray(0, 1000)
        .every((byte) => byte === 0),
    ).toBe(true);
  });

  test('an attribute above 65535 bytes is EMSGSIZE', () => {
    const w = new AttrWriter();
    expect(() => w.nest(1, () => w.zeros(65532))).toThrow(KernelError);
  });
});

describe('codecs of numbers', () => {
  const cases: [string, Codec<number>, number, string][] = [
    ['u8', u8, 0xfe, 'fe'],
    ['u16', u16, 0x1234, '3412'],
    ['be16', be16, 0x1234, '1234'],
    ['s16', s16, -2, 'feff'],
    ['u32', u32, 0xfffffffe, 'feffffff'],
    ['be32', be32, 0xc0a80001, 'c0a80001'],
    ['s32', s32, -22, 'eaffffff'],
  ];
  test.each(cases)('%s', (_, codec, value, text) => {
    expect(hex(encode(codec, value))).toBe(text);
    expect(decode(codec, fromHex(text))).toBe(value);
    expect(decode(codec, fromHex(`${text}99`))).toBe(value);
    expect(() => decode(codec, fromHex(text.slice(2)))).toThrow(expect.objectContaining({ errno: 34 }));
  });

  test('u64 is a bigint', () => {
    expect(hex(encode(u64, 0x0102030405060708n))).toBe('0807060504030201');
    expect(decode(u64, fromHex('ffffffffffffffff'))).toBe(0xffffffffffffffffn);
  });

  test('a class id is shown as one', () => {
    expect([classid.show(0x00010002), classid.show(0xffffffff)]).toEqual(['1:2', 'root']);
  });
});

test('strings end at the first NUL, and an empty payload is refused', () => {
  expect(decode(string, fromHex('666c6f7700ff'))).toBe('flow');
  expect(decode(string, fromHex('666c'))).toBe('fl');
  expect(() => decode(string, new Uint8Array(0))).toThrow(KernelError);
});

test('size rules of nests, binaries and flags are nla_parse’s', () => {
  expect([0, 1, 3, 4].map((length) => nest.fits(length))).toEqual([true, false, false, true]);
  expect([2, 3].map((length) => atMost(2).fits(length))).toEqual([true, false]);
  expect(decode(flag, new Uint8Array(3))).toBe(true);
});

describe('tables', () => {
  test('absent is absent; of several the last wins; flags do not matter', () => {
    const value = decode(TABLE, fromHex('0800 0600 01000000  0800 06c0 02000000'));
    expect(value).toEqual({ mask: 2 });
  });

  test('a short u32 is ERANGE even if a later one is whole', () => {
    expect(() => decode(TABLE, fromHex('0500 0600 01000000 0800 0600 02000000'))).toThrow(
      expect.objectContaining({ errno: 34, extack: '' }),
    );
  });

  test('a longer u32 is cut, and trailing bytes are ignored', () => {
    expect(decode(TABLE, fromHex('0c00 0600 01000000 ffffffff 0102'))).toEqual({ mask: 1 });
  });

  test('unknown attributes are kept in order, with their flags, and written last', () => {
    const data = fromHex('0500 ff80 aa000000  0800 0600 01000000  0400 0000');
    const value = decode(TABLE, data);
    expect(value.unknown).toEqual([
      { type: 0x80ff, payload: Uint8Array.of(0xaa) },
      { type: 0, payload: new Uint8Array(0) },
    ]);
    expect(hex(encode(TABLE, value))).toBe('0800060001000000' + '0500ff80aa000000' + '04000000');
  });

  test('rows may be written with flags', () => {
    expect(hex(encode(TABLE, { parms: { index: 5 } }))).toBe('0c000980' + '0800030005000000');
  });

  test('says what the kernel says, where it says something', () => {
    expect(() => decode(table(ROWS, 'told'), fromHex('0500 0600 01000000'))).toThrow('told');
  });

  test('shows names, hex for what it does not know', () => {
    const value = decode(TABLE, fromHex('0800 0600 01000000  0600 3000 abcd0000'));
    expect(TABLE.show(value)).toEqual({ mask: 1, unknown: [{ type: 0x30, payload: 'abcd' }] });
  });

  test('drawn values survive writing and reading, and so do their bytes', () => {
    fc.assert(
      fc.property(draws, (draw) => {
        const value = TABLE.sample(draw);
        const data = encode(TABLE, value);
        expect(decode(TABLE, data)).toEqual(value);
        expect(encode(TABLE, decode(TABLE, data))).toEqual(data);
      }),
    );
  });

  test('random attributes, known, unknown and repeated, mean the same after a turn', () => {
    const attr = fc.record({ type: fc.oneof(fc.nat(12), fc.nat(0xffff)), payload: fc.uint8Array({ maxLength: 12 }) });
    fc.assert(
      fc.property(fc.array(attr), (attrs) => {
        const w = new AttrWriter();
        for (const one of attrs) w.raw(one);
        try {
          const value = decode(TABLE, w.done());
          expect(decode(TABLE, encode(TABLE, value))).toEqual(value);
        } catch (error) {
          if (!(error instanceof KernelError)) throw error;
        }
      }),
    );
  });

  test('random bytes are read or refused with an errno', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (data) => {
        try {
          TABLE.show(decode(TABLE, data));
        } catch (error) {
          expect(error).toBeInstanceOf(KernelError);
        }
      }),
    );
  });
});

describe('lists', () => {
  const LIST = list(table({ kind: [1, string] } as const), 32);

  test('count from 1, a gap ends them', () => {
    const data = encode(LIST, [{ kind: 'gact' }, { kind: 'police' }]);
    expect(decode(LIST, data)).toEqual([{ kind: 'gact' }, { kind: 'police' }]);
    expect(decode(LIST, fromHex('0400 0100 0400 0300'))).toEqual([{}]);
    expect(decode(LIST, fromHex('0400 0200'))).toEqual([]);
  });

  test('numbers above the limit are ignored', () => {
    expect(decode(list(bytes, 1), fromHex('0400 0200 0400 0100'))).toHaveLength(1);
  });

  test('drawn lists survive', () => {
    fc.assert(
      fc.property(draws, (draw) => {
        const value = LIST.sample(draw);
        expect(decode(LIST, encode(LIST, value))).toEqual(value);
      }),
    );
  });
});

describe('structs', () => {
  // struct tcf_em_cmp: val, mask, off, align:4 flags:4, layer:4 opnd:4.
  const CMP = struct({
    val: u32,
    mask: u32,
    off: u16,
    a: bits(u8, { align: 4, flags: 4 }),
    b: bits(u8, { layer: 4, opnd: 4 }),
  });
  const value = { val: 10, mask: 255, off: 6, a: { align: 1, flags: 0 }, b: { layer: 1, opnd: 2 } };

  test('fields follow each other; bit-fields begin with the lowest bit', () => {
    expect(CMP.size).toBe(12);
    expect(hex(encode(CMP, value))).toBe('0a000000ff000000060001' + '21');
    expect(decode(CMP, encode(CMP, value))).toEqual(value);
    expect(CMP.show(value)).toEqual(value);
  });

  test('a larger size is padded, a shorter payload refused', () => {
    const padded = struct({ bytes: u64, packets: u32 }, 16);
    expect(hex(encode(padded, { bytes: 1n, packets: 2 }))).toBe('01000000000000000200000000000000');
    expect(() => decode(padded, new Uint8Array(15))).toThrow(KernelError);
  });

  test('drawn structs survive', () => {
    fc.assert(
      fc.property(draws, (draw) => {
        const drawn = CMP.sample(draw);
        expect(decode(CMP, encode(CMP, drawn))).toEqual(drawn);
      }),
    );
  });
});
