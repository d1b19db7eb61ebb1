import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { classidText } from '../u32.ts';
import {
  getClassid,
  getQdiscHandle,
  getRate,
  getRate64,
  getS32,
  getSize,
  getTime,
  getTime64,
  getU8,
  getU16,
  getU32,
  getU64,
  hexText,
  rateText,
  sizeText,
  time64Text,
  timeText,
} from './units.ts';

describe('getU32 is strtoul with base 0 over the whole text', () => {
  test.each([
    ['0', 0],
    ['4294967295', 0xffffffff],
    ['0x1F', 31],
    ['037', 31],
    ['+7', 7],
    [' \t7', 7],
    ['-18446744073709551615', 1],
    [`0x${'0'.repeat(40)}ff`, 255],
    ['-0', 0],
  ])('%j is %d', (text, value) => expect(getU32(text)).toBe(value));

  test.each([
    '',
    '-',
    '0x',
    '08',
    '1x',
    '7 ',
    '-1',
    '4294967296',
    '0xfffffffff',
    '1e3',
    '0b1',
    '99999999999999999999999',
  ])('%j is refused', (text) => expect(getU32(text)).toBeUndefined());

  test('every u32 is read back from each base', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (n) => {
        expect([`${n}`, `0x${n.toString(16)}`, `0${n.toString(8)}`].map((text) => getU32(text))).toEqual([n, n, n]);
      }),
    );
  });

  test('a very long number costs nothing', () => {
    expect(getU32('9'.repeat(1 << 20))).toBeUndefined();
  });
});

test('narrower numbers have narrower bounds', () => {
  expect([getU8('255'), getU8('256'), getU16('65535'), getU16('65536')]).toEqual([255, undefined, 65535, undefined]);
  expect([getU32('10', 10), getU32('0x10', 10), getU32('10', 16)]).toEqual([10, undefined, 16]);
  expect([getS32('-2147483648'), getS32('-2147483649'), getS32('2147483647'), getS32('2147483648')]).toEqual([
    -2147483648,
    undefined,
    2147483647,
    undefined,
  ]);
});

describe('getClassid is get_tc_classid', () => {
  test.each([
    ['root', 0xffffffff],
    ['none', 0],
    ['1:1', 0x00010001],
    ['1:', 0x00010000],
    [':5', 5],
    ['10001', 0x00010001],
    ['ffff:fff2', 0xfffffff2],
    ['0x1:0x2', 0x00010002],
    ['-1', 0xffffffff],
    ['1:100000001', 0x00010001],
  ])('%j is %d', (text, id) => expect(getClassid(text)).toBe(id));

  test.each(['', 'x', 'x:y', '10000:1', '1:10000', '-1:1', '1:1:1', '1:1 ', 'ROOT'])('%j is refused', (text) =>
    expect(getClassid(text)).toBeUndefined(),
  );

  test('what is printed is read back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (id) => {
        expect(getClassid(classidText(id))).toBe(id);
      }),
    );
  });
});

test('a class id that is too large a number is all ones only if nothing stands behind it', () => {
  const large = '18446744073709551616';
  expect([large, `${large}ps`, `${large}:1`].map(getClassid)).toEqual([0xffffffff, undefined, undefined]);
});

test('a qdisc handle is a major number, whatever follows the colon', () => {
  expect(['1:', 'ffff:', '1', '1:zz', 'none', 'x', '10000:'].map(getQdiscHandle)).toEqual([
    0x00010000,
    0xffff0000,
    0x00010000,
    0x00010000,
    0,
    undefined,
    undefined,
  ]);
});

// tc(8), PARAMETERS: RATES, TIMES, SIZES.
test('rates are bits unless they say bytes; SI prefixes are powers of 1000, IEC ones of 1024', () => {
  expect(['8', '1kbit', '1Kibit', '1mbit', '1gbit', '10bps', '1kbps', '1MiBps', '.5mbit', '1e6'].map(getRate)).toEqual([
    1, 125, 128, 125000, 125000000, 10, 1000, 1048576, 62500, 125000,
  ]);
  expect([getRate('34359738368'), getRate64('34359738368'), getRate('x'), getRate('1xbit'), getRate('-1')]).toEqual([
    undefined,
    4294967296n,
    undefined,
    undefined,
    undefined,
  ]);
});

test('quirk 75: a rate below 0 is a large one, and any other that does not fit is 0 or 2^63', () => {
  expect(['-5', '-9', '-8k', 'inf', '-inf', 'nan', '1e30', '-1e30', '18446744073709551615bps'].map(getRate64)).toEqual([
    0n,
    2n ** 64n - 1n,
    undefined,
    0n,
    2n ** 63n,
    2n ** 63n,
    0n,
    2n ** 63n,
    0n,
  ]);
  expect(['-5', 'inf', 'nan'].flatMap((text) => [getRate(text), getSize(text)])).toEqual(new Array(6).fill(undefined));
  expect(['inf', 'nan', '-1'].map(getTime)).toEqual([0, 0, 4294967295]);
});

test('sizes are bytes with prefixes of 1024; kbit and mbit are an eighth', () => {
  expect(['10', '10b', '1k', '1kb', '1mb', '1kbit', '0x10', '1z', ''].map(getSize)).toEqual([
    10,
    10,
    1024,
    1024,
    1048576,
    128,
    16,
    undefined,
    undefined,
  ]);
});

test('a size is what fits 32 bits: tc 6.1 refuses a negative or larger one', () => {
  expect(['-1', '-0.5', '4294967295.5', '4294967296', '4g'].map(getSize)).toEqual([
    undefined,
    undefined,
    4294967295,
    undefined,
    undefined,
  ]);
});

test('times are microseconds, or nanoseconds where tc counts those', () => {
  expect(['5', '5us', '5ms', '1.5s', '5ns', '1 s'].map(getTime)).toEqual([5, 5, 5000, 1500000, undefined, undefined]);
  expect(['5', '5ns', '5us', '1sec', '5x'].map(getTime64)).toEqual([5, 5, 5000, 1e9, undefined]);
});

test('rates are printed in the largest unit that divides them, or loses little', () => {
  expect([0, 125, 125000, 125125, 1250000000, 187500].map((rate) => rateText(rate))).toEqual([
    '0bit',
    '1Kbit',
    '1Mbit',
    '1001Kbit',
    '10Gbit',
    '1500Kbit',
  ]);
  expect(rateText(128, true)).toBe('1Kibit');
});

test('sizes, times and hexadecimal are printed as printf would', () => {
  expect([0, 1023, 1024, 10240, 1600, 1048576, 2047].map(sizeText)).toEqual([
    '0b',
    '1023b',
    '1Kb',
    '10Kb',
    '1600b',
    '1Mb',
    '2Kb',
  ]);
  // 1.125 and 1.375 are exact halves in binary: printf rounds them to the even digit.
  expect([999, 1000, 1125, 1375, 1115, 5e6, 4294967295].map(timeText)).toEqual([
    '999us',
    '1ms',
    '1.12ms',
    '1.38ms',
    '1.11ms',
    '5s',
    '4.29e+03s',
  ]);
  expect([5, 5000, 1.5e9].map(time64Text)).toEqual(['5ns', '5us', '1.5s']);
  expect([0, 255, 0xffffffff].map(hexText)).toEqual(['0', '0xff', '0xffffffff']);
});

/** iproute2 lib/utils_math.c: suffixes[] — the unit, and how many bits a second one of it is. */
test.each([
  ['bit', 1],
  ['Kibit', 1024],
  ['kbit', 1000],
  ['mibit', 1024 * 1024],
  ['mbit', 1e6],
  ['gibit', 1024 * 1024 * 1024],
  ['gbit', 1e9],
  ['tibit', 1024 * 1024 * 1024 * 1024],
  ['tbit', 1e12],
  ['Bps', 8],
  ['KiBps', 8 * 1024],
  ['KBps', 8000],
  ['MiBps', 8 * 1024 * 1024],
  ['MBps', 8e6],
  ['GiBps', 8 * 1024 * 1024 * 1024],
  ['GBps', 8e9],
  ['TiBps', 8 * 1024 * 1024 * 1024 * 1024],
  ['TBps', 8e12],
])('a rate in %s', (unit, bits) => {
  expect(getRate64(`24${unit}`)).toBe(BigInt((24 * bits) / 8));
  expect(getRate64(`24${unit.toUpperCase()}`)).toBe(BigInt((24 * bits) / 8));
});

test.each(['24ibit', '24ibps', '24kib', '24 kbit', '24bitt', '24xbps'])('%s is no rate', (text) => {
  expect(getRate64(text)).toBeUndefined();
});

/** iproute2 lib/utils_math.c: get_size() */
test.each([
  ['b', 1],
  ['k', 1024],
  ['kb', 1024],
  ['kbit', 128],
  ['m', 1048576],
  ['mb', 1048576],
  ['mbit', 131072],
  ['g', 1073741824],
  ['gb', 1073741824],
  ['gbit', 134217728],
])('a size in %s', (unit, bytes) => {
  expect(getSize(`3${unit}`)).toBe(3 * bytes);
  expect(getSize(`3${unit.toUpperCase()}`)).toBe(3 * bytes);
});

/** iproute2 lib/utils.c: get_time(), get_time64(): the unit in nanoseconds. */
test.each([
  ['s', 1e9],
  ['sec', 1e9],
  ['secs', 1e9],
  ['ms', 1e6],
  ['msec', 1e6],
  ['msecs', 1e6],
  ['us', 1e3],
  ['usec', 1e3],
  ['usecs', 1e3],
])('a time in %s', (unit, nanoseconds) => {
  expect(getTime(`3${unit}`)).toBe((3 * nanoseconds) / 1000);
  expect(getTime64(`3${unit.toUpperCase()}`)).toBe(3 * nanoseconds);
});

test.each(['ns', 'nsec', 'nsecs'])('a time in %s, where tc counts nanoseconds', (unit) => {
  expect(getTime64(`3${unit}`)).toBe(3);
  expect(getTime(`3${unit}`)).toBeUndefined();
});

/** C11, section 7.22.1.4: what stands before a number, and which base it has. */
describe('strtoul()', () => {
  test('all six blanks may stand before a number', () => {
    expect([' 7', '\t7', '\n7', '\v7', '\f7', '\r7', ' \t+7'].map((text) => getU32(text))).toEqual(
      new Array(7).fill(7),
    );
  });

  test('a zero in front means base 8 only where the base is open', () => {
    expect([getU32(' 010'), getU32(' 010', 10), getU32(' 019', 10), getU32(' 019', 16)]).toEqual([8, 10, 19, 25]);
    expect([getU32(' 0x10', 16), getU32(' 0x10', 10), getU32(' 019')]).toEqual([16, undefined, undefined]);
    expect(getClassid('1:0x2')).toBe(0x00010002);
  });

  test('2^64 - 1 is the largest number, in any base', () => {
    const largest = 2n ** 64n - 1n;
    expect(
      ['18446744073709551615', '0xffffffffffffffff', '01777777777777777777777', '-1'].map((text) => getU64(text)),
    ).toEqual([largest, largest, largest, largest]);
    const larger = ['18446744073709551616', '0x10000000000000000', '02000000000000000000000'];
    expect(larger.map((text) => getU64(text))).toEqual([undefined, undefined, undefined]);
    expect(['', 'x', '1x', '1 '].map((text) => getU64(text))).toEqual(new Array(4).fill(undefined));
  });

  test('too large a class id is all ones, as strtoul() gives ULONG_MAX', () => {
    expect(getClassid('fffffffffffffffff')).toBe(0xffffffff);
    expect(getClassid('fffffffffffffffff:1')).toBeUndefined();
  });

  test('each width has its largest number in each base', () => {
    expect([getU8('0xff'), getU8('0x100'), getU16('0xffff'), getU16('0x10000')]).toEqual([
      255,
      undefined,
      65535,
      undefined,
    ]);
    expect([getU32('0xffffffff'), getU32('0x100000000'), getU32(' 4294967295')]).toEqual([
      0xffffffff,
      undefined,
      0xffffffff,
    ]);
  });

  test('a signed number is a whole text, too', () => {
    expect([getS32('-5'), getS32(' -5'), getS32('+5'), getS32('0x7fffffff'), getS32('-0x80000000')]).toEqual([
      -5, -5, 5, 2147483647, -2147483648,
    ]);
    expect(['', '-', '5x', 'x', '5 ', '99999999999999999999'].map((text) => getS32(text))).toEqual(
      new Array(6).fill(undefined),
    );
  });
});
